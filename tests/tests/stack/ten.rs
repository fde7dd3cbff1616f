//! A stack of ten services, and each failure injected into it. Whatever fails, what was up stays up, with its monitor.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lab::project::{service, unchecked};
use lab::{Machine, Podman, Project, Release, Report};

use super::apply::{Lives, apply, apply_while, await_good, lives, still_live};
use super::shapes::told;

/// Services that go on running.
const RUNNING: [&str; 6] = ["api", "cache", "db", "proxy", "web", "worker"];

/// Init services take a moment: podman starts an exited dependency again, and refuses a dependent whose dependency has
/// ended before it looks.
fn init(name: &str) -> String {
    format!(
        "  {name}:\n    image: localhost/box:latest\n    command: [sh, -c, 'sleep 0.5; echo {name} ends']\n"
    )
}

fn services() -> Vec<String> {
    vec![
        init("migrate"),
        init("seed"),
        service("db", "depends_on: {migrate: {condition: service_completed_successfully}}\n"),
        unchecked("cache", ""),
        service(
            "web",
            "depends_on: {db: {condition: service_healthy}, seed: {condition: service_completed_successfully}}\n",
        ),
        service("api", "depends_on: {cache: {condition: service_started}}\n"),
        unchecked("worker", "restart: always\n"),
        init("report"),
        unchecked("proxy", "ports: ['8080:80']\n"),
        unchecked("debug", "profiles: [debug]\n"),
    ]
}

/// Options of every run: `report` is a job that nobody waits for.
const OPTIONS: [&str; 2] = ["--oneshot=report", "--unit=ten.service"];

fn run(project: &Project<'_>) -> Result<Report> {
    apply(project, &OPTIONS)
}

/// Runs it, and lets something happen while it looks on: nothing has been up for as long as it asks. A run without a wait
/// tells how long this machine takes to come so far.
fn run_while(project: &Project<'_>, meanwhile: impl FnOnce() -> Result<()> + Send) -> Result<Report> {
    let started = Instant::now();
    run(project)?.exits(0)?.without_steps()?;
    let looks_on = started.elapsed() * 2 + Duration::from_millis(500);
    apply_while(project, &[OPTIONS[0], OPTIONS[1], "--stable=3600"], || {
        sleep(looks_on);
        meanwhile()
    })
}

/// Makes all good again and says what lives then.
fn mend(project: &Project<'_>) -> Result<Lives> {
    for service in RUNNING {
        project.cure(service)?;
    }
    // A live check turns healthy by itself; the program would call it sick before.
    for service in RUNNING {
        let containers = project.containers()?;
        let sick = |container: &lab::podman::Container| {
            container.service() == service
                && container.health() == "unhealthy"
                && container.state.status == "running"
        };
        if containers.iter().any(sick) {
            await_good(project, service)?;
        }
    }
    run(project).and_then(|report| report.exits(0)?.without_failures()).context("mending")?;
    let lives = lives(project)?;
    let names: Vec<&str> = lives.keys().map(String::as_str).collect();
    ensure!(names == RUNNING, "after mending these run: {names:?}");
    Ok(lives)
}

pub(crate) fn failures(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let project = Project::write(&podman, "ten", &services())?;

    // Unhealthy at the very first start: what depends on it keeps the provider from ever coming back.
    project.sicken("db")?;
    let report = run(&project)?;
    report.exits(1)?.blames("fail", &["AF3"], "db").context("unhealthy at start")?;
    // As far as the provider came before it was ended.
    let up = lives(&project)?;
    ensure!(up.contains_key("db"), "unhealthy at start: {up:?}");

    // The stack as it should be: nothing that was up is started anew for it, and a second run does nothing at all.
    let before = mend(&project).context("after the first start")?;
    still_live(&project, &up, &["db"]).context("mended after the first start")?;
    let ended = ["migrate", "seed", "report"].map(|name| project.container(name));
    run(&project)?.exits(0)?.without_steps()?;
    still_live(&project, &before, &[]).context("without a change")?;
    for container in ended {
        let container = container?;
        ensure!(podman.container(&container.name)? == container, "{} has run again", container.name);
    }

    // While the program looks on.
    let faults: [(&str, &str, &[&str], Fault); 7] = [
        ("unhealthy later", "api", &["AF3"], |project| project.sicken("api")),
        ("exit 0", "api", &["AF2"], |project| project.end("api", 0)),
        ("exit 3", "cache", &["AF2"], |project| project.end("cache", 3)),
        ("killed as out of memory", "db", &["AF2"], |project| {
            project.podman.kill(project.container("db")?.state.pid)
        }),
        ("a crash loop", "worker", &["AF2", "AF5"], |project| project.end("worker", 1)),
        ("removed", "proxy", &["AF1", "AF10"], |project| {
            project.podman.user(&["podman", "rm", "--force", "--time=0", "ten_proxy_1"]).ok().map(drop)
        }),
        ("a monitor killed", "cache", &["AF8"], |project| {
            project.podman.kill(project.container("cache")?.state.conmon_pid)
        }),
    ];
    for (name, service, shapes, fault) in faults {
        let before = mend(&project).with_context(|| format!("before {name}"))?;
        let report = run_while(&project, || fault(&project)).context(name)?;
        ensure!(matches!((name, report.exit), (_, 1) | ("removed", 3)), "{name}: {report:#?}");
        report.blames("fail", shapes, service).context(name)?;
        still_live(&project, &before, &[service]).context(name)?;
        if name == "a monitor killed" {
            // Nothing but a new container helps. Podman 5.4 fails to remove a ghost, and does it when asked again.
            let remove = "podman rm --force --time=0 --depend ten_cache_1";
            podman.sh(&format!("{remove} || {remove}"))?;
        }
    }
    podman_dies(&project)?;
    clashes(&project)?;
    no_image(&project)
}

type Fault = fn(&Project<'_>) -> Result<()>;

/// Podman itself goes away for a while; its containers do not notice.
fn podman_dies(project: &Project<'_>) -> Result<()> {
    let before = mend(project).context("before podman dies")?;
    let machine = &project.podman.machine;
    let report = run_while(project, || {
        machine.root(&["mount", "--bind", "/bin/false", "/usr/bin/podman"]).ok().map(drop)
    })?;
    machine.root(&["umount", "/usr/bin/podman"]).ok()?;
    ensure!(matches!(report.exit, 1 | 69), "podman dies: {report:#?}");
    still_live(project, &before, &[]).context("podman dies")
}

/// The container is gone, and another has its name or its port.
fn clashes(project: &Project<'_>) -> Result<()> {
    let podman = project.podman;
    for (service, other) in [("proxy", "--name=other --publish=8080:80"), ("worker", "--name=ten_worker_1")] {
        let before = mend(project).with_context(|| format!("before the clash of {service}"))?;
        podman.sh(&format!(
            "podman rm --force --time=0 ten_{service}_1
             podman run --quiet --detach {other} localhost/box:latest sleep 600"
        ))?;
        let report = run(project)?.fails(service).with_context(|| format!("the clash of {service}"))?;
        ensure!(matches!(report.exit, 1 | 3), "the clash of {service}: {report:#?}");
        still_live(project, &before, &[service]).with_context(|| format!("the clash of {service}"))?;
        podman.sh(&format!(
            "podman rm --force --time=0 {}",
            if service == "proxy" { "other" } else { "ten_worker_1" }
        ))?;
    }
    Ok(())
}

/// A service is added whose image nobody has.
fn no_image(project: &Project<'_>) -> Result<()> {
    let before = mend(project).context("before an image is missing")?;
    let mut services = services();
    services.push("  extra:\n    image: localhost/nowhere:latest\n    pull_policy: never\n".to_owned());
    project.rewrite(&services)?;
    let report = run(project)?;
    told(project, report)?.fails("extra").context("an image is missing")?;
    still_live(project, &before, &[]).context("an image is missing")
}
