//! Logins through the shipped drop-in, one after another and by different users.

use anyhow::{Context as _, Result, ensure};
use lab::session::{SOON, STRAY, wsl};
use lab::{ANN, ODD, Release, Session, TIM, User, wait_until};

pub(crate) fn premounts(release: Release) -> Result<()> {
    let options = [
        "mode=1777",
        "mode=755,uid=1000,gid=100,nosuid,nodev,noexec",
        "mode=700,uid=1000,gid=0",
        "mode=1777,uid=1000,gid=100",
        "mode=700,uid=0,gid=0,size=1m",
    ];
    for option in options {
        let machine = wsl(release, true).boot()?;
        let session = Session::of_tim(machine);
        session.sh(&format!("mkdir /run/user/1000; mount -t tmpfs -o {option} tmpfs /run/user/1000"))?;
        let _login = session.machine.login("tim")?;
        session.is_mended().with_context(|| format!("mounted with {option}"))?;
    }
    Ok(())
}

/// Logs in, looks, logs out and waits until logind has taken the directory away.
fn round(session: &Session, gone: &str) -> Result<()> {
    let login = session.machine.login(session.user.name)?;
    session.is_mended()?;
    login.logout()?;
    wait_until(SOON, || {
        Ok(session.machine.property(&session.unit(), "ActiveState")? == "inactive" && session.stat()? == gone)
    })
    .with_context(|| format!("the directory is not taken away: {:?}", session.stat()))
}

pub(crate) fn again(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?);
    for _ in 0..3 {
        round(&session, "")?;
    }
    Ok(())
}

pub(crate) fn again_over_a_stray(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).file("/etc/fstab", STRAY, 0o644).boot()?);
    session.looks("directory 1777 0 0")?;
    round(&session, "")?;
    // A switch or a daemon-reload brings the stray mount back between two logins.
    session.sh("systemctl restart mnt-wslg-run-user-1000.mount")?;
    session.looks("directory 1777 0 0")?;
    round(&session, "")?;
    round(&session, "")
}

pub(crate) fn two_users(release: Release) -> Result<()> {
    let fstab = format!("{STRAY}tmpfs /mnt/wslg/run/user/1001 tmpfs defaults 0 0\n");
    let machine = wsl(release, true).linger("tim").linger("ann").file("/etc/fstab", fstab, 0o644).boot()?;
    let tims = Session::of_tim(machine);
    tims.is_mended()?;
    let anns = Session { user: ANN, ..tims };
    anns.works()?;
    anns.is_good()?;
    // Both at once, by hand.
    anns.sh("chmod 755 /run/user/1000 /run/user/1001; chgrp 0 /run/user/1001")?;
    anns.fix(&["tim", "1001"])?.exits(0)?.with_steps()?;
    anns.is_good()?;
    Session { user: TIM, ..anns }.is_mended()
}

fn lingers_over_a_stray(release: Release, user: User) -> Result<()> {
    let line = format!("tmpfs /mnt/wslg/run/user/{} tmpfs defaults 0 0\n", user.uid);
    let machine = wsl(release, true).file("/etc/fstab", line, 0o644).boot()?;
    let session = Session { user, ..Session::of_tim(machine) };
    session.looks("directory 1777 0 0")?;
    let _login = session.machine.login(user.name)?;
    session.is_mended()?;
    // By name, too.
    session.sh(&format!("chmod 755 /run/user/{}", user.uid))?;
    session.fix(&[user.name])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn primary_group(release: Release) -> Result<()> {
    ensure!(TIM.gid != TIM.uid);
    lingers_over_a_stray(release, TIM)
}

pub(crate) fn odd_name(release: Release) -> Result<()> {
    lingers_over_a_stray(release, ODD)
}

pub(crate) fn nameless(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?);
    session.sh("mkdir /run/user/4242; mount -t tmpfs tmpfs /run/user/4242")?;
    let before = session.snapshot()?;
    let run = session.machine.root(&["fix-runtime-dir", "4242"]).ok()?;
    ensure!(run.stderr.contains("4242") && run.stderr.lines().count() == 1, "no line, or many: {run}");
    session.unchanged(&before)?;
    // It does not keep the others from being mended.
    session.sh("mkdir /run/user/1000; mount -t tmpfs tmpfs /run/user/1000")?;
    session.fix(&["4242", "1000"])?.exits(0)?.with_steps()?;
    session.is_good()
}
