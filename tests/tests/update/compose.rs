//! Containers of compose projects, which podman itself cannot update: the reload of their unit does it.

use std::time::Duration;

use anyhow::{Result, ensure};
use lab::{Machine, Podman, Release, Report};

use super::quadlet::{EXITS, GOOD};

/// The project, and the unit that is shipped for it.
const NAME: &str = "home";
const UNIT: &str = "podman-stack@home.service";

const FILE: &str = "\
services:
  app:
    image: localhost/app:latest
    labels: {io.containers.autoupdate: local}
    healthcheck: {test: [CMD, healthy, app], interval: 1s}
    volumes: [\"./state:/state\"]
  db:
    image: localhost/other:latest
    command: [service, db]
    volumes: [\"./state:/state\"]
";

/// A stack in its shipped unit gets the newer image by a reload of the unit, and nothing else of it is touched.
pub(crate) fn renewed(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    for image in ["localhost/app:latest", "localhost/other:latest"] {
        podman.make_image(image, GOOD)?;
    }
    podman.write(&format!(".config/podman-stacks/{NAME}/compose.yaml"), FILE)?;
    podman.write(&format!(".config/podman-stacks/{NAME}/state/.keep"), "")?;
    podman.user(&["systemctl", "--user", "start", UNIT]).deadline(Duration::from_secs(60)).ok()?;
    let (app, db) = (podman.container("home_app_1")?, podman.container("home_db_1")?);
    ensure!(app.label("PODMAN_SYSTEMD_UNIT") == UNIT, "{app:?}");

    let idle = update(&podman)?;
    ensure!(idle.exit == 0, "nothing is new: {idle:#?}");
    ensure!(podman.container("home_app_1")?.life() == app.life(), "a run without news touched the container");

    podman.make_image("localhost/app:latest", &format!("{GOOD} --change 'LABEL number=1'"))?;
    let report = update(&podman)?;
    ensure!(report.exit == 0, "{report:#?}");
    let renewed = podman.container("home_app_1")?;
    podman.lives(&renewed)?;
    ensure!(renewed.health() == "healthy" && renewed.id != app.id, "{renewed:?}");
    let images = podman.sh("podman inspect --format '{{.Image}}' home_app_1; podman image inspect --format '{{.Id}}' localhost/app:latest")?;
    let images: Vec<&str> = images.text().lines().collect();
    ensure!(
        images.first() == images.last(),
        "the container runs another image than its name stands for: {images:?}"
    );
    if release == Release::FORKY {
        // podman-compose 1.3 makes all containers of a project anew on any change.
        ensure!(podman.container("home_db_1")?.life() == db.life(), "the service beside it was touched");
    }

    podman.make_image("localhost/app:latest", &format!("{EXITS} --change 'LABEL number=2'"))?;
    let report = update(&podman)?;
    ensure!(report.exit == 1, "the new image ends at once: {report:#?}");
    ensure!(
        report.findings.iter().any(|finding| finding.status == "fail" && finding.text.contains("app")),
        "app is not named: {report:#?}"
    );
    podman.lives(&podman.container("home_db_1")?)
}

fn update(podman: &Podman) -> Result<Report> {
    let command = ["update-and-verify", "--json", "--timeout=90", "--stable=1"];
    Report::of(podman.user(&command).deadline(Duration::from_secs(120)).run()?)
}
