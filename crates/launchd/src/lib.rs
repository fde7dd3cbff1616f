//! Facts about launchd: its domains, the jobs in them, what definitions of jobs say, and what each exit code of launchctl
//! means.
//!
//! launchd is asked through launchctl ([`ask`]), whose output "is not API in any sense at all" (launchctl(1), "print"): an
//! answer that cannot be read is an error here and never a good answer. What is to be changed is only put into words
//! ([`change`]); a program runs it.

pub mod ask;
pub mod background;
pub mod change;
pub mod code;
pub mod console;
pub mod definition;
pub mod disabled;
pub mod domain;
pub mod folder;
pub mod listing;
pub mod outcome;
pub mod service;
pub mod session;
pub mod tool;

mod block;

pub use ask::Launchctl;
pub use change::Change;
pub use code::{Class, Reply};
pub use definition::Definition;
pub use domain::Domain;
pub use listing::Listing;
pub use service::Service;
pub use tool::{Tool, Tools};
