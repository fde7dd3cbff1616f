//! Facts about podman: which program and which compose provider, containers as `podman ps` and `podman inspect` tell of
//! them, what an automatic update did, and what a compose configuration asks for.
//!
//! Everything here reads. podman is asked in as few calls as possible: one `inspect` for any number of containers. What a
//! later release adds is passed over, and a state that is not known here is kept as a word, never taken for a good one.

pub mod auto_update;
pub mod compose;
pub mod container;
pub mod image;
pub mod list;
pub mod program;
pub mod provider;
pub mod time;

mod json;

pub use container::{Container, Health, Inspection, Status};
pub use list::Listed;
pub use program::Podman;
pub use provider::Provider;
