//! RF6 to RF9: owner, mode and group, of the directory and of its parent.

use anyhow::{Result, ensure};
use lab::session::wsl;
use lab::{ANN, Release, Session};

/// A tmpfs of uid 1001 where uid 1000's belongs.
const FOREIGN: &str = "mkdir -p /run/user/1000; mount -t tmpfs -o mode=700,uid=1001,gid=1001 tmpfs /run/user/1000; \
                       echo hers > /run/user/1000/file; chown 1001:1001 /run/user/1000/file";

fn foreign(release: Release) -> Result<Session> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh(FOREIGN)?;
    session.keep()?;
    session.start_fails()?;
    session.looks("directory 700 1001 1001")?;
    session.journal_says(&["Runtime directory '/run/user/1000' is not owned by UID 1000, as it should."])?;
    Ok(session)
}

pub(crate) fn other_user(release: Release) -> Result<()> {
    let session = foreign(release)?;
    session.fix_untouched(&["1000"])?.exits(1)?.hints("RF6")?.explains("RF6", &["1001"])?;
    session.fix_untouched(&["--start-manager", "tim"])?.exits(1)?.names("RF6")?;
    // Nobody is live, and it is asked for.
    session.fix(&["--take-over", "--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn other_user_live(release: Release) -> Result<()> {
    let session = foreign(release)?;
    session.sh("loginctl enable-linger ann")?;
    let anns = Session { user: ANN, wslg: None, machine: session.machine };
    anns.works()?;
    let session = Session::of_tim(anns.machine);
    session.fix_untouched(&["--take-over", "1000"])?.exits(1)?.hints("RF6")?;
    session.fix_untouched(&["1000"])?.exits(1)?.hints("RF6").map(drop)
}

pub(crate) fn mode(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    for mode in ["755", "777", "1777", "500", "2700"] {
        live(
            &session,
            &format!("chmod {mode} /run/user/1000"),
            &format!("directory {mode} 1000 100"),
            "RF7",
        )?;
    }
    Ok(())
}

pub(crate) fn group(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    for group in ["0", "1000"] {
        live(
            &session,
            &format!("chgrp {group} /run/user/1000"),
            &format!("directory 700 1000 {group}"),
            "RF8",
        )?;
    }
    Ok(())
}

/// Breaks a directory under a live session, and has it mended without touching that session.
fn live(session: &Session, script: &str, stat: &str, shape: &str) -> Result<()> {
    session.sh(script)?;
    session.looks(stat)?;
    let manager = session.manager()?;
    session.is_recognised(shape)?;
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    ensure!(session.manager()? == manager, "the live manager was restarted");
    session.is_mended()
}

pub(crate) fn open_parent(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh("chmod 777 /run/user")?;
    session.start_fails()?;
    session.journal_says(&[
        "Directory \"/run/user\" already exists, but has mode 0777 that is too permissive",
    ])?;
    session.is_recognised("RF9")?;
    let report = session.fix(&["--prepare", "1000"])?.exits(0)?.with_steps()?;
    ensure!(report.steps.len() == 1, "more than the mode of /run/user: {report:#?}");
    session.parent_is_good()?;
    session.looks("")?;
    session.sh("chmod 777 /run/user")?;
    // Also all in one, by hand.
    session.is_recognised("RF9")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()?;
    // And by the drop-in alone, at a login.
    let session = Session::of_tim(wsl(release, true).boot()?);
    session.sh("chmod 777 /run/user")?;
    let _login = session.machine.login("tim")?;
    session.is_mended()
}

pub(crate) fn foreign_parent(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh("chown 1000:100 /run/user")?;
    session.start_fails()?;
    session.is_recognised("RF9")?;
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

pub(crate) fn strict_parent(release: Release) -> Result<()> {
    for mode in ["000", "700"] {
        let session = Session::of_tim(wsl(release, false).boot()?);
        session.sh(&format!("chmod {mode} /run/user"))?;
        session.keep()?;
        session.start_fails()?;
        session.is_recognised("RF9")?;
        session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
        session.is_mended()?;
    }
    Ok(())
}
