//! Bounded waiting.

use std::time::{Duration, Instant};

/// A moment on the monotonic clock after which nobody waits any more.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The moment `span` from now.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        let now = Instant::now();
        // A span beyond the clock's range means "practically never": a century is as good.
        Self(now.checked_add(span).unwrap_or_else(|| now + Duration::from_secs(3_155_760_000)))
    }

    /// What is left, zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }
}

/// µs on CLOCK_MONOTONIC: the clock of systemd's monotonic timestamps and of the journal's.
pub fn monotonic() -> anyhow::Result<u64> {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)?;
    let (seconds, rest) = (u64::try_from(now.tv_sec())?, u64::try_from(now.tv_nsec())?);
    Ok(seconds * 1_000_000 + rest / 1000)
}

/// Pauses that grow: a state that comes soon is seen soon, one that takes long costs few looks.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    next: Duration,
    most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: Duration::from_millis(5), most: Duration::from_millis(500) }
    }
}

impl Backoff {
    /// Sleeps once, never beyond `deadline`; false when the deadline had passed already.
    pub fn pause(&mut self, deadline: &Deadline) -> bool {
        let remaining = deadline.remaining();
        if remaining.is_zero() {
            return false;
        }
        std::thread::sleep(self.next.min(remaining));
        self.next = self.next.saturating_mul(2).min(self.most);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_deadline_allows_no_pause() {
        assert!(!Backoff::default().pause(&Deadline::after(Duration::ZERO)));
    }

    #[test]
    fn an_endless_span_does_not_overflow() {
        assert!(!Deadline::after(Duration::MAX).is_over());
    }
}
