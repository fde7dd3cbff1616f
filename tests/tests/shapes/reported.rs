//! RF14 and RF17 to RF21: recognised, explained, and not touched.

use anyhow::{Result, ensure};
use lab::report::names_shape;
use lab::session::{SOON, plain, wsl};
use lab::{Release, Session, wait_until};

/// The unit that keeps a boot waiting before WSL 2.7.0.
const WAIT_ONLINE: &str = "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo Timeout occurred while waiting for \
                           network connectivity.; exit 1'\n\n[Install]\nWantedBy=multi-user.target\n";

pub(crate) fn slow_boot(release: Release) -> Result<()> {
    let machine = wsl(release, true)
        .env("container_host_version_id", "2.6.3.0")
        .file("/etc/systemd/system/systemd-networkd-wait-online.service", WAIT_ONLINE, 0o644)
        .link(
            "/etc/systemd/system/multi-user.target.wants/systemd-networkd-wait-online.service",
            "../systemd-networkd-wait-online.service",
        )
        .boot()?;
    let session = Session::of_tim(machine);
    session.machine.wait_for("systemd-networkd-wait-online.service", "failed", SOON)?;
    // WSL's login ends, and logind takes everything away.
    session.machine.login("tim")?.logout()?;
    wait_until(SOON, || Ok(session.stat()?.is_empty()))?;
    session.has_no_bus()?;
    session.journal_says(&["Removed session", "Timeout occurred while waiting for network connectivity."])?;
    let before = session.snapshot()?;
    let check = session.check()?.exits(1)?;
    ensure!(names_shape(&check.stdout, "RF14"), "RF14 is not named: {check}");
    for text in ["linger", "2.7.0", "hint:"] {
        ensure!(check.stdout.contains(text), "RF14 is not explained with {text:?}: {check}");
    }
    session.unchanged(&before)
}

pub(crate) fn symlink(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh("mkdir -m 700 /decoy; echo text > /decoy/file; chown -R 1000:0 /decoy; chmod 755 /decoy; \
                ln -s /decoy /run/user/1000")?;
    session.start_fails()?;
    session.looks("symbolic link 777 0 0")?;
    refuses(&session)
}

pub(crate) fn foreign(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    // A file system that is nobody's runtime directory.
    session.sh("mkdir /run/user/1000; mount -t ramfs -o mode=755 ramfs /run/user/1000; echo text > /run/user/1000/file")?;
    session.keep()?;
    session.start_fails()?;
    session.looks("directory 755 0 0")?;
    refuses(&session)
}

fn refuses(session: &Session) -> Result<()> {
    for arguments in [["1000"].as_slice(), &["--start-manager", "1000"], &["--take-over", "1000"]] {
        session.fix_untouched(arguments)?.exits(1)?.hints("RF17")?;
    }
    let text = session.machine.root(&["fix-runtime-dir", "1000"]).run()?.exits(1)?;
    ensure!(text.stderr.contains("hint:") && text.stdout.is_empty(), "no hint for people: {text}");
    let check = session.check()?.exits(1)?;
    ensure!(names_shape(&check.stdout, "RF17"), "RF17 is not named: {check}");
    Ok(())
}

pub(crate) fn nologin(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    // As if systemd-user-sessions had never finished: its start hangs, and its stop writes /run/nologin.
    session.sh("systemctl stop systemd-user-sessions; test -e /run/nologin
         mkdir -p /run/systemd/system/systemd-user-sessions.service.d
         printf '[Service]\\nExecStart=\\nExecStart=/bin/sleep 1000\\nTimeoutStartSec=infinity\\n' \
             > /run/systemd/system/systemd-user-sessions.service.d/hangs.conf
         systemctl daemon-reload
         systemctl start --no-block systemd-user-sessions
         systemctl start --no-block user@1000")?;
    wait_until(SOON, || {
        Ok(session.machine.property("user-runtime-dir@1000.service", "ActiveState")? == "active")
    })?;
    session.is_good()?;
    session.has_no_bus()?;
    let jobs = session.sh("systemctl list-jobs --no-legend")?;
    ensure!(
        jobs.stdout.lines().any(|line| line.contains("user@1000.service") && line.contains("waiting")),
        "{jobs}"
    );
    session.fix_untouched(&["1000"])?.hints("RF18")?.explains("RF18", &["/run/nologin"])?;
    // The start that is asked for is the one that waits already.
    let before = session.snapshot()?;
    let report = session.fix(&["--start-manager", "--timeout", "2", "1000"])?.hints("RF18")?;
    ensure!([4, 75].contains(&report.exit), "the manager waits: {report:#?}");
    session.unchanged(&before)?;
    let check = session.check()?.exits(1)?;
    ensure!(names_shape(&check.stdout, "RF18"), "RF18 is not named: {check}");
    Ok(())
}

/// Nothing is wrong, and nothing is said to be: or the names of shapes would mean nothing.
pub(crate) fn healthy(release: Release) -> Result<()> {
    let machine = wsl(release, true).env("container_host_version_id", "2.9.5.0").boot()?;
    let session = Session::of_tim(machine).start()?;
    session.fix_untouched(&["1000"])?.exits(0)?;
    session.is_mended()?;
    let check = session.check()?.exits(0)?;
    for line in check.stdout.lines().filter(|line| line.starts_with("fail") || line.starts_with("warn")) {
        ensure!(!line.contains("[RF"), "a healthy session has a fault: {line:?} in {check}");
    }
    ensure!(!check.stdout.contains("\nfail"), "a healthy session fails: {check}");
    // As the user, too.
    let own = session.machine.user("tim", &["check-user-session"]).ok()?;
    ensure!(!own.stdout.contains("\nfail") && own.stdout.contains("\nok    env-runtime-dir"), "{own}");
    Ok(())
}

/// In a PID namespace of its own, so that PID 1 is not systemd, and `/proc/1/ns/mnt` is the caller's.
fn as_pid_1(session: &Session, script: &str) -> Result<lab::Output> {
    session
        .machine
        .root(&["unshare", "--fork", "--pid", "--mount", "--mount-proc", "sh", "-euc", script])
        .run()
}

pub(crate) fn without_systemd(release: Release) -> Result<()> {
    let session = Session::without_wslg(plain(release, false).boot()?);
    session.sh("mkdir -p /run/user/1000")?;
    let before = session.snapshot()?;
    let run = as_pid_1(&session, "mount -t tmpfs tmpfs /run/systemd; fix-runtime-dir 1000")?.exits(0)?;
    let said = format!("{}{}", run.stdout, run.stderr);
    ensure!(said.contains("skip") && said.contains("systemd"), "it does not say why it does nothing: {run}");
    ensure!(said.lines().count() == 1, "more than a line: {run}");
    session.unchanged(&before)?;
    let check = as_pid_1(&session, "mount -t tmpfs tmpfs /run/systemd; check-user-session tim")?.exits(0)?;
    ensure!(check.stdout.contains("skip") && !check.stdout.contains("fail"), "{check}");
    ensure!(names_shape(&check.stdout, "RF19"), "RF19 is not named: {check}");
    Ok(())
}

pub(crate) fn namespace(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh("chmod 755 /run/user/1000")?;
    let before = session.snapshot()?;
    let elsewhere = |command: &[&str]| {
        session.machine.root(&[&["unshare", "--mount", "--propagation", "unchanged"], command].concat()).run()
    };
    let report = lab::Report::of(elsewhere(&["fix-runtime-dir", "--json", "1000"])?)?;
    report.exits(78)?.without_steps()?.hints("RF20")?;
    session.unchanged(&before)?;
    let check = elsewhere(&["check-user-session", "tim"])?;
    ensure!(names_shape(&check.stdout, "RF20"), "RF20 is not named: {check}");
    session.unchanged(&before)?;
    // In the right one the same run mends.
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn false_alarm(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, true).boot()?).start()?;
    session.sh(
        "echo \"wsl: Failed to start the systemd user session for 'tim'. See journalctl for more details.\" \
                | systemd-cat --identifier=unknown --priority=err; journalctl --sync",
    )?;
    session.journal_says(&["wsl: Failed to start the systemd user session for 'tim'."])?;
    session.fix_untouched(&["1000"])?.exits(0)?;
    let before = session.snapshot()?;
    let check = session.check()?.exits(0)?;
    ensure!(names_shape(&check.stdout, "RF21"), "RF21 is not named: {check}");
    ensure!(!check.stdout.lines().any(|line| line.starts_with("fail")), "a false alarm fails: {check}");
    session.unchanged(&before)
}
