//! RF1 and RF2: a tmpfs that stands there before systemd's own.

use anyhow::{Result, ensure};
use lab::session::{SOON, STRAY, plain, wsl};
use lab::{Release, Report, Session, TIM};

const REFUSED: [&str; 3] = [
    "Runtime directory '/run/user/1000' is not owned by UID 1000, as it should.",
    "Not setting $XDG_RUNTIME_DIR, as the directory is not in order.",
    "Trying to run as user instance, but $XDG_RUNTIME_DIR is not set.",
];

/// What everybody on WSL must be told of a stray entry.
fn names_the_cause(report: Report, entry: &str) -> Result<Report> {
    report.explains("RF1", &["/etc/fstab", entry, "wsl --shutdown"])
}

/// The fault, shown as in the field: the mount unit, the manager's failure and PAM's words.
fn broken(release: Release) -> Result<Session> {
    let machine = wsl(release, false).file("/etc/fstab", STRAY, 0o644).boot()?;
    let session = Session::of_tim(machine);
    // The mount of fstab is there before anybody logs in.
    session.looks("directory 1777 0 0")?;
    let row = session.only_mount("/run/user/1000")?;
    let twin = session.only_mount("/mnt/wslg/run/user/1000")?;
    ensure!(row.options == "rw,relatime" && row.superblock == "rw", "{row:?}");
    ensure!(row.shared.is_some() && row.shared == twin.shared, "{row:?}\n{twin:?}");
    session.keep()?;
    session.start_fails()?;
    ensure!(session.machine.property("user@1000.service", "ActiveState")? == "failed");
    ensure!(session.machine.property("user@1000.service", "ExecMainStatus")? == "1");
    session.is_recognised("RF1")?;
    // Systemd's own program says success and has changed nothing.
    ensure!(session.machine.property("user-runtime-dir@1000.service", "Result")? == "success");
    session.looks("directory 1777 0 0")?;
    session.journal_says(&REFUSED)?;
    session.journal_says(&["Mounted mnt-wslg-run-user-1000.mount"])?;
    Ok(session)
}

pub(crate) fn by_hand(release: Release) -> Result<()> {
    let session = broken(release)?;
    // A repair in place keeps what is there.
    session.sh("echo kept > /run/user/1000/kept")?;
    let inode = session.sh("stat -c '%d %i' /run/user/1000 /run/user/1000/kept")?;
    let report = session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    names_the_cause(report, "/mnt/wslg/run/user/1000")?;
    session.is_mended()?;
    ensure!(session.sh("stat -c '%d %i' /run/user/1000 /run/user/1000/kept")?.stdout == inode.stdout);
    Ok(())
}

pub(crate) fn at_the_login(release: Release) -> Result<()> {
    let machine = wsl(release, true).file("/etc/fstab", STRAY, 0o644).boot()?;
    let session = Session::of_tim(machine);
    session.looks("directory 1777 0 0")?;
    let _login = session.machine.login(TIM.name)?;
    session.is_mended()?;
    // The journal of the unit tells why, and how to be rid of it.
    let told = session.sh("journalctl --unit=user-runtime-dir@1000 --output=cat")?;
    for text in ["chown", "/etc/fstab", "/mnt/wslg/run/user/1000", "wsl --shutdown"] {
        ensure!(told.stdout.contains(text), "the journal of the unit lacks {text:?}: {told}");
    }
    Ok(())
}

pub(crate) fn without_wsl(release: Release) -> Result<()> {
    let line = "tmpfs /run/user/1000 tmpfs defaults 0 0\n";
    let machine = plain(release, false).file("/etc/fstab", line, 0o644).boot()?;
    let session = Session::without_wslg(machine);
    session.looks("directory 1777 0 0")?;
    session.keep()?;
    session.start_fails()?;
    session.journal_says(&REFUSED)?;
    session.is_recognised("RF1")?;
    session
        .fix(&["--start-manager", "tim"])?
        .exits(0)?
        .with_steps()?
        .explains("RF1", &["/etc/fstab", "/run/user/1000"])?;
    session.is_mended()
}

pub(crate) fn moved(release: Release) -> Result<()> {
    let line = "tmpfs /win/wslg/run/user/1000 tmpfs defaults 0 0\n";
    let machine = wsl(release, false).automount_root("/win/").file("/etc/fstab", line, 0o644).boot()?;
    let session = Session { wslg: Some("/win/wslg".to_owned()), ..Session::of_tim(machine) };
    session.looks("directory 1777 0 0")?;
    session.keep()?;
    session.start_fails()?;
    let report = session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    names_the_cause(report, "/win/wslg/run/user/1000")?;
    session.is_mended()
}

/// There, the line is generated, and a switch that drops it unmounts the live directory.
pub(crate) fn on_nixos(release: Release) -> Result<()> {
    let session = broken(release)?;
    session.sh("touch /etc/NIXOS")?;
    let report = session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    let stanza = "fileSystems.\"/mnt/wslg/run/user/1000\"";
    names_the_cause(report, stanza)?.explains("RF1", &["boot", "switch"])?;
    session.is_mended()
}

pub(crate) fn by_the_unit(release: Release) -> Result<()> {
    let session = broken(release)?;
    session.sh("systemctl start fix-runtime-dir@1000")?;
    session.is_mended()?;
    // Again, like at the next boot: a oneshot that has nothing to do.
    let manager = session.manager()?;
    session.sh("systemctl restart fix-runtime-dir@1000")?;
    ensure!(session.manager()? == manager, "the manager was restarted");
    ensure!(session.machine.property("fix-runtime-dir@1000.service", "Result")? == "success");
    Ok(())
}

pub(crate) fn dry_run(release: Release) -> Result<()> {
    let session = broken(release)?;
    let before = session.snapshot()?;
    let report = session.fix(&["--dry-run", "--start-manager", "1000"])?.exits(0)?;
    ensure!(!report.steps.is_empty(), "a dry run tells no step: {report:#?}");
    ensure!(report.steps.iter().all(|step| step.state == "would"), "{report:#?}");
    session.unchanged(&before)
}

/// WSL up to 2.5.9 mounts this at the first login and gives it to the user (`CreateLoginSession`).
const OLD_WSL: &str = r#"
mkdir -p /run/user/1000
mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs /run/user/1000
cd /run/user/1000
mkdir -p dbus-1/service pulse
for name in wayland-0 wayland-0.lock pulse/native pulse/pid; do ln -s /mnt/wslg/runtime-dir/$name $name; done
chown -h 1000:100 . dbus-1 dbus-1/service pulse wayland-0 wayland-0.lock pulse/native pulse/pid
"#;

fn old_wsl_machine(release: Release) -> Result<Session> {
    let machine = wsl(release, false).env("container_host_version_id", "2.5.9.0").boot()?;
    let session = Session::of_tim(machine);
    session.sh(OLD_WSL)?;
    session.keep()?;
    // Systemd's own program takes it for its own mount.
    session.looks("directory 755 1000 100")?;
    let row = session.only_mount("/run/user/1000")?;
    ensure!(row.options.contains("noexec") && !row.superblock.contains("size="), "{row:?}");
    Ok(session)
}

pub(crate) fn old_wsl(release: Release) -> Result<()> {
    let session = old_wsl_machine(release)?;
    session.is_recognised("RF2")?;
    // Which WSL does so is said with the repair.
    session.fix(&["1000"])?.exits(0)?.with_steps()?.explains("RF2", &["2.5"])?;
    session.is_good()?;
    session.has_wslg_links()?;
    session.sh("systemctl start user@1000")?;
    session.is_mended()
}

pub(crate) fn old_wsl_live(release: Release) -> Result<()> {
    let session = old_wsl_machine(release)?;
    session.sh("systemctl start user@1000")?;
    session.machine.wait_for("user@1000.service", "active", SOON)?;
    session.works()?;
    let manager = session.manager()?;
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    session.looks("directory 700 1000 100")?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    session.works()?;
    session.has_wslg_links()?;
    session.second_run_changes_nothing()
}
