//! Facts about where units come from: what the configuration says (the generation of Home Manager, the system of NixOS),
//! what lies on the unit path, and what the manager has loaded. The domain of this crate is the comparison of the three,
//! so that it stands on the crates that know them, [`systemd`] and [`nix_host`], and for whose units they are on
//! [`user_session`].
//!
//! Everything here reads. `check-unit-provenance` judges it, `fix-unit-provenance` works by it.

pub mod facts;
pub mod owner;
pub mod place;
pub mod standing;
pub mod survey;
pub mod whose;

mod compare;
mod disk;
mod memory;

pub use facts::UnitFacts;
pub use survey::{Request, Survey};
pub use whose::{Person, Whose};
