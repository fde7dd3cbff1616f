//! docker-compose as the provider, which talks to podman's socket: its containers have other names and labels, and it ends by
//! itself where podman-compose hangs.

use anyhow::{Context as _, Result, ensure};
use lab::project::{once, service, unchecked};
use lab::session::SOON;
use lab::{Machine, Podman, Project, Release, Report, wait_until};

use super::apply::{LONG, all_at_once, apply, await_good, command, lives, still_live};

pub(crate) fn all(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    podman.serve()?;
    all_at_once(
        &podman,
        &[
            ("a start, and one without changes", start),
            ("as a unit", unit),
            ("unhealthy, and cured", sick),
            ("a dependency that is unhealthy", dependency),
            ("a dependency whose check nobody runs", untimed),
            ("an init service that fails", init),
            ("a missing image", no_image),
            ("a change of one service, and an orphan", changed),
            ("more containers, and fewer", scaled),
            ("the label of another unit", label),
            ("a project of the other provider", switched),
            ("a rollback", rollback),
            ("SIGTERM while it waits", terminated),
        ],
        2,
    )?;
    deaf(&podman)
}

/// An init service, a service with a check that waits for it, and one without a check.
fn three(name: &str, podman: &Podman) -> Result<Vec<String>> {
    podman.write(&format!("{name}/state/.keep"), "")?;
    let waits = "depends_on: {migrate: {condition: service_completed_successfully}}\n";
    Ok(vec![once("migrate", 0, ""), service("web", waits), unchecked("db", "")])
}

fn start(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dgood", &three("dgood", podman)?)?;
    let report = apply(&project, &["--unit=dgood.service"])?.exits(0)?.without_failures()?.with_steps()?;
    ensure!(report.steps.iter().any(|step| step.text.contains("docker-compose")), "{report:#?}");
    for container in project.containers()? {
        ensure!(container.name == format!("dgood-{}-1", container.service()), "{container:?}");
        ensure!(container.label("PODMAN_SYSTEMD_UNIT") == "dgood.service", "{container:?}");
    }
    let (before, ended) = (lives(&project)?, project.container("migrate")?);
    ensure!(before.len() == 2 && ended.state.status == "exited", "{before:?}");
    let report = apply(&project, &["--unit=dgood.service"])?.exits(0)?.without_steps()?;
    ensure!(report.findings.iter().any(|finding| finding.text.contains("unchanged")), "{report:#?}");
    still_live(&project, &before, &[])?;
    ensure!(project.container("migrate")? == ended, "the init service was run again");
    Ok(())
}

/// podman's service gives each conmon a scope of its own, so that no `KillMode=` of the unit can harm one.
fn unit(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dunit", &[service("web", "")])?;
    let start = "/usr/local/bin/apply-and-verify --json --project=dunit --file=%h/dunit/compose.yaml --unit=%n --stable=1 \
                 --timeout=30 --apply-timeout=30";
    let unit = project.unit(start, "StandardOutput=truncate:%h/dunit/report\n")?;
    podman.user(&["systemctl", "--user", "start", &unit]).ok()?;
    let report = Report::of(podman.user(&["cat", "dunit/report"]).ok()?)?.without_failures()?;
    ensure!(report.findings.iter().all(|finding| finding.id != "kill-mode"), "{report:#?}");
    let before = lives(&project)?;
    project.sicken("web")?;
    podman.wait_for("dunit-web-1", SOON, |web| web.health() == "unhealthy")?;
    let restart = podman.user(&["systemctl", "--user", "restart", &unit]).run()?;
    ensure!(restart.code == 1, "{restart}");
    let report = podman.user(&["sh", "-c", "cat dunit/report; exit 1"]).run()?;
    Report::of(report)?.blames("fail", &["AF3"], "web")?;
    still_live(&project, &before, &[])
}

fn sick(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dsick", &[service("web", ""), service("db", "")])?;
    project.sicken("web")?;
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF3"], "web")?;
    report.explains("AF3", &["web is sick"])?;
    project.cure("web")?;
    await_good(&project, "web")?;
    apply(&project, &[])?.exits(0)?.without_failures().map(drop)
}

fn dependency(podman: &Podman) -> Result<()> {
    let web = unchecked("web", "depends_on: {db: {condition: service_healthy}}\n");
    let project = Project::write(podman, "ddep", &[service("db", ""), web])?;
    project.sicken("db")?;
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF3"], "db")?.fails("web")?;
    // What it said last is told, how far everything had come before is not.
    let said: String = report.findings.iter().flat_map(|finding| finding.hint.clone()).collect();
    ensure!(said.contains("is unhealthy") && !said.contains("Starting"), "{said}");
    project.cure("db")?;
    await_good(&project, "db")?;
    apply(&project, &[])?.exits(0)?.without_failures().map(drop)
}

/// It would wait for ever for the health of a container that has no timer.
fn untimed(podman: &Podman) -> Result<()> {
    let check = "healthcheck: {test: [CMD, healthy, db], interval: 0s, retries: 1}\n";
    let web = unchecked("web", "depends_on: {db: {condition: service_healthy}}\n");
    let project = Project::write(podman, "duntimed", &[unchecked("db", check), web])?;
    apply(&project, &[])?.exits(0)?.without_failures().map(drop)
}

fn init(podman: &Podman) -> Result<()> {
    let waits = "depends_on: {migrate: {condition: service_completed_successfully}}\n";
    let project = Project::write(podman, "dinit", &[once("migrate", 4, ""), service("web", waits)])?;
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF2"], "migrate")?;
    report.explains("AF2", &["exited with 4", "migrate ends"]).map(drop)
}

fn no_image(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dimage", &[unchecked("db", "")])?;
    apply(&project, &[])?.exits(0)?;
    let before = lives(&project)?;
    let missing = "  web:\n    image: localhost/nowhere:latest\n    pull_policy: never\n".to_owned();
    project.rewrite(&[unchecked("db", ""), missing])?;
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF1"], "web")?;
    let said = report.findings.iter().flat_map(|finding| &finding.hint).any(|hint| hint.contains("nowhere"));
    ensure!(said, "{report:#?}");
    still_live(&project, &before, &[])
}

fn changed(podman: &Podman) -> Result<()> {
    let project =
        Project::write(podman, "dchanged", &[service("web", ""), unchecked("db", ""), unchecked("old", "")])?;
    apply(&project, &[])?.exits(0)?;
    let before = lives(&project)?;
    project.rewrite(&[service("web", "environment: {A: '1'}\n"), unchecked("db", "")])?;
    let report = apply(&project, &[])?.exits(0)?.with_steps()?;
    let told = |word: &str| report.steps.iter().any(|step| step.text.contains(word));
    ensure!(told("dchanged-old-1") && told("dchanged-web-1 created"), "{report:#?}");
    still_live(&project, &before, &["web", "old"])?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);
    let web = project.container("web")?.id;
    ensure!(before.get("web").is_some_and(|(old, ..)| *old != web), "web is the old one");
    Ok(())
}

fn scaled(podman: &Podman) -> Result<()> {
    for (name, provider) in [("dscale", "docker-compose"), ("pscale", "podman-compose")] {
        let provider = format!("--provider={provider}");
        // podman-compose 1.3.0 heeds one of the two only, 1.6.0 the other.
        let web = |count: u32| unchecked("web", &format!("scale: {count}\ndeploy: {{replicas: {count}}}\n"));
        let project = Project::write(podman, name, &[web(3)])?;
        apply(&project, &[&provider])?.exits(0)?.without_failures()?;
        let before = project.containers()?;
        ensure!(before.len() == 3, "{before:?}");
        project.rewrite(&[web(1)])?;
        apply(&project, &[&provider])?.exits(0)?.without_failures()?.with_steps()?;
        let left = project.containers()?;
        ensure!(left.len() == 1, "{provider}: {left:?}");
        podman.lives(left.first().context("none")?)?;
        apply(&project, &[&provider])?.exits(0)?.without_steps()?;
    }
    Ok(())
}

fn label(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dlabel", &[unchecked("web", "labels: {own: 'a \"b\" $$c'}\n")])?;
    apply(&project, &["--unit=old.service"])?.exits(0)?;
    apply(&project, &["--unit=new.service"])?.exits(0)?.with_steps()?;
    let web = project.container("web")?;
    ensure!(web.label("PODMAN_SYSTEMD_UNIT") == "new.service", "{web:?}");
    ensure!(web.label("own") == "a \"b\" $c", "its own label is lost: {web:?}");
    apply(&project, &["--unit=new.service"])?.exits(0)?.without_steps().map(drop)
}

/// docker-compose would make its own containers beside those of podman-compose, or fail at their network.
fn switched(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "dswitch", &[unchecked("web", "ports: ['8124:80']\n")])?;
    for (from, to) in [("podman-compose", "docker-compose"), ("docker-compose", "podman-compose")] {
        let [from_option, to_option] = [from, to].map(|name| format!("--provider={name}"));
        apply(&project, &[&from_option])?.exits(0)?.without_failures()?.with_steps()?;
        let before = lives(&project)?;
        for options in [&[&*to_option][..], &[&to_option, "--dry-run"]] {
            let report = apply(&project, options)?.exits(78)?.without_steps()?.fails("dswitch")?;
            let hints: String = report.findings.iter().flat_map(|finding| finding.hint.clone()).collect();
            ensure!(hints.contains(&format!("{from} --project-name dswitch down")), "{report:#?}");
        }
        still_live(&project, &before, &[])?;
        // As it says.
        let down = |provider: &str| {
            let host = "DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock";
            podman
                .sh(&format!("cd dswitch; {host} {provider} --project-name dswitch --file compose.yaml down"))
        };
        down(from)?;
        apply(&project, &[&to_option])?.exits(0)?.without_failures()?;
        down(to)?;
    }
    Ok(())
}

fn rollback(podman: &Podman) -> Result<()> {
    let web = |value: &str| service("web", &format!("environment: {{A: '{value}'}}\n"));
    let project = Project::write(podman, "drollback", &[web("$$HOME \"1\""), unchecked("db", "")])?;
    apply(&project, &["--rollback"])?.exits(0)?.without_failures()?;
    let before = lives(&project)?;
    project.rewrite(&[web("2"), once("db", 3, "")])?;
    apply(&project, &["--rollback"])?.exits(3)?.fails("db")?;
    await_good(&project, "web")?;
    await_good(&project, "db")?;
    let seen = podman.user(&["podman", "exec", "drollback-web-1", "cat", "/proc/1/environ"]).ok()?;
    ensure!(seen.stdout.contains("A=$HOME \"1\"\0"), "the variable did not come back: {seen}");
    ensure!(lives(&project)?.keys().eq(before.keys()));
    Ok(())
}

/// The provider is ended while it waits for a dependency; what runs goes on.
fn terminated(podman: &Podman) -> Result<()> {
    let check = "healthcheck: {test: [CMD, healthy, db], interval: 1s, retries: 1, start_period: 300s}\n";
    let web = unchecked("web", "depends_on: {db: {condition: service_healthy}}\n");
    let project = Project::write(podman, "dterm", &[unchecked("db", check), web])?;
    project.sicken("db")?;
    let mut running = command(&project, &[]).spawn()?;
    wait_until(LONG, || Ok(project.container("db").is_ok_and(|db| db.state.status == "running")))?;
    let before = lives(&project)?;
    let pid = podman.machine.root(&["pgrep", "-f", "^apply-and-verify --json --project=dterm"]).ok()?;
    podman.machine.root(&["kill", "-TERM", pid.text()]).ok()?;
    wait_until(LONG, || Ok(running.try_wait()?.is_some())).context("waiting for its end")?;
    ensure!(!running.wait()?.success());
    let provider = podman.machine.root(&["pgrep", "-f", "project-name dterm"]).run()?;
    ensure!(provider.code == 1, "the provider is still there: {provider}");
    still_live(&project, &before, &[])
}

/// A socket that is left over, and none at all: told before anything is touched.
fn deaf(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "ddeaf", &[unchecked("web", ""), unchecked("old", "")])?;
    apply(&project, &[])?.exits(0)?;
    let before = lives(&project)?;
    podman.sh(
        "systemctl --user stop podman.socket podman.service; test -S $XDG_RUNTIME_DIR/podman/podman.sock",
    )?;
    // What is in order needs no provider.
    apply(&project, &[])?.exits(0)?.without_steps()?;
    project.rewrite(&[unchecked("web", "environment: {A: '1'}\n")])?;
    for remove in [false, true] {
        if remove {
            podman.sh("rm $XDG_RUNTIME_DIR/podman/podman.sock")?;
        }
        let report = apply(&project, &["--provider=docker-compose"])?.exits(69)?.without_steps()?;
        let told = report
            .findings
            .iter()
            .any(|one| one.id == "podman-socket" && one.hint.concat().contains("podman.socket"));
        ensure!(told, "{report:#?}");
        still_live(&project, &before, &[])?;
    }
    Ok(())
}
