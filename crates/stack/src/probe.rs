//! Health checks that no timer runs (AF4): with an interval of 0, without a manager to make a timer, or with a timer that
//! was lost, a container stays `starting` for ever. podman is then asked to run the check.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};
use podman::{Podman, Status};

use crate::judge::{SLACK, State};
use crate::watch::Seen;

/// µs between two checks of a container that names no interval.
const INTERVAL: i64 = 2_000_000;

/// So many at the same time.
const MOST: usize = 4;

/// The checks that run, by container.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    running: BTreeMap<String, Child>,
    /// When the last one of each was started.
    last: BTreeMap<String, i64>,
}

impl Probes {
    /// Starts what is due and reaps what has ended; waits for nothing.
    pub(crate) fn run(&mut self, podman: &Podman, seen: &[Seen], now: i64) -> Result<()> {
        self.running.retain(|_, child| matches!(child.try_wait(), Ok(None)));
        for one in seen {
            if self.running.len() >= MOST {
                break;
            }
            let last = self.last.get(&one.sight.id).copied();
            if self.running.contains_key(&one.sight.id) || !is_due(one, last, now) {
                continue;
            }
            let child = std::process::Command::new(podman.program())
                .env("PATH", podman.path())
                .args(["healthcheck", "run", "--", &one.sight.id])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("starting podman healthcheck run")?;
            self.running.insert(one.sight.id.clone(), child);
            self.last.insert(one.sight.id.clone(), now);
        }
        Ok(())
    }
}

impl Drop for Probes {
    /// A check that still runs is podman's; ended half-way it would leave its process in the container.
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.try_wait();
        }
    }
}

/// Whether a check should have run by now. `last`: when this process ran one.
fn is_due(one: &Seen, last: Option<i64>, now: i64) -> bool {
    let Some(check) = &one.sight.healthcheck else { return false };
    if one.sight.status != Status::Running || !matches!(one.state, State::Waiting(_)) {
        return false;
    }
    let interval = if check.interval > 0 { check.interval } else { INTERVAL };
    if last.is_some_and(|last| now - last < interval) {
        return false;
    }
    if check.interval == 0 {
        return true;
    }
    let heard = one.sight.health.as_ref().and_then(|health| health.last_end);
    let since = now - heard.or(one.sight.started).unwrap_or(now);
    // After one check the next comes an interval later and may take its time; the first comes at once.
    let allowed = if heard.is_some() { interval + check.timeout } else { 0 };
    since > allowed + SLACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Wait;
    use crate::sight::Sight;
    use podman::container::Healthcheck;

    const SECOND: i64 = 1_000_000;

    fn seen(interval: i64, heard: Option<i64>) -> anyhow::Result<Seen> {
        let text = br#"[{"Id":"x","State":{"Status":"running","StartedAt":"2026-11-20T00:00:00Z","Health":{"Status":"starting"}}}]"#;
        let mut container = podman::container::parse(text)?.pop().context("none")?;
        container.healthcheck = Some(Healthcheck { interval, timeout: SECOND, start_period: 0 });
        container.started = Some(0);
        if let Some(health) = &mut container.health {
            health.last_end = heard;
        }
        let sight = Sight::new(&container, None, None);
        Ok(Seen { container, sight, state: State::Waiting(Wait::Health(0)) })
    }

    #[test]
    fn a_check_is_due_where_none_came_when_one_had_to() -> anyhow::Result<()> {
        assert!(is_due(&seen(0, None)?, None, SECOND), "nobody makes a timer");
        assert!(!is_due(&seen(0, None)?, Some(SECOND), 2 * SECOND));
        assert!(is_due(&seen(0, None)?, Some(SECOND), 4 * SECOND));
        assert!(!is_due(&seen(30 * SECOND, None)?, None, 4 * SECOND));
        assert!(is_due(&seen(30 * SECOND, None)?, None, 6 * SECOND));
        assert!(!is_due(&seen(30 * SECOND, Some(0))?, None, 30 * SECOND));
        assert!(is_due(&seen(30 * SECOND, Some(0))?, None, 37 * SECOND));
        let good = Seen { state: State::Good, ..seen(0, None)? };
        assert!(!is_due(&good, None, 100 * SECOND));
        Ok(())
    }
}
