//! The matrix that the first system was validated with, T01 to T03, on a stack unit as it is shipped.

use anyhow::{Result, ensure};
use lab::project::{service, unchecked};
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
    podman.user(&["systemctl", "--user", "start", &unit]).ok()?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);
    Ok((project, unit))
}

fn shown(podman: &Podman, unit: &str) -> Result<String> {
    let properties = "--property=ActiveState,SubState,Result,ExecMainStatus";
    let shown = podman.user(&["systemctl", "--user", "show", properties, unit]).ok()?;
    let mut lines: Vec<&str> = shown.text().lines().collect();
    lines.sort_unstable();
    Ok(lines.join(" "))
}

fn verify(podman: &Podman, unit: &str) -> Result<Report> {
    Report::of(podman.user(&["restart-and-verify", "--json", "--user", "--stable=1", unit]).run()?)
}

pub(crate) fn t01(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let (project, unit) = probes(&podman, "")?;
    let before = lives(&project)?;
    podman.user(&["systemctl", "--user", "restart", &unit]).ok()?;
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
    podman.user(&["systemctl", "--user", "restart", &unit]).ok()?;
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
    project.sicken("web")?;
    podman.user(&["systemctl", "--user", "restart", &unit]).run()?.exits(1)?;
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
    project.sicken("web")?;
    podman.user(&["systemctl", "--user", "restart", &unit]).run()?.exits(0)?;
    verify(&podman, &unit)?.exits(3)?.blames("fail", &["SF1"], &unit)?.hints("SF1")?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);

    project.cure("web")?;
    await_good(&project, "web")?;
    verify(&podman, &unit)?.exits(0)?.without_failures()?;
    Ok(())
}
