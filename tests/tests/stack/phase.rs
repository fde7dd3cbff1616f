//! The matrix that the first system was validated with, T01 to T03, on a stack unit as it is shipped.

use anyhow::{Result, ensure};
use lab::project::{service, unchecked};
use lab::session::SOON;
use lab::{Machine, Podman, Project, Release, Report};

use super::apply::{apply, await_good, lives, still_live};

/// The lines of the unit that matter beside `Type=oneshot`.
const UNIT: &str = "KillMode=process\nRestart=no\nTimeoutStartSec=120\n";
/// What the first system had, and what made its exit code a lie.
const RESETS: &str = "ExecStopPost=/bin/systemctl --user reset-failed\n";

/// Two probes, and the unit that runs them.
fn probes<'a>(podman: &'a Podman, more: &str) -> Result<(Project<'a>, String)> {
    let project = Project::write(podman, "probe", &[service("web", ""), unchecked("db", "")])?;
    let unit = project.unit(
        "/usr/local/bin/apply-and-verify --project=probe --file=%h/probe/compose.yaml --unit=%n --stable=1 \
         --timeout=25 --apply-timeout=20",
        &format!("{UNIT}{more}"),
    )?;
    systemctl(podman, "start", &unit, 0)?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);
    Ok((project, unit))
}

/// Runs systemctl on the unit, and tells what the unit said when that ends otherwise than expected.
fn systemctl(podman: &Podman, verb: &str, unit: &str, exit: i32) -> Result<()> {
    let output = podman.user(&["systemctl", "--user", verb, unit]).run()?;
    let said = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=30"];
    let of_unit = format!("_SYSTEMD_USER_UNIT={unit}");
    output.exits(exit).map(drop).or_else(|error| {
        let journal = podman.machine.root(&[&said[..], &[&of_unit]].concat()).run()?;
        Err(error.context(format!("{journal}")))
    })
}

fn shown(podman: &Podman, unit: &str) -> Result<String> {
    let properties = "--property=ActiveState,SubState,Result,ExecMainStatus";
    let shown = podman.user(&["systemctl", "--user", "show", properties, unit]).ok()?;
    let mut lines: Vec<&str> = shown.text().lines().collect();
    lines.sort_unstable();
    Ok(lines.join(" "))
}

/// Makes the check of `web` fail, and returns when podman has seen it.
fn sicken(project: &Project<'_>) -> Result<()> {
    project.sicken("web")?;
    project.podman.wait_for("probe_web_1", SOON, |web| web.health() == "unhealthy")
}

fn verify(podman: &Podman, unit: &str) -> Result<Report> {
    Report::of(podman.user(&["restart-and-verify", "--json", "--user", "--stable=1", unit]).run()?)
}

pub(crate) fn t01(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let (project, unit) = probes(&podman, "")?;
    let before = lives(&project)?;
    systemctl(&podman, "restart", &unit, 0)?;
    still_live(&project, &before, &[])?;
    // By hand it is the same, and says that nothing was to be done.
    let report = apply(&project, &["--unit=probe.service"])?.exits(0)?.without_steps()?;
    ensure!(report.status == "ok", "{report:#?}");
    still_live(&project, &before, &[])?;
    // What is unchanged is verified all the same.
    ensure!(report.findings.iter().any(|finding| finding.is_about("web")), "{report:#?}");
    ensure!(report.findings.iter().any(|finding| finding.is_about("db")), "{report:#?}");
    Ok(())
}

pub(crate) fn t02(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let (project, unit) = probes(&podman, "")?;
    // A change, so that there is something to be done.
    project.rewrite(&[service("web", "environment: {CHANGED: 'yes'}\n"), unchecked("db", "")])?;
    let before = project.container("web")?;
    systemctl(&podman, "restart", &unit, 0)?;
    ensure!(
        shown(&podman, &unit)? == "ActiveState=active ExecMainStatus=0 Result=success SubState=exited",
        "{}",
        shown(&podman, &unit)?
    );
    ensure!(project.container("web")?.id != before.id, "the change was not applied");
    ensure!(lives(&project)?.len() == 2);
    verify(&podman, &unit)?.exits(0)?.without_failures()?;
    Ok(())
}

pub(crate) fn t03(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let (project, unit) = probes(&podman, "")?;
    let before = lives(&project)?;
    sicken(&project)?;
    systemctl(&podman, "restart", &unit, 1)?;
    ensure!(
        shown(&podman, &unit)? == "ActiveState=failed ExecMainStatus=1 Result=exit-code SubState=failed",
        "{}",
        shown(&podman, &unit)?
    );
    verify(&podman, &unit)?.exits(1)?.fails(&unit)?;
    // Nothing was lost: the sick one and the other are up, with their monitors.
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);
    still_live(&project, &before, &["web"])?;

    // The unscoped reset-failed: systemctl tells a success, and the program knows better, by the evidence.
    project.cure("web")?;
    podman.user(&["systemctl", "--user", "reset-failed", &unit]).ok()?;
    let (project, unit) = probes(&podman, RESETS)?;
    await_good(&project, "web")?;
    sicken(&project)?;
    systemctl(&podman, "restart", &unit, 0)?;
    verify(&podman, &unit)?.exits(3)?.blames("fail", &["SF1"], &unit)?.hints("SF1")?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);

    project.cure("web")?;
    await_good(&project, "web")?;
    verify(&podman, &unit)?.exits(0)?.without_failures()?;
    Ok(())
}
