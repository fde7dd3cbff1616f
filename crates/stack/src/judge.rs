//! What a container's state means. Pure: what was seen, what was seen before, and the time come as values.

mod project;
mod words;

use std::time::Duration;

use podman::Status;
use podman::container::Healthcheck;

use crate::sight::Sight;

pub use project::{Expected, Judged, Provider, Service, Verdict, exit, services};

/// A process that podman believes alive and that is not must be seen dead for this long: podman learns of an end through
/// conmon, a moment after it.
pub const GHOST: Duration = Duration::from_millis(500);

/// The same while its conmon lives: that one is still to tell podman of the end, and on a busy host it takes its time.
const LATE: Duration = Duration::from_secs(10);

/// How late a check may be, in µs: podman starts the first one at once, and on a loaded host each takes a while.
pub(crate) const SLACK: i64 = 5_000_000;

/// What is asked of one container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// It does its work and ends with 0, as an init container does.
    pub ends: bool,
    /// Somebody is at work on it: a new start is no restart loop.
    pub is_in_work: bool,
    /// For how long it must have been up.
    pub stable: Duration,
}

/// The time of a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// µs since 1970, as podman's own timestamps are.
    pub wall: i64,
    /// Since the watch began; never jumps.
    pub steady: Duration,
}

/// What earlier looks at a container told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Restarts and start, as they were when it was first seen or last started by whoever is at work on it.
    base: Option<(i64, Option<i64>)>,
    good_since: Option<Duration>,
    ghost_since: Option<Duration>,
}

impl Past {
    /// Of a container that did not exist before the work began: any restart counts.
    #[must_use]
    pub fn of_new() -> Self {
        Self { base: Some((0, None)), ..Self::default() }
    }
}

/// Where a container stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// As it is to be.
    Good,
    /// On its way.
    Waiting(Wait),
    /// It will not become good by itself.
    Failed(Failure),
}

/// What a container is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// To be started.
    Start,
    /// To become healthy; with the number of failed checks in a row.
    Health(i64),
    /// To have been up for long enough.
    Stable,
    /// To end, because it is one that ends.
    End,
    /// To be proven dead: podman calls it running and a process of it is gone.
    Proof,
    /// To leave a state that is neither up nor down.
    Passage(String),
}

/// What went wrong with a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It ended with another code than 0.
    Exited {
        /// The code; 128 and more are signals.
        code: i64,
    },
    /// It ended with 0 and was not to end.
    Ended,
    /// The kernel killed it for its memory.
    OomKilled,
    /// Its checks fail.
    Unhealthy {
        /// How many in a row.
        streak: i64,
    },
    /// It is started again and again.
    Restarting {
        /// How often since the watch began.
        count: i64,
    },
    /// podman calls it running, and a process of it is gone.
    Ghost {
        /// Whether it is the watching process alone that is gone.
        runs: bool,
    },
    /// Somebody froze it.
    Paused,
    /// It was made and not started.
    NeverStarted,
    /// There are fewer containers than there are to be.
    Missing {
        /// How many there are.
        have: usize,
        /// How many there are to be.
        want: usize,
    },
}

impl Failure {
    /// Name of the shape.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::NeverStarted => "AF1",
            Self::Exited { .. } | Self::Ended | Self::OomKilled | Self::Paused => "AF2",
            Self::Unhealthy { .. } => "AF3",
            Self::Restarting { .. } => "AF5",
            Self::Ghost { .. } => "AF8",
        }
    }

    /// Whether the container never came to run, so that whoever reported success has to answer for it.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::NeverStarted)
    }
}

/// Judges a container by this look and the earlier ones; the second value is for the next look.
#[must_use]
pub fn judge(past: Past, sight: &Sight, rule: Rule, clock: Clock) -> (State, Past) {
    let base = base(past, sight, rule);
    let past = Past { base: Some(base), ..past };
    let count = sight.restarts - base.0;
    let is_moved = base.1 != sight.started && base.1.is_some() && sight.started.is_some();
    if sight.is_oom_killed && sight.status == Status::Exited {
        return (State::Failed(Failure::OomKilled), past);
    }
    if count > 0 || is_moved {
        return (State::Failed(Failure::Restarting { count: count.max(1) }), past);
    }
    match &sight.status {
        Status::Running => running(past, sight, rule, clock),
        Status::Exited => (ended(sight, rule), past),
        Status::Paused => (State::Failed(Failure::Paused), past),
        Status::Created | Status::Initialized => (State::Waiting(Wait::Start), past),
        Status::Stopping | Status::Removing | Status::Other(_) => {
            (State::Waiting(Wait::Passage(sight.status.to_string())), past)
        }
    }
}

/// What restarts are counted from.
fn base(past: Past, sight: &Sight, rule: Rule) -> (i64, Option<i64>) {
    match past.base {
        None => (sight.restarts, sight.started),
        Some((restarts, None)) => (restarts, sight.started),
        // Whoever is at work on it started it: from then on it counts anew.
        Some((restarts, started)) if rule.is_in_work && started != sight.started => {
            (restarts.min(sight.restarts), sight.started)
        }
        Some(base) => base,
    }
}

fn ended(sight: &Sight, rule: Rule) -> State {
    match (sight.exit_code, rule.ends) {
        (0, true) => State::Good,
        (0, false) => State::Failed(Failure::Ended),
        (code, _) => State::Failed(Failure::Exited { code }),
    }
}

fn running(past: Past, sight: &Sight, rule: Rule, clock: Clock) -> (State, Past) {
    if sight.is_alive == Some(false) || sight.is_watched == Some(false) {
        let since = past.ghost_since.unwrap_or(clock.steady);
        let past = Past { ghost_since: Some(since), good_since: None, ..past };
        let allowed = if sight.is_watched == Some(true) { LATE } else { GHOST };
        if clock.steady.saturating_sub(since) < allowed {
            return (State::Waiting(Wait::Proof), past);
        }
        return (State::Failed(Failure::Ghost { runs: sight.is_alive != Some(false) }), past);
    }
    let past = Past { ghost_since: None, ..past };
    if rule.ends {
        return (State::Waiting(Wait::End), past);
    }
    if let Some(check) = &sight.healthcheck {
        let streak = sight.health.as_ref().map_or(0, |health| health.streak);
        match sight.health_word() {
            "healthy" | "unhealthy" if is_stale(check, sight, clock) => {
                return (State::Waiting(Wait::Health(streak)), Past { good_since: None, ..past });
            }
            "healthy" => {}
            "unhealthy" => return (State::Failed(Failure::Unhealthy { streak }), past),
            // No word yet is no health either: the check is there, so it has to speak.
            "" | "starting" => {
                return (State::Waiting(Wait::Health(streak)), Past { good_since: None, ..past });
            }
            other => {
                return (State::Waiting(Wait::Passage(other.to_owned())), Past { good_since: None, ..past });
            }
        }
    }
    let since = past.good_since.unwrap_or(clock.steady);
    let past = Past { good_since: Some(since), ..past };
    let state = if is_stable(sight, rule, clock, since) { State::Good } else { State::Waiting(Wait::Stable) };
    (state, past)
}

/// Whether nobody has renewed the health's word when it was due: without a timer since the watch began, else for longer
/// than a check and the pause before it take.
fn is_stale(check: &Healthcheck, sight: &Sight, clock: Clock) -> bool {
    let Some(heard) = sight.health.as_ref().and_then(|health| health.last_end) else { return false };
    let steady = i64::try_from(clock.steady.as_micros()).unwrap_or(i64::MAX);
    if check.interval == 0 {
        return heard < clock.wall.saturating_sub(steady);
    }
    clock.wall.saturating_sub(heard) > check.interval + check.timeout + SLACK
}

/// The window counts from the container's own start, so that one that took long to become healthy has it behind it. Where
/// the wall clock jumped it counts from the first good look.
fn is_stable(sight: &Sight, rule: Rule, clock: Clock, since: Duration) -> bool {
    let micros = sight.started.and_then(|started| u64::try_from(clock.wall.checked_sub(started)?).ok());
    let up = micros.map_or(Duration::ZERO, Duration::from_micros);
    up >= rule.stable || clock.steady.saturating_sub(since) >= rule.stable
}

#[cfg(test)]
mod tests;
