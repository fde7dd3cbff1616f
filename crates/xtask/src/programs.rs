//! The programs. A new one adds its line here, and its dependency to this crate's manifest.

use std::path::{Path, PathBuf};

use clap::Command;
use oneshot::manual::Manual;

/// A program of the suite.
#[derive(Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub command: Command,
    /// What its page says beyond them.
    pub manual: Manual,
}

/// All of them, by name.
#[must_use]
pub fn all() -> Vec<Program> {
    vec![
        of::<apply_and_verify::Arguments>(apply_and_verify::MANUAL),
        of::<check_activation::Arguments>(check_activation::MANUAL),
        of::<check_unit_provenance::Arguments>(check_unit_provenance::MANUAL),
        of::<check_user_session::Arguments>(check_user_session::MANUAL),
        of::<fix_current_system::Arguments>(fix_current_system::MANUAL),
        of::<fix_launch_daemons::Arguments>(fix_launch_daemons::MANUAL),
        of::<fix_linger::Arguments>(fix_linger::MANUAL),
        of::<fix_runtime_dir::Arguments>(fix_runtime_dir::MANUAL),
        of::<fix_unit_provenance::Arguments>(fix_unit_provenance::MANUAL),
        of::<recover_activation::Arguments>(recover_activation::MANUAL),
        of::<restart_and_verify::Arguments>(restart_and_verify::MANUAL),
        of::<update_and_verify::Arguments>(update_and_verify::MANUAL),
        of::<wait_for_path::Arguments>(wait_for_path::MANUAL),
    ]
}

fn of<A: oneshot::Arguments>(manual: Manual) -> Program {
    Program { name: A::NAME, command: A::command(), manual }
}

/// The names.
#[must_use]
pub fn names() -> Vec<&'static str> {
    all().into_iter().map(|program| program.name).collect()
}

/// The source tree.
#[must_use]
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

/// The folder of each program's sources.
#[must_use]
pub fn sources(name: &str) -> PathBuf {
    workspace().join("crates/tools").join(name)
}
