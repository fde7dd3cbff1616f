//! A repair that is killed at any point is finished by the next run.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use lab::session::wsl;
use lab::{Release, Session};

#[cfg_attr(target_os = "linux", path = "killed/tracer.rs")]
#[cfg_attr(not(target_os = "linux"), path = "killed/elsewhere.rs")]
mod tracer;

use tracer::{End, run_until};

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("a_killed_mend_of_a_stray_mount_is_finished", stray)
        .on_each("a_killed_mend_of_a_plain_directory_is_finished", plain)
        .on_each("a_killed_removal_of_a_layer_is_finished", layer)
        .on_each("a_killed_making_of_links_is_finished", links)
        .run()
}

/// Kills the program at its first call that can change anything, then at its second, and so on; each time the next
/// run has to end in the good state.
fn at_each_step(session: &Session, shape: &str, good: fn(&Session) -> Result<()>) -> Result<()> {
    let mut killed = 0;
    for call in 1.. {
        session.sh(shape).with_context(|| format!("making the shape for call {call}"))?;
        let end = run_until(&session.machine, &["/usr/local/bin/fix-runtime-dir", "1000"], call)?;
        match end {
            End::Killed(name) => {
                killed += 1;
                let text = || format!("after a kill at call {call}, {name}");
                session.fix(&["1000"]).and_then(|report| report.exits(0)).with_context(text)?;
                good(session).with_context(text)?;
                session.fix(&["1000"])?.exits(0)?.without_steps().with_context(text)?;
            }
            End::Exited(code) => {
                ensure!(code == 0, "not killed, it exits {code}");
                good(session)?;
                break;
            }
        }
    }
    ensure!(killed >= 5, "killed only {killed} times: nothing was shown");
    Ok(())
}

const AWAY: &str =
    "while umount /run/user/1000 2>/dev/null; do :; done; rm -rf /run/user/1000; mkdir -m 700 /run/user/1000";

fn good(session: &Session) -> Result<()> {
    session.is_good()
}

fn stray(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    at_each_step(&session, &format!("{AWAY}; mount -t tmpfs tmpfs /mnt/wslg/run/user/1000"), good)
}

fn plain(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    at_each_step(&session, AWAY, good)
}

fn layer(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    let manager = session.manager()?;
    at_each_step(
        &session,
        "mount -t tmpfs -o nosuid,nodev,noexec,mode=755 tmpfs /run/user/1000",
        |session| {
            session.is_good()?;
            session.machine.user("tim", &["busctl", "--user", "status"]).ok().map(drop)
        },
    )?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    session.is_mended()
}

fn links(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    at_each_step(
        &session,
        "cd /run/user/1000; chmod 755 .; rm -r pulse wayland-0 wayland-0.lock",
        |session| {
            session.is_good()?;
            session.has_wslg_links()
        },
    )?;
    session.is_mended()
}
