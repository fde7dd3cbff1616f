//! RF16: WSLg's links.

use anyhow::{Result, ensure};
use lab::report::names_shape;
use lab::session::wsl;
use lab::{Release, Session};

/// Of the targets: nothing may change there.
const TARGETS: &str =
    "find /mnt/wslg/runtime-dir /mnt/wslg/.X11-unix -printf '%p %i %y %m %U:%G %s %l %T@ %C@\n' | sort";

pub(crate) fn links(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.has_wslg_links()?;
    let targets = session.sh(TARGETS)?.stdout;
    let manager = session.manager()?;
    let breaks = [
        "rm wayland-0 pulse/native",
        "rm -r pulse",
        "ln -sfn /nowhere wayland-0; ln -sfn /mnt/wslg/runtime-dir/gone pulse/pid",
        "rm -r pulse wayland-0 wayland-0.lock",
    ];
    for script in breaks {
        session.sh(&format!("cd /run/user/1000; {script}"))?;
        ensure!(session.has_wslg_links().is_err(), "{script} has broken nothing");
        // Not a failure of the session itself.
        let check = session.check()?;
        let line = check.stdout.lines().find(|line| line.contains("wslg-links"));
        ensure!(line.is_some_and(|line| names_shape(line, "RF16")), "RF16 is not named: {check}");
        session.fix(&["1000"])?.exits(0)?.with_steps()?;
        session.is_mended()?;
        ensure!(session.sh(TARGETS)?.stdout == targets, "the targets have changed");
    }
    // What a user puts in the place of a link is not ours to remove.
    session.sh("cd /run/user/1000; rm wayland-0; echo mine > wayland-0; chown 1000:100 wayland-0")?;
    session.fix(&["1000"])?;
    session.sh("test \"$(cat /run/user/1000/wayland-0)\" = mine")?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    ensure!(session.sh(TARGETS)?.stdout == targets, "the targets have changed");
    Ok(())
}

pub(crate) fn off(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh("rm -r /mnt/wslg/runtime-dir /mnt/wslg/.X11-unix")?;
    session.fix_untouched(&["1000"])?.exits(0)?;
    session.sh("rm -r /run/user/1000/pulse /run/user/1000/wayland-0*")?;
    session.fix_untouched(&["1000"])?.exits(0).map(drop)
}
