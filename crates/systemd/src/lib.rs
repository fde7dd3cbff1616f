//! Facts about systemd: units and their last run, unit files with file and line of each setting, journal lines of
//! this boot, the manager itself and what logind says of a user.
//!
//! Everything here reads. What a running manager says comes through `systemctl`, `loginctl` and `journalctl`, in as
//! few calls as possible; [`files`] starts no process at all and works below any [`oneshot::Root`].

pub mod files;
pub mod journal;
pub mod login;
pub mod manager;
pub mod scope;
pub mod unit;

mod show;

pub use scope::Scope;
