//! What the decision is made from: plain values.

use std::path::PathBuf;

use nix_host::profile::Profile;
use nix_host::synthetic::Manifest;
use nix_host::{Link, Platform};

/// All that the decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who makes `/run`.
    pub platform: Platform,
    /// `/run`.
    pub run: Link,
    /// What macOS is told to make at `/`; empty elsewhere.
    pub manifests: Vec<Manifest>,
    /// The profile of the system.
    pub profile: Profile,
    /// `/run/current-system`.
    pub current: Link,
    /// Where the root of the garbage collector is.
    pub gc_root_at: PathBuf,
    /// What stands there.
    pub gc_root: Link,
    /// Whether the link was made before this boot.
    pub is_of_former_boot: bool,
    /// Definitions of jobs that only the system has to which the link leads now.
    pub orphans: Vec<PathBuf>,
}
