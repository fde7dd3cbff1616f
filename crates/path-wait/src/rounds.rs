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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Why;
    use std::cell::{Cell, RefCell};
    use std::path::PathBuf;

    /// A world in which time passes only in pauses, and where the path comes at a moment.
    struct World {
        now: Cell<Duration>,
        comes: Duration,
        ends: Option<Duration>,
        pauses: RefCell<Vec<Duration>>,
        is_deaf: bool,
        is_told: bool,
    }

    struct Ear<'a>(&'a World, bool);

    impl Listen for Ear<'_> {
        fn arm(&mut self, _: &Sight) -> Result<bool> {
            Ok(!std::mem::replace(&mut self.1, true))
        }

        fn is_deaf(&self) -> bool {
            self.0.is_deaf
        }

        fn pause(&mut self, span: Duration) -> Result<()> {
            let world = self.0;
            world.pauses.borrow_mut().push(span);
            let end = world.now.get() + span;
            let is_woken = world.is_told && world.now.get() < world.comes && world.comes < end;
            world.now.set(if is_woken { world.comes } else { end });
            Ok(())
        }
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn world(comes: u64, ends: Option<u64>) -> World {
        World {
            now: Cell::default(),
            comes: seconds(comes),
            ends: ends.map(seconds),
            pauses: RefCell::default(),
            is_deaf: false,
            is_told: true,
        }
    }

    fn sight(is_there: bool) -> Sight {
        let missing = Missing { path: PathBuf::from("/x"), why: Why::From(PathBuf::from("/x")) };
        Sight { missing: if is_there { Vec::new() } else { vec![missing] }, ..Sight::default() }
    }

    fn run_in(world: &World) -> Result<(Outcome, usize)> {
        let (left, mut told) = (|| world.ends.map(|end| end.saturating_sub(world.now.get())), 0);
        let look = || Ok(sight(world.now.get() >= world.comes));
        let outcome = run(&mut Ear(world, false), &left, &look, &mut |_| told += 1)?;
        Ok((outcome, told))
    }

    #[test]
    fn what_comes_after_200_s_ends_a_wait_of_300_at_that_moment_on_a_clock_of_the_tests() -> Result<()> {
        let world = world(200, Some(300));
        assert_eq!(run_in(&world)?, (Outcome::There, 1));
        assert_eq!(world.now.get(), seconds(200));
        assert_eq!(world.pauses.borrow().len(), 7, "six looks without a cause, and the one that was told");
        Ok(())
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_not_at_the_next_look() -> Result<()> {
        let world = world(200, Some(100));
        assert!(matches!(run_in(&world)?.0, Outcome::Over(missing) if missing.len() == 1));
        assert_eq!(world.now.get(), seconds(100));
        assert_eq!(*world.pauses.borrow(), [30, 30, 30, 10].map(seconds));
        Ok(())
    }

    #[test]
    fn what_comes_at_the_deadline_has_come() -> Result<()> {
        let world = world(100, Some(100));
        assert_eq!(run_in(&world)?.0, Outcome::There);
        Ok(())
    }

    #[test]
    fn without_a_deadline_it_waits_for_days() -> Result<()> {
        let world = world(300_000, None);
        assert_eq!(run_in(&world)?, (Outcome::There, 1));
        Ok(())
    }

    #[test]
    fn what_nobody_tells_is_seen_by_the_net_and_sooner_where_deafness_is_known() -> Result<()> {
        let mut world = World { is_told: false, ..world(40, Some(300)) };
        run_in(&world)?;
        assert_eq!(world.now.get(), seconds(60));
        world = World { is_deaf: true, now: Cell::default(), pauses: RefCell::default(), ..world };
        run_in(&world)?;
        assert_eq!(world.now.get(), seconds(40));
        Ok(())
    }

    #[test]
    fn a_limit_of_no_time_looks_once_and_neither_listens_nor_tells() -> Result<()> {
        let world = world(1, Some(0));
        let (outcome, told) = run_in(&world)?;
        assert!(matches!(outcome, Outcome::Over(_)) && told == 0 && world.pauses.borrow().is_empty());
        Ok(())
    }

    /// The path comes after the look, and before there was anything to listen with.
    #[test]
    fn what_comes_between_the_look_and_the_listening_is_not_lost() -> Result<()> {
        struct Late<'a>(&'a Cell<bool>);
        impl Listen for Late<'_> {
            fn arm(&mut self, _: &Sight) -> Result<bool> {
                Ok(!self.0.replace(true))
            }
            fn is_deaf(&self) -> bool {
                false
            }
            fn pause(&mut self, _: Duration) -> Result<()> {
                anyhow::bail!("it slept, and nobody would have woken it")
            }
        }
        let is_there = Cell::new(false);
        let outcome = run(&mut Late(&is_there), &|| None, &|| Ok(sight(is_there.get())), &mut |_| ())?;
        assert_eq!(outcome, Outcome::There);
        Ok(())
    }
}
