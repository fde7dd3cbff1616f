//! Facts about what Nix has put on a host: store paths, the NixOS system that runs, the current generation of Home
//! Manager by each of its pointers, and the unit files that either ships.
//!
//! Everything here reads files, below any [`oneshot::Root`], with every link followed inside of it.

pub mod home;
pub mod manifest;
pub mod store;
pub mod system;

pub use manifest::Manifest;
