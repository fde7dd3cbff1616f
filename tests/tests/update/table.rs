//! What `podman auto-update` says, and what was true.

use anyhow::{Context as _, Result, ensure};
use lab::Release;

use super::quadlet::{EXITS, GOOD, NO_COMMAND, Quadlet, SICK, names};

const APP: &str = "localhost/app:latest";
const OTHER: &str = "localhost/other:latest";

/// `app` tells systemd when it is healthy; nobody asks `app2`, which is on the same image.
const CHECK: &str = "HealthCmd=healthy app\nHealthInterval=1s\nHealthRetries=1\n";

fn three() -> [(&'static str, &'static str, String); 3] {
    [
        ("app", APP, format!("AutoUpdate=local\nNotify=healthy\n{CHECK}")),
        ("app2", APP, format!("AutoUpdate=local\n{CHECK}")),
        ("noupd", OTHER, "AutoUpdate=local\n".to_owned()),
    ]
}

fn boot(release: Release) -> Result<Quadlet> {
    let units = three();
    let units: Vec<_> = units.iter().map(|(name, image, more)| (*name, *image, more.as_str())).collect();
    Quadlet::boot(release, &units)
}

/// The case of the first validation: podman's own error is not lost.
pub(crate) fn failure_is_passed_on(release: Release) -> Result<()> {
    let quadlet = boot(release)?;
    quadlet.podman.user(&["podman", "untag", APP]).ok()?;
    let report = quadlet.update(&[])?.exits(1)?.fails("app.service")?.fails("app2.service")?;
    ensure!(
        report.findings.iter().any(|finding| finding.text.contains("image not known")
            || finding.hint.iter().any(|line| line.contains("image not known"))),
        "{report:#?}"
    );
    // As a unit it has failed, and nothing that ran was touched.
    quadlet.is_good("app")?;
    quadlet.is_good("app2")
}

/// One row after the other, on one machine: what a row leaves is where the next one begins.
pub(crate) fn all(release: Release) -> Result<()> {
    let quadlet = boot(release)?;
    let first = quadlet.image_of("app")?;
    quadlet.update(&[])?.exits(0)?.without_failures()?.without_steps().context("nothing new")?;

    quadlet.new_image(APP, 1, GOOD)?;
    let report = quadlet.update(&["--dry-run"])?.exits(0)?.without_failures()?;
    let pending = report.steps.iter().filter(|step| step.state == "would").count();
    ensure!(pending == 2, "two are pending: {report:#?}");
    ensure!(quadlet.image_of("app")? == first, "a dry run has updated");
    let report = quadlet.update(&[])?.exits(0)?.without_failures()?.with_steps().context("a good image")?;
    ensure!(report.steps.len() == 2, "{report:#?}");
    let good = quadlet.image_of("app")?;
    ensure!(good != first && quadlet.image_of("app2")? == good);

    // Rolled back, and podman says 0: app2 is not looked at any more.
    quadlet.new_image(APP, 2, EXITS)?;
    let report = quadlet.update(&[])?.exits(3).context("an image that exits")?;
    names(&report, "UF1", "app")?;
    names(&report, "UF3", "app2")?;
    ensure!(quadlet.image_of("app")? == good);
    quadlet.is_good("app")?;
    quadlet.is_good("app2")?;
    // There is no trace of it in the next run.
    quadlet.update(&[])?.exits(0)?.without_steps().context("the run after a rollback")?;

    // Rolled back where somebody waits for its health, and kept where nobody does.
    quadlet.new_image(APP, 3, SICK)?;
    let report = quadlet.update(&[])?.exits(1).context("an image that is never healthy")?;
    // Which of the two podman looks at first decides whether the other still finds the new image.
    names(&report, "UF1", "app")?;
    let sick = quadlet.podman.container("app2")?.health() != "healthy";
    names(&report, if sick { "UF2" } else { "UF3" }, "app2")?;
    quadlet.is_good("app")?;

    // Rolled back to what is bad itself.
    quadlet.new_image(APP, 4, NO_COMMAND)?;
    let report = quadlet.update(&[])?.exits(if sick { 1 } else { 3 }).context("no such command")?;
    names(&report, "UF1", "app")?;
    if sick {
        names(&report, "UF4", "app2")?;
    }
    quadlet.is_good("app")?;

    // One fails and another is updated: podman says 125 for all.
    quadlet.new_image(APP, 5, GOOD)?;
    quadlet.podman.user(&["podman", "untag", OTHER]).ok()?;
    let report = quadlet.update(&[])?.exits(1)?.fails("noupd.service").context("a partial update")?;
    names(&report, "UF5", "noupd")?;
    quadlet.is_good("app")?;
    quadlet.is_good("app2")
}

/// What podman is silent about: it has no row at all.
pub(crate) fn left_out(release: Release) -> Result<()> {
    let quadlet = Quadlet::boot(release, &[("plain", OTHER, "")])?;
    // Nothing has the policy: that is said, and is no failure until something is expected.
    quadlet.update(&[])?.exits(0)?.names("UF6")?;
    let report = quadlet.update(&["--expect=plain.service"])?.exits(1)?;
    names(&report, "UF7", "plain")?;

    // It has the policy and does not run.
    quadlet.podman.sh(&format!(
        "podman create --quiet --name idle --label io.containers.autoupdate=local \
         --label PODMAN_SYSTEMD_UNIT=idle.service {OTHER}"
    ))?;
    let report = quadlet.update(&[])?;
    names(&report, "UF7", "idle")?;

    // A unit that is bound to another goes down with it in a rollback, and is not started again.
    let check = format!("AutoUpdate=local\nNotify=healthy\n{CHECK}");
    let unit = format!(
        "[Container]\nContainerName=app\nImage={APP}\nPull=never\n{check}\n\
         [Service]\nTimeoutStartSec=6\nTimeoutStopSec=3\nRestart=no\n"
    );
    quadlet.podman.write(".config/containers/systemd/app.container", &unit)?;
    quadlet.podman.write(
        ".config/systemd/user/dash.service",
        "[Unit]\nBindsTo=app.service\nAfter=app.service\n[Service]\nExecStart=/bin/sleep 600\n",
    )?;
    quadlet.podman.sh("systemctl --user daemon-reload; systemctl --user start app.service dash.service")?;
    quadlet.new_image(APP, 1, EXITS)?;
    let report = quadlet.update(&[])?.exits(3)?;
    let dash = quadlet.podman.user(&["systemctl", "--user", "is-active", "dash.service"]).run()?;
    ensure!(dash.text() != "active", "the dependent came back by itself: {dash}");
    names(&report, "UF8", "dash")
}

/// Podman waits for the restart for ever.
pub(crate) fn endless(release: Release) -> Result<()> {
    let check = format!("AutoUpdate=local\nNotify=healthy\n{CHECK}");
    let quadlet = Quadlet::boot(release, &[("app", APP, &check)])?;
    let drop_in = "[Service]\nTimeoutStartSec=infinity\n";
    quadlet.podman.write(".config/systemd/user/app.service.d/wait.conf", drop_in)?;
    quadlet.podman.user(&["systemctl", "--user", "daemon-reload"]).ok()?;
    quadlet.new_image(APP, 1, SICK)?;
    let report = quadlet.update(&["--timeout=6"])?.exits(4)?;
    names(&report, "UF9", "app").or_else(|_| report.names("UF9").map(drop))
}
