//! How a run is told: on a terminal, in the journal, and where a project is made to lie about itself.

use anyhow::{Context as _, Result, ensure};
use lab::project::{service, unchecked};
use lab::{Machine, Podman, Project, Release, wait_until};

use super::apply::{LONG, apply, apply_while, await_good};

/// Healthy as soon as it is cured, and until then on its way.
const SLOW: &str = "healthcheck: {test: [CMD, healthy, web], interval: 1s, retries: 1, start_period: 300s}\n";

pub(crate) fn all(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    terminal(&podman).context("on a terminal")?;
    journal(&podman).context("in the journal")?;
    hostile(&podman).context("a hostile project")?;
    old_health(&podman).context("an old health")
}

fn slow<'a>(podman: &'a Podman, name: &str) -> Result<Project<'a>> {
    let project = Project::write(podman, name, &[unchecked("web", SLOW), unchecked("db", "")])?;
    project.sicken("web")?;
    Ok(project)
}

/// Cures it once podman has seen that it is not healthy yet.
fn cure(project: &Project<'_>) -> Result<()> {
    let is_up = || Ok(project.container("web").is_ok_and(|web| web.health() == "starting"));
    wait_until(LONG, is_up).context("waiting for web")?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    project.cure("web")
}

/// What a run says, with script(1) between it and this process: on a terminal of its own.
fn on_terminal(project: &Project<'_>, terminal: &str) -> Result<String> {
    let line = format!("apply-and-verify --project={} --file={} --stable=1", project.name, project.file());
    let command = ["script", "--quiet", "--return", "--command", &line, "/dev/null"];
    let run = project.podman.user(&command).env("TERM", terminal).deadline(LONG * 3);
    std::thread::scope(|scope| {
        let curing = scope.spawn(|| cure(project));
        let output = run.ok()?;
        curing.join().map_err(|_| anyhow::anyhow!("the thread that cures panicked"))??;
        Ok(output.stdout)
    })
}

/// A line for each service that is drawn anew, and of a line that moves nothing is left behind.
fn terminal(podman: &Podman) -> Result<()> {
    let project = slow(podman, "live")?;
    let said = on_terminal(&project, "xterm")?;
    for text in ["waiting to become healthy", "db", "web"] {
        ensure!(said.contains(text), "{text} is not told: {said:?}");
    }
    // A line is drawn over: back to its begin, and what was there is erased.
    ensure!(said.contains("\x1b[2K") || said.contains("\x1b[K"), "nothing moves: {said:?}");
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    ensure!(last.contains("project live is verified: 2 services are good"), "{said:?}");
    drop(project);
    let project = slow(podman, "dumb")?;
    let said = on_terminal(&project, "dumb")?;
    ensure!(!said.contains('\x1b'), "a terminal that can do nothing is sent escapes: {said:?}");
    ensure!(said.contains("project dumb is verified"), "{said:?}");
    Ok(())
}

/// One line for each step that a service gets further, with its level and nothing that moves.
fn journal(podman: &Podman) -> Result<()> {
    let project = slow(podman, "journal")?;
    let start = "/usr/local/bin/apply-and-verify --project=journal --file=%h/journal/compose.yaml --unit=%n --stable=1";
    let unit = project.unit(start, "KillMode=process\n")?;
    std::thread::scope(|scope| {
        let curing = scope.spawn(|| cure(&project));
        podman.user(&["systemctl", "--user", "start", &unit]).deadline(LONG * 3).ok()?;
        curing.join().map_err(|_| anyhow::anyhow!("the thread that cures panicked"))?
    })?;
    let of_unit = format!("_SYSTEMD_USER_UNIT={unit}");
    let read = [
        "journalctl",
        "--quiet",
        "--no-pager",
        "--output=cat",
        "SYSLOG_IDENTIFIER=apply-and-verify",
        &of_unit,
    ];
    podman.machine.root(&["journalctl", "--sync"]).ok()?;
    let said = podman.machine.root(&read).ok()?;
    let lines: Vec<&str> = said.text().lines().filter(|line| line.starts_with("service web: ")).collect();
    ensure!(lines.last() == Some(&"service web: healthy"), "{said}");
    let waiting = lines.iter().filter(|line| line.ends_with("waiting to become healthy")).count();
    ensure!(waiting == 1, "one line for one step: {said}");
    ensure!(lines.windows(2).all(|pair| pair.first() != pair.last()), "a line is repeated: {said}");
    ensure!(!said.stdout.contains('\x1b') && !said.stdout.contains('<'), "{said}");
    Ok(())
}

/// What somebody else wrote cannot draw on a terminal, start a line of its own, or hide what is wrong. Without a network: the
/// service's name would be an alias in it, at which the name server of podman 5.4 does not start.
fn hostile(podman: &Podman) -> Result<()> {
    let long = "x".repeat(20_000);
    let evil = "\\e[2J\\e]0;owned\\a\\r\\nok  all services are good\\n";
    let labels = format!("labels: {{\"a b\": \"{evil}\", 'quo\"te': \"it's\", long: {long}}}\n");
    let check = "healthcheck: {test: [CMD-SHELL, 'printf \"\\033[31m\\r\\nok  healthy\\n\\007\"; cat /state/long; test ! -e /state/w.sick'], \
                 interval: 1s, retries: 1}\n";
    let says = "command: [sh, -c, 'printf \"\\033[2J\\033]0;owned\\007\\rok  all is well\\n\\000\\n\"; cat /state/long; exec service w']\n";
    let web = format!(
        "  \"w\\e[31m b'\\\"\":\n    container_name: plain\n    network_mode: none\n    image: localhost/box:latest\n    volumes: [\"./state:/state\"]\n    {labels}    {check}    {says}"
    );
    let project = Project::write(podman, "evil", &[web, unchecked("db", "")])?;
    podman.write("evil/state/long", &format!("{long}\n"))?;
    apply(&project, &["--unit=evil.service"])?.exits(0)?.without_failures()?;
    apply(&project, &["--unit=evil.service"])?.exits(0)?.without_steps()?;
    podman.write("evil/state/w.sick", "")?;
    podman.wait_for("plain", LONG, |web| web.health() == "unhealthy")?;
    let report = apply(&project, &["--unit=evil.service"])?.exits(1)?.names("AF3")?;
    ensure!(
        report.findings.iter().any(|one| one.status == "fail" && one.text.contains("plain")),
        "{report:#?}"
    );
    let plain = ["apply-and-verify", "--project=evil", "--unit=evil.service", "--stable=1", "--verbose"];
    let file = format!("--file={}", project.file());
    let output = podman.user(&[&plain[..], &[&file]].concat()).deadline(LONG * 3).run()?;
    ensure!(output.code == 1, "{output}");
    for line in output.stderr.lines() {
        ensure!(line.starts_with("apply-and-verify: "), "a line of its own: {line:?}");
        ensure!(!line.chars().any(char::is_control), "control characters: {line:?}");
        ensure!(line.chars().count() < 4000, "a line of {} characters", line.chars().count());
    }
    ensure!(output.stdout.is_empty(), "{output}");
    Ok(())
}

/// AF12: one that has been unhealthy for longer than 90 s is made anew, which the provider would not do.
fn old_health(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "old", &[service("web", ""), unchecked("db", "")])?;
    apply(&project, &[])?.exits(0)?;
    let (web, db) = (project.container("web")?, project.container("db")?);
    project.sicken("web")?;
    podman.wait_for(&web.name, LONG, |web| web.health() == "unhealthy")?;
    // Not before its time: it is told, and left as it is.
    apply(&project, &[])?.exits(1)?.names("AF3")?;
    ensure!(project.container("web")?.id == web.id, "it was made anew too early");
    std::thread::sleep(std::time::Duration::from_secs(91));
    let dry = apply(&project, &["--dry-run"])?.exits(0)?;
    let removes = |report: &lab::Report| {
        report.steps.iter().any(|step| step.kind == "remove-container" && step.text.contains("unhealthy"))
    };
    ensure!(removes(&dry), "{dry:#?}");
    let report = apply_while(&project, &[], || {
        wait_until(LONG, || Ok(project.container("web").is_ok_and(|now| now.id != web.id)))?;
        Ok(())
    })?;
    ensure!(removes(&report), "{report:#?}");
    // It is still sick, and so is the new one.
    report.exits(1)?.names("AF3")?;
    project.cure("web")?;
    await_good(&project, "web")?;
    apply(&project, &[])?.exits(0)?;
    if podman.machine.release() == Release::FORKY {
        // podman-compose 1.3 makes all containers of a project anew.
        ensure!(project.container("db")?.life() == db.life(), "the service beside it was touched");
    }
    Ok(())
}
