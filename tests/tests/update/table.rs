//! What `podman auto-update` says, and what was true.

use anyhow::{Context as _, Result, ensure};
use lab::{Release, Report};

use super::quadlet::{EXITS, GOOD, NO_COMMAND, Quadlet, SICK, names};

const APP: &str = "localhost/app:latest";
const OTHER: &str = "localhost/other:latest";

/// A check every second.
const CHECK: &str = "HealthCmd=healthy app\nHealthInterval=1s\nHealthRetries=1\n";

/// `app` tells systemd when it is healthy; nobody asks `app2`, which is on the same image, nor `lone`.
fn three() -> [(&'static str, &'static str, String); 3] {
    [
        ("app", APP, format!("AutoUpdate=local\nNotify=healthy\n{CHECK}")),
        ("app2", APP, format!("AutoUpdate=local\n{CHECK}")),
        ("lone", OTHER, format!("AutoUpdate=local\n{CHECK}")),
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

    // Podman says 0 of it.
    quadlet.new_image(APP, 2, EXITS)?;
    rolled_back(&quadlet, &quadlet.update(&[])?).context("an image that exits")?;
    ensure!(quadlet.image_of("app")? == good);
    quadlet.start("app2")?;
    // There is no trace of it in the next run.
    quadlet.update(&[])?.exits(0)?.without_steps().context("the run after a rollback")?;

    // Kept, because nobody waits for its health.
    quadlet.new_image(OTHER, 3, SICK)?;
    let report = quadlet.update(&[])?.exits(1).context("an image that is never healthy, and nobody asks")?;
    names(&report, "UF2", "lone")?;
    // Rolled back to what is bad itself.
    quadlet.new_image(OTHER, 4, NO_COMMAND)?;
    let report = quadlet.update(&[])?.exits(1).context("back to a bad image")?;
    names(&report, "UF4", "lone")?;
    quadlet.new_image(OTHER, 5, GOOD)?;
    quadlet.update(&[])?.exits(0)?.without_failures().context("good again")?;

    quadlet.new_image(APP, 6, SICK)?;
    rolled_back(&quadlet, &quadlet.update(&[])?).context("an image that is never healthy")?;
    quadlet.podman.user(&["systemctl", "--user", "restart", "app2.service"]).ok()?;
    quadlet.is_good("app2")?;

    // One fails and others are updated: podman says 125 for all.
    quadlet.new_image(APP, 7, GOOD)?;
    quadlet.podman.user(&["podman", "untag", OTHER]).ok()?;
    let report = quadlet.update(&[])?.exits(1)?.fails("lone.service").context("a partial update")?;
    names(&report, "UF5", "lone")?;
    quadlet.is_good("app")?;
    quadlet.is_good("app2")
}

/// A bad image for `app` and `app2`. Podman looks at them in no order: when `app` comes first, its rollback takes the tag
/// away from the bad image, and `app2` finds nothing new; when `app2` comes first, it runs the bad image, and podman says
/// `true` of it.
fn rolled_back(quadlet: &Quadlet, report: &Report) -> Result<()> {
    quadlet.is_good("app")?;
    let containers = quadlet.podman.containers("name=^app2$")?;
    let good = containers.iter().any(|app2| app2.state.status == "running" && app2.health() == "healthy");
    names(report, "UF1", "app").or_else(|error| names(report, "UF1", "app2").map_err(|_| error))?;
    if good {
        ensure!(report.exit == 3, "rolled back, and all is well: {report:#?}");
        let shape = if names(report, "UF1", "app").is_ok() { "app2" } else { "app" };
        names(report, "UF3", shape).or_else(|error| names(report, "UF1", shape).map_err(|_| error))
    } else {
        ensure!(report.exit == 1, "app2 is bad afterwards: {report:#?}");
        names(report, "UF2", "app2").or_else(|error| names(report, "UF4", "app2").map_err(|_| error))
    }
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
