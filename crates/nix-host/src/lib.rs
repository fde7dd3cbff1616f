//! Facts about what Nix has put on a host: the store and its volume, the system profile and the link to the system that
//! runs, its root for the garbage collector, its files in `/etc`, what stands in `/run`'s place, the current generation of
//! Home Manager by each of its pointers, and the unit files that a generation ships. And which boot this is.
//!
//! Everything here reads, below any [`oneshot::Root`], with every link followed inside of it. Each module gives values
//! and, beside them, a pure judgement of them; all judgements compile on every platform.

pub mod boot;
pub mod etc;
pub mod gc_root;
pub mod home;
pub mod jobs;
pub mod link;
pub mod manifest;
pub mod platform;
pub mod profile;
pub mod run_folder;
pub mod shell;
pub mod store;
pub mod synthetic;
pub mod system;
pub mod volume;

mod content;

pub use link::Link;
pub use manifest::Manifest;
pub use platform::Platform;
