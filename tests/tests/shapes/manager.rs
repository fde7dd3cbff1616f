//! RF10, RF11, RF13 and RF15: the directory is right and the manager, its bus or linger is not.

use std::os::unix::fs::chown;
use std::os::unix::net::UnixListener;

use anyhow::{Result, ensure};
use lab::report::names_shape;
use lab::session::{SOON, wsl};
use lab::{Release, Session, TIM};

const FAILS: &str = "[Service]\nExecStart=\nExecStart=/bin/false\n";
const FAILS_AT: &str = "/etc/systemd/system/user@1000.service.d/fails.conf";

pub(crate) fn failed(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).linger("tim").file(FAILS_AT, FAILS, 0o644).boot()?);
    session.machine.wait_for("user@1000.service", "failed", SOON)?;
    session.sh(&format!("rm {FAILS_AT}; systemctl daemon-reload"))?;
    session.keep()?;
    session.is_good()?;
    session.has_no_bus()?;
    // Only when it is asked for; the login path must not start what it runs before.
    session.fix_untouched(&["1000"])?;
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "failed");
    session.is_recognised("RF10")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn inactive(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.keep()?;
    session.sh("touch /var/lib/systemd/linger/tim")?;
    session.is_good()?;
    session.fix_untouched(&["1000"])?;
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "inactive");
    session.is_recognised("RF11")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn bus_deleted(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh("rm /run/user/1000/bus")?;
    bus_lost(&session)
}

pub(crate) fn bus_stale(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh("rm /run/user/1000/bus")?;
    let bus = session.machine.path("/run/user/1000/bus");
    drop(UnixListener::bind(&bus)?);
    chown(&bus, Some(TIM.uid), Some(TIM.gid))?;
    bus_lost(&session)
}

/// The manager lives, its bus does not answer; the user's services must survive the repair.
fn bus_lost(session: &Session) -> Result<()> {
    session
        .machine
        .user("tim", &["systemd-run", "--user", "--quiet", "--unit=own", "sleep", "1000"])
        .run()
        .map(drop)?;
    session.has_no_bus()?;
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "active");
    // Not without being asked.
    session.fix_untouched(&["1000"])?;
    let manager = session.manager()?;
    session.is_recognised("RF13")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    session.is_mended()
}

/// The state that `fix-linger` promises.
fn lingers(session: &Session) -> Result<()> {
    let shown = session.machine.root(&[
        "loginctl",
        "show-user",
        "--property=Linger",
        "--property=State",
        session.user.name,
    ]);
    let shown = shown.ok()?;
    ensure!(shown.stdout.contains("Linger=yes\n"), "{shown}");
    ensure!(
        ["lingering", "active", "online"]
            .iter()
            .any(|state| shown.stdout.contains(&format!("State={state}\n"))),
        "{shown}"
    );
    session.works()?;
    let file =
        session.machine.root(&["find", "/var/lib/systemd/linger", "-printf", "%f %y %m %u %s\n"]).ok()?;
    ensure!(file.stdout.contains(&format!("{} f 644 root 0\n", session.user.name)), "{file}");
    let again = session.machine.root(&["fix-linger", session.user.name]).ok()?;
    ensure!(again.stdout.is_empty() && again.stderr.is_empty(), "a second run is not silent: {again}");
    Ok(())
}

pub(crate) fn linger_unserved(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?);
    // By hand, while logind runs: it does not look.
    session.sh("mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/tim; sleep 1")?;
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "inactive");
    session.is_recognised("RF15")?;
    session.sh("fix-linger tim")?;
    lingers(&session)?;
    session.is_mended()
}

pub(crate) fn linger_absent(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?);
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "inactive");
    let said = session.check()?;
    ensure!(names_shape(&said.stdout, "RF15"), "RF15 is not named: {said}");
    ensure!(
        said.stdout.contains("fix-linger") || said.stdout.contains("enable-linger"),
        "no cure is named: {said}"
    );
    session.sh("fix-linger tim")?;
    lingers(&session)
}

pub(crate) fn linger_unknown(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?);
    session.machine.root(&["fix-linger", "nobody-here"]).run()?.exits(78)?;
    session.sh("test ! -e /var/lib/systemd/linger/nobody-here")?;
    Ok(())
}

/// What NixOS generates when nobody is to linger: up to 25.05, and from 25.11.
const POLICIES: [&str; 2] = [
    "#!/bin/sh\nset -e\nmkdir -p /var/lib/systemd/linger\ncd /var/lib/systemd/linger\n\
     ls | sort | comm -3 -1 /nix/store/0-lingering-users - | xargs -r loginctl disable-linger\n\
     ls | sort | comm -3 -2 /nix/store/0-lingering-users - | xargs -r loginctl enable-linger\n",
    "#!/bin/bash\nset -e\ndeclare -a lingeringUserNames=()\ndeclare -a nonLingeringUserNames=(tim)\n\
     if (( ${#nonLingeringUserNames[*]} > 0 )); then\n    \
         /usr/bin/loginctl disable-linger \"${nonLingeringUserNames[@]}\"\nfi\n\
     if (( ${#lingeringUserNames[*]} > 0 )); then\n    \
         /usr/bin/loginctl enable-linger \"${lingeringUserNames[@]}\"\nfi\n",
];

pub(crate) fn linger_policy(release: Release) -> Result<()> {
    let script = "/nix/store/0-unit-script-linger-users-start/bin/linger-users-start";
    let unit = format!("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={script}\n");
    for policy in POLICIES {
        let machine = wsl(release, true)
            .file("/nix/store/0-lingering-users", "", 0o444)
            .file(script, policy, 0o555)
            .file("/etc/systemd/system/linger-users.service", unit.clone(), 0o644)
            .link(
                "/etc/systemd/system/multi-user.target.wants/linger-users.service",
                "../linger-users.service",
            )
            .boot()?;
        let session = Session::of_tim(machine);
        let fix = session.machine.root(&["fix-linger", "tim"]).run()?.exits(78)?;
        ensure!(fix.stderr.contains("users.users.tim.linger = true"), "the option is not named: {fix}");
        session.sh("test ! -e /var/lib/systemd/linger/tim")?;
        session.is_recognised("RF15")?;
        // For this boot, when it is asked for: it works, and it is said that it will not last.
        let fix = session.machine.root(&["fix-linger", "--until-next-switch", "tim"]).run()?;
        ensure!([0, 3].contains(&fix.code), "{fix}");
        ensure!(fix.stderr.contains("users.users.tim.linger = true"), "the option is not named: {fix}");
        session.works()?;
        // Nothing was done to the unit that does it.
        ensure!(session.machine.property("linger-users.service", "ActiveState")? == "active");
    }
    Ok(())
}
