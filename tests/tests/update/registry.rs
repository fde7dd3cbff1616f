//! Images of a registry: newer ones, bad ones, none, and one that asks for a password.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lab::registry::{CLOSED, OPEN};
use lab::{Machine, Podman, Registry, Release, Report};

use super::quadlet::{EXITS, GOOD, Quadlet, SICK, names};

const APP: &str = "localhost:5000/app:latest";
const CHECK: &str = "HealthCmd=healthy app\nHealthInterval=1s\nHealthRetries=1\nNotify=healthy\n";
/// The stack, and the unit that is shipped for it.
const NAME: &str = "home";
const UNIT: &str = "podman-stack@home.service";
const LONG: Duration = Duration::from_secs(120);

fn number(changes: &str, number: u32) -> String {
    format!("{changes} --change 'LABEL number={number}'")
}

/// A Quadlet unit with the policy `registry`, one row after the other.
pub(crate) fn quadlet(release: Release) -> Result<()> {
    let quadlet = Quadlet::boot(release, &[])?;
    let registry = Registry::start(&quadlet.podman)?;
    registry.push(APP, GOOD)?;
    quadlet.podman.user(&["podman", "pull", "--quiet", APP]).ok()?;
    quadlet.add(&[("app", APP, &format!("AutoUpdate=registry\n{CHECK}"))])?;
    let first = quadlet.image_of("app")?;
    quadlet.update(&[])?.exits(0)?.without_failures()?.without_steps().context("nothing new")?;

    registry.push(APP, &number(GOOD, 1))?;
    let report = quadlet.update(&["--dry-run"])?.exits(0)?.without_failures()?;
    ensure!(report.steps.iter().filter(|step| step.state == "would").count() == 1, "{report:#?}");
    ensure!(quadlet.image_of("app")? == first, "a dry run has updated");
    quadlet.update(&[])?.exits(0)?.without_failures()?.with_steps().context("a newer image")?;
    let good = quadlet.image_of("app")?;
    ensure!(good != first, "it was not updated");

    // The registry keeps the bad image, so that each run finds it again.
    for changes in [EXITS, SICK] {
        registry.push(APP, &number(changes, 2))?;
        for again in ["first", "second"] {
            let report = quadlet.update(&[])?.exits(3).with_context(|| format!("{changes}, {again} run"))?;
            names(&report, "UF1", "app")?;
            let told =
                report.findings.iter().any(|one| one.text.contains("every further run tries it again"));
            ensure!(told, "{report:#?}");
            quadlet.is_good("app")?;
            ensure!(quadlet.image_of("app")? == good, "it is not on the old image");
        }
    }
    registry.push(APP, &number(GOOD, 3))?;
    quadlet.update(&[])?.exits(0)?.without_failures()?.with_steps().context("good again")?;

    registry.forget("app")?;
    fails(&quadlet, "manifest unknown").context("a missing manifest")?;
    registry.down(OPEN)?;
    fails(&quadlet, "connection refused").context("a registry that is down")?;
    closed(&quadlet, &registry)
}

/// The unit is named with podman's reason, and goes on as it was.
fn fails(quadlet: &Quadlet, why: &str) -> Result<()> {
    let before = quadlet.podman.container("app")?;
    let report = quadlet.update(&[])?.exits(1)?.fails("app.service")?.without_steps()?;
    ensure!(report.findings.iter().any(|one| one.status == "fail" && one.text.contains(why)), "{report:#?}");
    ensure!(quadlet.podman.container("app")?.life() == before.life(), "it was touched");
    Ok(())
}

/// A registry that asks for a password, and the file that has it or does not.
fn closed(quadlet: &Quadlet, registry: &Registry<'_>) -> Result<()> {
    let image = format!("{CLOSED}/private:latest");
    registry.push(&image, GOOD)?;
    let file = registry.credentials("auth.json", true)?;
    quadlet.podman.user(&["podman", "pull", "--quiet", "--authfile", &file, &image]).ok()?;
    let label = format!("Label=io.containers.autoupdate.authfile={file}\n");
    quadlet.podman.user(&["systemctl", "--user", "stop", "app.service"]).ok()?;
    quadlet.add(&[("private", &image, &format!("AutoUpdate=registry\n{label}{CHECK}"))])?;
    registry.push(&image, &number(GOOD, 1))?;
    quadlet.update(&[])?.exits(0)?.without_failures()?.with_steps().context("the right password")?;
    registry.credentials("auth.json", false)?;
    let before = quadlet.podman.container("private")?;
    let report = quadlet.update(&[])?.exits(1)?.fails("private.service").context("a wrong password")?;
    let refused = |text: &str| text.contains("unauthorized") || text.contains("authentication required");
    ensure!(report.findings.iter().any(|one| one.status == "fail" && refused(&one.text)), "{report:#?}");
    ensure!(quadlet.podman.container("private")?.life() == before.life());
    Ok(())
}

/// A stack in its shipped unit, whose services have the policy `registry`.
pub(crate) fn stack(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let registry = Registry::start(&podman)?;
    registry.push(APP, GOOD)?;
    let file = format!(
        "services:\n  app:\n    image: {APP}\n    labels: {{io.containers.autoupdate: registry}}\n    \
         healthcheck: {{test: [CMD, healthy, app], interval: 1s, retries: 1}}\n"
    );
    podman.write(&format!(".config/podman-stacks/{NAME}/compose.yaml"), &file)?;
    podman.user(&["systemctl", "--user", "start", UNIT]).deadline(LONG).ok()?;
    let first = podman.container("home_app_1")?;
    update(&podman, 0).context("nothing new")?;
    is_same(&podman, &first)?;

    registry.push(APP, &number(GOOD, 1))?;
    // Neither a restart nor a dry run asks the registry.
    podman.user(&["systemctl", "--user", "restart", UNIT]).deadline(LONG).ok()?;
    ensure!(podman.container("home_app_1")?.id == first.id, "a restart has pulled");
    let dry = update_with(&podman, &["--dry-run"])?.exits(0)?;
    ensure!(dry.findings.iter().any(|one| one.id == "stack-unasked"), "{dry:#?}");
    let dry = pull(&podman, &["--dry-run"])?.exits(0)?;
    ensure!(dry.steps.iter().all(|step| step.state == "would"), "{dry:#?}");
    ensure!(image_of(&podman, APP)? == image_of_container(&podman)?, "a dry run has pulled");
    let report = update(&podman, 0)?.with_steps()?;
    ensure!(report.findings.iter().any(|one| one.id == "updated"), "{report:#?}");
    runs_current(&podman)?;

    // What somebody else pulled is picked up by the next start: the name of the image stands for it.
    registry.push(APP, &number(GOOD, 2))?;
    podman.user(&["podman", "pull", "--quiet", APP]).ok()?;
    podman.user(&["systemctl", "--user", "restart", UNIT]).deadline(LONG).ok()?;
    runs_current(&podman).context("a restart after a pull")?;

    registry.push(APP, &number(GOOD, 3))?;
    let report = pull(&podman, &[])?.exits(0)?.with_steps()?;
    ensure!(report.steps.iter().any(|step| step.kind == "remove-container"), "{report:#?}");
    runs_current(&podman).context("apply-and-verify --pull")?;
    let current = podman.container("home_app_1")?;
    pull(&podman, &[])?.exits(0)?;
    is_same(&podman, &current).context("--pull without news")?;

    // Nothing is touched where the pull fails.
    registry.down(OPEN)?;
    let report = pull(&podman, &[])?.exits(1)?.without_steps()?;
    let refused = report.findings.iter().find(|one| one.id == "pull").context("the pull is not blamed")?;
    let said = refused.hint.concat();
    ensure!(said.contains("connection refused") && !said.contains("retrying"), "{report:#?}");
    let report = update(&podman, 1)?;
    let lost = report.findings.iter().find(|one| one.id == "stack-pull").context("the pull is not blamed")?;
    ensure!(lost.text.contains("connection refused") && !lost.text.contains("retrying"), "{report:#?}");
    is_same(&podman, &current)?;
    registry.up(OPEN)?;

    registry.push(APP, &number(SICK, 4))?;
    let report = update(&podman, 1).context("a sick image")?;
    names(&report, "UF2", UNIT)?;
    let report = pull(&podman, &[])?.exits(1)?;
    report.blames("fail", &["AF3"], "app")?;
    Ok(())
}

fn is_same(podman: &Podman, before: &lab::podman::Container) -> Result<()> {
    let now = podman.container("home_app_1")?;
    ensure!(now.life() == before.life(), "it was touched: {now:?}");
    Ok(())
}

/// The container runs what the name of its image stands for.
fn runs_current(podman: &Podman) -> Result<()> {
    podman.lives(&podman.container("home_app_1")?)?;
    let (wanted, runs) = (image_of(podman, APP)?, image_of_container(podman)?);
    ensure!(wanted == runs, "it runs {runs}, and not {wanted}");
    Ok(())
}

fn image_of_container(podman: &Podman) -> Result<String> {
    Ok(podman.user(&["podman", "inspect", "--format={{.Image}}", "home_app_1"]).ok()?.text().to_owned())
}

fn image_of(podman: &Podman, name: &str) -> Result<String> {
    Ok(podman.user(&["podman", "image", "inspect", "--format={{.Id}}", name]).ok()?.text().to_owned())
}

fn update(podman: &Podman, exit: i32) -> Result<Report> {
    update_with(podman, &[])?.exits(exit)
}

fn update_with(podman: &Podman, options: &[&str]) -> Result<Report> {
    let command = [&["update-and-verify", "--json", "--timeout=90", "--stable=1"], options].concat();
    Report::of(podman.user(&command).deadline(LONG).run()?)
}

fn pull(podman: &Podman, options: &[&str]) -> Result<Report> {
    let file = format!("--file=/home/tim/.config/podman-stacks/{NAME}/compose.yaml");
    let unit = format!("--unit={UNIT}");
    let project = format!("--project={NAME}");
    let general = ["apply-and-verify", "--json", "--pull", "--stable=1", &project, &file, &unit];
    Report::of(podman.user(&[&general, options].concat()).deadline(LONG).run()?)
}
