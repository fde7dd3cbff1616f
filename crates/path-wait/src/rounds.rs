//! The order of things: listen, look, and pause only when nothing can have come between the two.

use std::time::Duration;

use anyhow::Result;

use crate::look::Sight;
use crate::{Missing, Outcome};

/// A look without a cause, for what no event tells: an overlay whose lower layer is written to, a file system that is
/// shared with another kernel. Twice a minute costs nothing that could be measured.
const NET: Duration = Duration::from_secs(30);

/// The same where it is known that events are lacking: the limits of inotify(7) are reached, a folder may not be read, or
/// the next name is to appear on a file system that other hosts or the kernel itself write to.
const DEAF: Duration = Duration::from_secs(1);

/// What the kernel tells.
pub(crate) trait Listen {
    /// Listens to these folders and no others; true when it now listens to another folder than before the look, so that
    /// something may have come in between.
    fn arm(&mut self, sight: &Sight) -> Result<bool>;

    /// Whether it is known that it cannot hear everything.
    fn is_deaf(&self) -> bool;

    /// Pauses until something was told, and for `span` at most.
    fn pause(&mut self, span: Duration) -> Result<()>;
}

/// Waits. `left` is what is left of the time, `None` where there is no end.
pub(crate) fn run(
    listen: &mut impl Listen,
    left: &dyn Fn() -> Option<Duration>,
    look: &dyn Fn() -> Result<Sight>,
    tell: &mut dyn FnMut(&[Missing]),
) -> Result<Outcome> {
    let mut told = Vec::new();
    loop {
        // Asked before the look: what came until the deadline is seen.
        let left = left();
        let sight = look()?;
        if sight.missing.is_empty() {
            return Ok(Outcome::There);
        }
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Outcome::Over(sight.missing));
        }
        if listen.arm(&sight)? {
            continue;
        }
        if sight.missing != told {
            tell(&sight.missing);
            told = sight.missing;
        }
        let most = if listen.is_deaf() { DEAF } else { NET };
        listen.pause(left.map_or(most, |left| left.min(most)))?;
    }
}
