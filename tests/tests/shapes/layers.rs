//! RF3: one mount over another.

use anyhow::{Result, ensure};
use lab::session::wsl;
use lab::{Release, Session};

/// What WSL up to 2.5.9 puts over the directory of a lingering user.
const OVER: &str = "mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs /run/user/1000";

fn covered(release: Release) -> Result<(Session, String)> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    let bus = session.sh("stat -c '%d %i' /run/user/1000/bus")?.stdout;
    session.sh(OVER)?;
    session.looks("directory 755 0 0")?;
    for path in ["/run/user/1000", "/mnt/wslg/run/user/1000"] {
        let rows = session.machine.mounts_at(path)?;
        let [lower, upper] = rows.as_slice() else { anyhow::bail!("not two mounts: {rows:#?}") };
        ensure!(upper.parent == lower.id || lower.parent == upper.id, "not one over the other: {rows:#?}");
    }
    // The manager lives, and nobody reaches its bus.
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "active");
    session.has_no_bus()?;
    session.sh("test ! -e /run/user/1000/bus")?;
    Ok((session, bus))
}

pub(crate) fn over_a_live_bus(release: Release) -> Result<()> {
    let (session, bus) = covered(release)?;
    let manager = session.manager()?;
    session.is_recognised("RF3")?;
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    ensure!(session.sh("stat -c '%d %i' /run/user/1000/bus")?.stdout == bus, "not the bus that was there");
    session.is_mended()?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    Ok(())
}

pub(crate) fn busy(release: Release) -> Result<()> {
    let (session, _) = covered(release)?;
    let mut holder = session.machine.root(&["sleep", "1007"]).directory("/run/user/1000").spawn()?;
    lab::wait_until(lab::session::SOON, || {
        Ok(session.machine.root(&["pgrep", "-f", "^sleep 1007"]).run()?.code == 0)
    })?;
    let pid = session.sh("pgrep -f '^sleep 1007'")?;
    let report = session.fix_untouched(&["1000"])?.exits(75)?;
    let said = report.output.map(|output| output.stdout).unwrap_or_default();
    ensure!(said.contains(pid.text()), "the holder {} is not named: {said}", pid.text());
    session.sh(&format!("kill {}", pid.text()))?;
    holder.wait()?;
    // Nobody holds it any more.
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn without_a_session(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh(
        "mkdir -p /run/user/1000; mount -t tmpfs tmpfs /run/user/1000; mount -t tmpfs tmpfs /run/user/1000",
    )?;
    session.keep()?;
    session.start_fails()?;
    session.is_recognised("RF3")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}
