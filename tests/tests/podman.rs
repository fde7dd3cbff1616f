//! What the tests of the podman programs stand on: that rootless podman is real in a machine.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use lab::project::{service, unchecked};
use lab::session::SOON;
use lab::{Machine, Podman, Project, Release};

fn main() -> ExitCode {
    lab::trials()
        .with_podman()
        .on(&Release::WITH_PODMAN, "containers_of_a_unit_are_healthy_by_their_own_timers", healthy)
        .run()
}

/// One machine for all of it, because each boot costs.
fn healthy(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release))?;
    let project = Project::write(&podman, "facts", &[service("web", ""), unchecked("db", "")])?;
    let unit = project.unit("/usr/bin/podman-compose up -d", "KillMode=process\n")?;
    podman.user(&["systemctl", "--user", "start", &unit]).ok()?;

    // Nobody but the transient timer runs the check.
    podman.wait_for("facts_web_1", SOON, |web| web.health() == "healthy")?;
    let timers = podman.user(&["systemctl", "--user", "list-timers", "--no-legend", "--no-pager"]).ok()?;
    let web = project.container("web")?;
    ensure!(timers.stdout.contains(&web.id), "no timer of {web:?}: {timers}");
    project.sicken("web")?;
    podman.wait_for("facts_web_1", SOON, |web| web.health() == "unhealthy")?;
    project.cure("web")?;
    podman.wait_for("facts_web_1", SOON, |web| web.health() == "healthy")?;

    // The monitors are processes of the unit, which has come to its end long ago; the containers are not.
    let containers = project.containers()?;
    ensure!(containers.len() == 2, "{containers:?}");
    for container in &containers {
        podman.lives(container)?;
        let conmon = podman.cgroup_of(container.state.conmon_pid)?;
        let expected = match release {
            // Podman 4.3 moves itself to a scope of its own where `/proc/self/cgroup` has hierarchies of cgroup v1, too.
            Release::BOOKWORM => conmon.contains("/podman-") && conmon.ends_with(".scope"),
            _ => conmon.ends_with(&format!("/app.slice/{unit}")),
        };
        ensure!(expected, "the monitor is in {conmon}");
        let process = podman.cgroup_of(container.state.pid)?;
        ensure!(process.contains("/libpod-"), "the container is in {process}");
    }

    // A ghost: podman does not notice that a monitor is gone.
    podman.kill(web.state.conmon_pid)?;
    let ghost = project.container("web")?;
    ensure!(ghost.state.status == "running" && podman.lives(&ghost).is_err(), "{ghost:?}");
    Ok(())
}
