//! sysctl(3): `kern.boottime`, and `kern.bootsessionuuid` (xnu `bsd/kern/kern_sysctl.c`), which does not move with the clock.

use anyhow::{Context as _, Result};
use oneshot::Root;

use super::Boot;

mod sys;

pub(super) fn read(_: &Root) -> Result<Boot> {
    let id = sys::text(c"kern.bootsessionuuid").ok().filter(|id| !id.is_empty());
    Ok(Boot { id, started: sys::time(c"kern.boottime").context("reading kern.boottime")? })
}
