//! Only Linux boots a machine.

use anyhow::{Result, bail};
use lab::Machine;

/// How a traced program ended.
#[expect(dead_code, reason = "nothing is traced here")]
pub(crate) enum End {
    Killed(String),
    Exited(i32),
}

pub(crate) fn run_until(_: &Machine, _: &[&str], _: usize) -> Result<End> {
    bail!("tracing a program: only on Linux")
}
