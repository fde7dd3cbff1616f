//! RF4 and RF5: no mount, or no directory.

use anyhow::{Result, ensure};
use lab::session::wsl;
use lab::{Release, Session};

const OVERRIDE: &str = "/etc/systemd/system/user-runtime-dir@.service.d/zz-old.conf";

/// What systemd up to 255.3 does when anything is there already: nothing, with success.
const SKIPS: &str = "[Service]\nExecStart=\nExecStart=/bin/true\n";

pub(crate) fn plain(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).file(OVERRIDE, SKIPS, 0o644).boot()?);
    session.sh("mkdir -m 700 /run/user/1000")?;
    session.keep()?;
    session.start_fails()?;
    session.looks("directory 700 0 0")?;
    ensure!(session.machine.mounts_at("/run/user/1000")?.is_empty());
    session.journal_says(&["Runtime directory '/run/user/1000' is not owned by UID 1000, as it should."])?;
    session.is_recognised("RF4")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn plain_on_disk(release: Release) -> Result<()> {
    let machine = wsl(release, false).gui(false).file(OVERRIDE, SKIPS, 0o644).boot()?;
    let session = Session::without_wslg(machine);
    session.sh(
        "mkdir -p /run/user/1000/systemd /run/user/1000/gnupg; chmod 700 /run/user/1000; echo > /run/user/1000/kept",
    )?;
    let stale = ["bus", "systemd/private", "gnupg/S.gpg-agent"];
    for name in stale {
        // Bound, and nobody listens any more: what a boot leaves on a disk.
        std::os::unix::net::UnixListener::bind(session.machine.path(session.path(name)))?;
    }
    session.keep()?;
    session.start_fails()?;
    session.looks("directory 700 0 0")?;
    session.is_recognised("RF4")?;
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    session.looks("directory 700 1000 100")?;
    for name in stale {
        session.sh(&format!("test ! -e /run/user/1000/{name}"))?;
    }
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.works()?;
    session.looks("directory 700 1000 100")?;
    session.second_run_changes_nothing()?;
    // It is not ours to remove, covered or not.
    session.sh("test -e /mnt/wslg/run/user/1000/kept || test -e /run/user/1000/kept || \
                { systemctl stop user@1000; umount /run/user/1000; test -e /run/user/1000/kept; }")?;
    Ok(())
}

pub(crate) fn stubbed(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).file(OVERRIDE, SKIPS, 0o644).boot()?);
    session.start_fails()?;
    session.journal_says(&["Failed to stat() runtime directory '/run/user/1000'"])?;
    session.looks("")?;
    let check = session.is_recognised("RF5")?;
    ensure!(check.stdout.contains(OVERRIDE), "the override is not named: {check}");
    let before = session.snapshot()?;
    let report = session.fix(&["1000"])?.hints("RF5")?.explains("RF5", &[OVERRIDE, "ExecStart"])?;
    // From systemd 256 on the stub counts as active, and the directory can be made in its stead.
    if session.machine.property("user-runtime-dir@1000.service", "ActiveState")? == "active" {
        report.exits(0)?.with_steps()?;
        session.is_good()?;
    } else {
        report.exits(1)?.without_steps()?;
        session.unchanged(&before)?;
    }
    without_the_override(&session)
}

pub(crate) fn conditioned(release: Release) -> Result<()> {
    let condition = "[Unit]\nConditionPathIsMountPoint=!/run/user\n";
    let session = Session::of_tim(wsl(release, false).file(OVERRIDE, condition, 0o644).boot()?);
    session.start_is_without_effect()?;
    session.looks("")?;
    let check = session.is_recognised("RF5")?;
    ensure!(check.stdout.contains(OVERRIDE), "the override is not named: {check}");
    session
        .fix_untouched(&["1000"])?
        .exits(1)?
        .hints("RF5")?
        .explains("RF5", &[OVERRIDE, "ConditionPathIsMountPoint"])?;
    without_the_override(&session)
}

/// It was at fault: when it is gone, everything can be mended.
fn without_the_override(session: &Session) -> Result<()> {
    session.sh(&format!("rm {OVERRIDE}; systemctl daemon-reload"))?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn lost(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.keep()?;
    session.sh("systemctl stop user@1000; systemctl start user-runtime-dir@1000; umount /run/user/1000; rmdir /run/user/1000")?;
    // The unit still says that all is well.
    ensure!(session.machine.property("user-runtime-dir@1000.service", "SubState")? == "exited");
    session.start_fails()?;
    session.journal_says(&["Failed to stat() runtime directory '/run/user/1000'"])?;
    session.is_recognised("RF5")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}
