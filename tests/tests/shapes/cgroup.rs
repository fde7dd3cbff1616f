//! RF12: another distro has the user's cgroup.

use anyhow::{Result, ensure};
use lab::session::{SOON, wsl};
use lab::{Release, Session};

const EVENTS: &str = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.events";

pub(crate) fn collision(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    if std::fs::read_to_string(lab::cgroup::mount_point()?.join("cgroup.controllers"))?.trim().is_empty() {
        return lab::skip("a cgroup2 controller");
    }
    let squatter = session.machine.squat(1000)?;
    // From inside: somebody lives there, and nobody is to be seen.
    let seen = session.sh(&format!("cat {EVENTS} $(dirname {EVENTS})/init.scope/cgroup.procs"))?;
    ensure!(seen.stdout.contains("populated 1") && seen.stdout.ends_with("0\n"), "{seen}");
    session.keep()?;
    session.start_fails()?;
    session.machine.wait_for("user@1000.service", "failed", SOON)?;
    let result = session.machine.property("user@1000.service", "Result")?;
    let status = session.machine.property("user@1000.service", "ExecMainStatus")?;
    ensure!(result == "resources" || status == "219", "Result={result} ExecMainStatus={status}");
    session.journal_says(&["Device or resource busy"])?;
    session.is_good()?;

    for arguments in [["1000"].as_slice(), &["--start-manager", "1000"]] {
        session.fix_untouched(arguments)?.exits(75)?.hints("RF12")?.explains("RF12", &["wsl --shutdown"])?;
    }
    let check = session.is_recognised("RF12")?;
    ensure!(check.stdout.contains("wsl --shutdown"), "no cure is named: {check}");

    // The other distribution has ended: now it works.
    drop(squatter);
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}
