//! Watching containers, of whatever kind, until each is settled: one `podman inspect` a look for all of them.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use oneshot::{Deadline, Root};
use podman::container;
use podman::program::PATIENCE;
use podman::{Container, Inspection, Podman};

use crate::judge::{Clock, Past, Rule, State, Wait, judge};
use crate::probe::Probes;
use crate::process;
use crate::sight::Sight;
use crate::wake::Wake;

/// A pause between two looks where something is on its way and nothing says when it will be there. What usually ends a
/// wait ends the pause early.
pub(crate) const PAUSE: Duration = Duration::from_millis(1000);

/// The longest pause. Where everything that is waited for will be heard of, each pause is twice as long as the one before.
const LONGEST: Duration = Duration::from_secs(4);

/// Where only time has to pass, as for the stability window.
const SHORT: Duration = Duration::from_millis(100);

/// So many looks in a row may fail (AF10) before that is the end.
const ERRORS: u32 = 2;

/// A container as it was just seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What podman told.
    pub container: Container,
    /// What was judged.
    pub sight: Sight,
    /// What it means.
    pub state: State,
}

/// One look.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// Those that are there.
    pub seen: Vec<Seen>,
    /// Those that are not, or no more.
    pub missing: Vec<String>,
}

/// Remembers what it saw of each container.
#[derive(Debug)]
pub struct Watch<'a> {
    podman: &'a Podman,
    root: Root,
    began: Instant,
    pasts: BTreeMap<String, Past>,
    wake: Wake,
    probes: Probes,
    errors: u32,
    /// The last pause in which something was to be heard of.
    paused: Duration,
}

impl<'a> Watch<'a> {
    /// A watch that has seen nothing yet.
    #[must_use]
    pub fn new(root: &Root, podman: &'a Podman) -> Self {
        Self {
            podman,
            root: root.clone(),
            began: Instant::now(),
            pasts: BTreeMap::new(),
            wake: Wake::new(),
            probes: Probes::default(),
            errors: 0,
            paused: Duration::ZERO,
        }
    }

    /// Says that this container did not exist before the work began, so that every restart counts.
    pub fn is_new(&mut self, id: &str) {
        self.pasts.entry(id.to_owned()).or_insert_with(Past::of_new);
    }

    /// Looks at these containers and judges each by its rule. One look may fail; two in a row are an error.
    pub fn look(
        &mut self,
        ids: &[String],
        rule: &dyn Fn(&Container) -> Rule,
        deadline: &Deadline,
    ) -> Result<Option<Look>> {
        let patience = Deadline::after(deadline.remaining().clamp(Duration::from_secs(2), PATIENCE));
        let inspection = match container::inspect(self.podman, ids, patience) {
            Ok(inspection) => inspection,
            Err(error) => {
                self.errors += 1;
                if self.errors < ERRORS {
                    return Ok(None);
                }
                return Err(error).context("looking at the containers");
            }
        };
        self.errors = 0;
        Ok(Some(self.judge(inspection, rule)))
    }

    fn judge(&mut self, inspection: Inspection, rule: &dyn Fn(&Container) -> Rule) -> Look {
        let clock = Clock { wall: now(), steady: self.began.elapsed() };
        let mut look = Look { seen: Vec::new(), missing: inspection.missing };
        for container in inspection.containers {
            let sight = sight(&self.root, &container);
            let past = self.pasts.get(&container.id).copied().unwrap_or_default();
            let (state, past) = judge(past, &sight, rule(&container), clock);
            self.pasts.insert(container.id.clone(), past);
            look.seen.push(Seen { container, sight, state });
        }
        self.pasts.retain(|id, _| look.seen.iter().any(|seen| seen.container.id == *id));
        let waits = |seen: &&Seen| matches!(seen.state, State::Waiting(_));
        self.wake.follow(look.seen.iter().map(|seen| {
            // A health that is settled already says nothing new with each check.
            let word = if waits(&seen) && seen.sight.healthcheck.is_some() {
                if seen.sight.health_word().is_empty() { "starting" } else { seen.sight.health_word() }
            } else {
                ""
            };
            (&seen.container, word)
        }));
        self.wake.forget_ended();
        look
    }

    /// Runs the health checks that are due and that nobody else runs.
    pub fn probe(&mut self, look: &Look) -> Result<()> {
        self.probes.run(self.podman, &look.seen, now())
    }

    /// Pauses until the next look is worth its price.
    pub fn pause(&mut self, look: &Look, deadline: &Deadline) {
        let only_time =
            |seen: &Seen| matches!(seen.state, State::Waiting(Wait::Stable | Wait::Proof | Wait::Passage(_)));
        let span = if look.seen.iter().any(only_time) || !look.missing.is_empty() {
            SHORT
        } else if look.seen.iter().all(|seen| self.hears(seen)) {
            self.longer()
        } else {
            PAUSE
        };
        self.wake.pause(span.min(deadline.remaining()), None);
    }

    /// Whether what this container is waited for will be heard of.
    fn hears(&self, seen: &Seen) -> bool {
        match &seen.state {
            State::Waiting(Wait::Health(_)) => {
                // A check without a timer is run after a look.
                let has_timer = seen.sight.healthcheck.as_ref().is_some_and(|check| check.interval > 0);
                has_timer && self.wake.hears(&seen.container, true)
            }
            State::Waiting(Wait::End) => self.wake.hears(&seen.container, false),
            State::Waiting(_) => false,
            State::Good | State::Failed(_) => true,
        }
    }

    /// The next pause where nothing has to be looked for.
    pub(crate) fn longer(&mut self) -> Duration {
        self.paused = (self.paused * 2).clamp(PAUSE, LONGEST);
        self.paused
    }

    /// Begins with short pauses again.
    pub(crate) fn sooner(&mut self) {
        self.paused = Duration::ZERO;
    }

    /// What has ended is listened to no more.
    pub(crate) fn forget_ended(&mut self) {
        self.wake.forget_ended();
    }

    /// Pauses for `span`; true when something happened that is worth a look.
    pub(crate) fn is_woken_within(&mut self, span: Duration, also: Option<BorrowedFd<'_>>) -> bool {
        self.wake.pause(span, also)
    }
}

/// Watches these containers until none is on its way any more, or the deadline passes. The answer is the last look;
/// `each` is told of every look.
pub fn until_settled(
    watch: &mut Watch<'_>,
    ids: &[String],
    rule: &dyn Fn(&Container) -> Rule,
    deadline: &Deadline,
    each: &mut dyn FnMut(&Look),
) -> Result<Look> {
    let mut last = Look::default();
    loop {
        if let Some(look) = watch.look(ids, rule, deadline)? {
            each(&look);
            watch.probe(&look)?;
            let is_settled = !look.seen.iter().any(|seen| matches!(seen.state, State::Waiting(_)));
            last = look;
            if is_settled {
                return Ok(last);
            }
        }
        if deadline.is_over() || crate::asked_to_end().is_some() {
            return Ok(last);
        }
        watch.pause(&last, deadline);
    }
}

/// A container with what is known of its processes.
#[must_use]
pub fn sight(root: &Root, container: &Container) -> Sight {
    let (mut is_alive, mut is_watched) = (None, None);
    if root.is_real() {
        is_alive = container.pid.map(process::is_alive);
        is_watched = container.conmon.map(process::is_alive);
    }
    let mut sight = Sight::new(container, is_alive, is_watched);
    sight.watcher_group = container.conmon.and_then(|pid| process::control_group(root, &pid.to_string()));
    sight
}

/// µs since 1970.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
