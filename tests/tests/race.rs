//! A boot where the stray mount of fstab races with `user-runtime-dir@`, for a user who lingers. Whoever wins, the
//! session works.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use lab::session::{STRAY, wsl};
use lab::{Release, Session};

/// How many boots; `cargo lab soak` makes it more.
const SOAK: &str = "MENDUTILS_SOAK";
const BOOTS: u32 = 3;

fn main() -> ExitCode {
    lab::trials().with_programs().on_each("every_boot_with_a_stray_mount_has_a_session", every_boot).run()
}

fn boots() -> Result<u32> {
    match std::env::var(SOAK) {
        Ok(number) => number.parse().with_context(|| format!("reading {SOAK}={number}")),
        Err(_) => Ok(BOOTS),
    }
}

fn every_boot(release: Release) -> Result<()> {
    let boots = boots()?;
    for boot in 1..=boots {
        let machine = wsl(release, true).linger("tim").file("/etc/fstab", STRAY, 0o644).boot()?;
        let session = Session::of_tim(machine);
        works(&session)
            .with_context(|| session.machine.journal().unwrap_or_default())
            .with_context(|| format!("boot {boot} of {boots}"))?;
    }
    Ok(())
}

fn works(session: &Session) -> Result<()> {
    session.works()?;
    session.is_good()?;
    session.has_wslg_links()?;
    session.second_run_changes_nothing()
}
