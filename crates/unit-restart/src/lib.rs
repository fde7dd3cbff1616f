//! One transaction on units, and a verdict on each that rests on no single signal.
//!
//! `systemctl restart` exits 0 for many a unit that failed or never ran. [`run`] takes what the manager says before and
//! after, the end of every command, a while of watching, the journal of the run and the evidence that a program left;
//! [`judge`](judge::judge) makes a verdict of it and reads nothing. [`lint`] finds the settings that make an exit code
//! untrustworthy.
//!
//! Unlike a facts crate this one acts: it asks the manager for the job. It logs nothing and never runs `reset-failed`.

pub mod judge;
pub mod lint;
pub mod reason;
pub mod said;
pub mod words;

mod gather;
mod transaction;

pub use gather::reachable;
pub use judge::{Judgement, Verdict};
pub use lint::Flaw;
pub use reason::Reason;
pub use said::Said;
pub use transaction::{Request, Transaction, loaded, run, unfit};

/// What the manager is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Stop and start; what is not up is started. A new run is expected.
    Restart,
    /// Start what is not up. What is up is left alone, and its last run is judged.
    Start,
    /// Run `ExecReload=`. The run stays the same.
    Reload,
}

impl Verb {
    /// As systemctl takes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Start => "start",
            Self::Reload => "reload",
        }
    }
}
