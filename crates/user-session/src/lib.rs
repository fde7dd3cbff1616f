//! Facts about a user's session: the account, `/run/user/UID`, the mount table, what lives there, linger, WSL.
//!
//! Nothing here writes, logs or exits. Every path is joined on a [`oneshot::Root`].

pub mod account;
pub mod bus;
pub mod capability;
pub mod causes;
pub mod cgroup;
pub mod directory;
pub mod fstab;
pub mod limits;
pub mod linger;
pub mod mounts;
pub mod namespace;
pub mod policy;
pub mod sole_mount;
pub mod wsl;
pub mod wslg;

mod fields;
mod octal;

pub use account::{Account, Target};
pub use mounts::{Mount, MountTable};
