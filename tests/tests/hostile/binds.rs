//! Files, links and binds.

use anyhow::{Context as _, Result, ensure};
use lab::session::wsl;
use lab::{ANN, Release, Session};

/// Everything of a tree but access times, and the superblocks of what is mounted.
const OUTSIDE: &str = r#"
cut -d' ' -f3-6,8- /proc/1/mountinfo
stat -c '%n %F %a %u %g %i %Y %Z' / /run /etc /tmp /dev/shm /home /home/tim /run/user /run/user/1001
find /etc -xdev -printf '%p %y %i %m %U:%G %s %T@ %C@\n' | sort
"#;

/// Runs every form of the program against what `script` has made, and fails if any changes anything.
fn refused(session: &Session, script: &str) -> Result<()> {
    session.sh(script)?;
    let (outside, before) = (session.sh(OUTSIDE)?.stdout, session.snapshot()?);
    for arguments in
        [["1000"].as_slice(), &["--start-manager", "1000"], &["--take-over", "1000"], &["--prepare", "1000"]]
    {
        let report = session.fix(arguments)?.without_steps().with_context(|| script.to_owned())?;
        // `--prepare` is for the parent only, which is in order.
        let refused = report.exit == 1 && report.findings.iter().any(|finding| !finding.hint.is_empty());
        ensure!(
            refused || arguments.contains(&"--prepare"),
            "{script}: not refused with a hint: {report:#?}"
        );
        ensure!(
            session.sh(OUTSIDE)?.stdout == outside,
            "{script}: {arguments:?} has changed something outside"
        );
        session.unchanged(&before).with_context(|| script.to_owned())?;
    }
    Ok(())
}

fn machine(release: Release) -> Result<Session> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh(
        "mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/tim; loginctl enable-linger ann",
    )?;
    let anns = Session { user: ANN, wslg: None, machine: session.machine };
    anns.works()?;
    Ok(Session::of_tim(anns.machine))
}

pub(crate) fn file(release: Release) -> Result<()> {
    let session = machine(release)?;
    refused(&session, "echo text > /run/user/1000")
}

pub(crate) fn special(release: Release) -> Result<()> {
    let session = machine(release)?;
    refused(&session, "mkfifo /run/user/1000")?;
    session.sh("rm /run/user/1000")?;
    std::os::unix::net::UnixListener::bind(session.machine.path("/run/user/1000"))?;
    refused(&session, "test -S /run/user/1000")
}

pub(crate) fn symlink_to_ann(release: Release) -> Result<()> {
    let session = machine(release)?;
    refused(&session, "ln -s 1001 /run/user/1000")?;
    session.sh("rm /run/user/1000")?;
    refused(&session, "ln -s /nowhere /run/user/1000")?;
    session.sh("rm /run/user/1000")?;
    refused(&session, "ln -s 1000 /run/user/1000")
}

pub(crate) fn other_live_user(release: Release) -> Result<()> {
    let session = machine(release)?;
    refused(&session, "mkdir /run/user/1000; mount --bind /run/user/1001 /run/user/1000")?;
    session.machine.user("ann", &["busctl", "--user", "status"]).ok().map(drop)
}

/// Each bind by itself, taken away again.
fn each(session: &Session, binds: &[&str]) -> Result<()> {
    for source in binds {
        refused(session, &format!("mkdir -p /run/user/1000; mount --bind {source} /run/user/1000"))?;
        session.sh("umount /run/user/1000; rmdir /run/user/1000")?;
    }
    Ok(())
}

pub(crate) fn of_the_system(release: Release) -> Result<()> {
    let session = machine(release)?;
    each(&session, &["/run", "/etc", "/", "/home", "/sys", "/dev"])
}

/// Each is root's, 1777 or 0755, and a tmpfs, as the stray mount of RF1 is, but it is somebody else's.
pub(crate) fn of_a_tmpfs(release: Release) -> Result<()> {
    let session = machine(release)?;
    session.sh("mkdir -p /opt/own; mount -t tmpfs -o size=1m tmpfs /opt/own; mkdir -m 755 /opt/own/part")?;
    each(&session, &["/tmp", "/dev/shm", "/opt/own", "/opt/own/part"])
}

/// `/run/user` over itself: a folder of the very file system that everybody's directory is on.
pub(crate) fn of_its_parent(release: Release) -> Result<()> {
    let session = machine(release)?;
    session.sh("mkdir /mnt/wslg/other")?;
    each(&session, &["/mnt/wslg/other", "/mnt/wslg/runtime-dir", "/mnt/wslg/.X11-unix"])
}
