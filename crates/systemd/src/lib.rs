//! Facts about systemd: units and their last run, unit files with file and line of each setting, journal lines of
//! this boot, the manager itself and what logind says of a user.
//!
//! Everything here reads. What a running manager says comes through `systemctl`, `loginctl` and `journalctl`, in as
//! few calls as possible; [`files`] starts no process at all and works below any [`oneshot::Root`].

pub mod command_line;
pub mod files;
pub mod journal;
pub mod loading;
pub mod login;
pub mod manager;
pub mod scope;
pub mod tree;
pub mod unit;
pub mod unit_path;

mod show;
mod timestamp;
mod words;

pub use scope::Scope;
pub use tree::Tree;
