//! How each end is told.

use oneshot::text::{printable, tail};
use oneshot::{Exit, Finding, Status};
use stack::judge::{Failure, Provider, Service, Verdict, Wait};
use stack::require::Lack;
use stack::sight::Sight;
use stack::up::Outcome;

/// How much of a health check's words is shown.
const SAID: usize = 500;

/// As a shell reaches podman with it.
const DOCKER_COMPOSE: &str = "DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock docker-compose";

/// How many digits of an id podman itself shows.
const SHORT: usize = 12;

/// What is missing before anything is changed.
pub(crate) fn lack(lack: &Lack) -> Finding {
    match lack {
        Lack::ComposeFile(path) => {
            let text = format!("the compose file {} does not exist", path.display());
            Finding::fail("compose-file", text).shape("AF13").exits(Exit::Config)
        }
        Lack::EnvFile(path, service) => {
            let of = service.as_ref().map(|name| format!(" of service {name}")).unwrap_or_default();
            let text = format!("the env file {}{of} does not exist", path.display());
            Finding::fail("env-file", text).shape("AF13").exits(Exit::Config)
        }
        Lack::Secret(path, name) => {
            let text = format!("the file {} of secret {name} does not exist", path.display());
            Finding::fail("secret-file", text).shape("AF13").exits(Exit::Config)
        }
        Lack::ConfigFile(path, name) => {
            let text = format!("the file {} of config {name} does not exist", path.display());
            Finding::fail("config-file", text).shape("AF13").exits(Exit::Config)
        }
        Lack::RuntimeDirectory(path, wrong) => {
            let text = format!("the runtime directory {} cannot be used: {wrong}", path.display());
            session(Finding::fail("runtime-dir", text))
        }
        Lack::Bus(path, wrong) => {
            let text = format!("no user manager answers at {}: {wrong}", path.display());
            session(Finding::fail("user-bus", text))
        }
        Lack::Api(path, wrong) => {
            let text = format!("docker-compose reaches podman at {}, and {wrong}", path.display());
            Finding::fail("podman-socket", text).shape("AF14").exits(Exit::Unavailable).hint(
                "systemctl --user enable --now podman.socket (for root without --user), or --provider podman-compose",
            )
        }
        Lack::Helper(name) => {
            let text = format!("podman needs {name}, which is not in PATH");
            let finding = Finding::fail("helper", text).shape("AF14").exits(Exit::Unavailable);
            finding.hint(match *name {
                "systemd-run" => "without it podman makes no timer for a health check; add systemd to the unit's PATH",
                _ => "on NixOS it is in /run/wrappers/bin (virtualisation.podman.enable); elsewhere install uidmap or shadow",
            })
        }
    }
}

/// The project is another provider's.
pub(crate) fn foreign(project: &str, names: &[&str], provider: &str) -> Finding {
    let names = printable(&names.join(", "));
    let (other, program) = if provider.contains("docker") {
        ("podman-compose", "podman-compose")
    } else {
        ("docker-compose", DOCKER_COMPOSE)
    };
    Finding::fail(
        "other-provider",
        format!("{names} of project {project} were not made by {provider}, but by {other}"),
    )
    .about(project)
    .exits(Exit::Config)
    .hint(format!("to stay with it: --provider {other}"))
    .hint(format!(
        "to change: {program} --project-name {project} down, which keeps named volumes, and then this again"
    ))
}

fn session(finding: Finding) -> Finding {
    finding.shape("AF14").exits(Exit::Unavailable).hint(
        "the user's manager runs containers and the timers of their health checks; check-user-session names the cause",
    )
}

/// Where a service stands, in a few words.
pub(crate) fn stand(service: &Service) -> String {
    match &service.verdict {
        Verdict::Good if service.expected.ends => "has done its work".to_owned(),
        Verdict::Good => match service.container.as_ref().map(Sight::health_word) {
            Some("healthy") => "healthy".to_owned(),
            _ => "running".to_owned(),
        },
        Verdict::Waiting(wait) => wait.to_string(),
        Verdict::Failed(failure) => failure.to_string(),
    }
}

/// A service that did not become good. `logs`: what its container last said. `exit`: what the run ends with.
pub(crate) fn service(service: &Service, outcome: &Outcome, logs: &[String], exit: Exit) -> Finding {
    let name = printable(&service.expected.service);
    let mut text = match &service.verdict {
        Verdict::Waiting(_) => format!("service {name} is undecided: {}", stand(service)),
        _ => format!("service {name} {}", stand(service)),
    };
    if let Some(sight) = &service.container {
        text.push_str(&about(sight));
    }
    let status = if service.expected.optional { Status::Warn } else { Status::Fail };
    let mut finding = Finding::new(status, "service", text).about(&service.expected.service);
    finding = finding.compared(if service.expected.ends { "exited 0" } else { "running" }, actual(service));
    if let Verdict::Failed(failure) = &service.verdict {
        finding = finding.shape(failure.shape());
    }
    if let Verdict::Waiting(Wait::Health(_)) = &service.verdict {
        finding = finding.shape("AF4");
    }
    if status == Status::Fail {
        finding = finding.exits(exit);
    }
    finding.hints(hints(service, outcome, logs))
}

/// A service that was still on its way when another one decided the run.
pub(crate) fn unsettled(service: &Service) -> Finding {
    let name = printable(&service.expected.service);
    Finding::skip("service", format!("service {name} was not waited for: {}", stand(service)))
        .about(&service.expected.service)
}

/// A service that is good.
pub(crate) fn good(service: &Service) -> Finding {
    let name = printable(&service.expected.service);
    Finding::ok("service", format!("service {name}: {}", stand(service))).about(&service.expected.service)
}

fn about(sight: &Sight) -> String {
    let id: String = sight.id.chars().take(SHORT).collect();
    let mut text = format!(" (container {} {id}, {}", printable(&sight.name), sight.status);
    if !sight.health_word().is_empty() {
        text.push_str(&format!(", health {}", printable(sight.health_word())));
    }
    if sight.status == podman::Status::Exited {
        text.push_str(&format!(", exit code {}", sight.exit_code));
    }
    text.push(')');
    text
}

fn actual(service: &Service) -> String {
    let Some(sight) = &service.container else { return "no container".to_owned() };
    match sight.health_word() {
        "" => sight.status.to_string(),
        health => format!("{}, {}", sight.status, printable(health)),
    }
}

fn hints(service: &Service, outcome: &Outcome, logs: &[String]) -> Vec<String> {
    let Some(sight) = &service.container else {
        return said(outcome).into_iter().collect();
    };
    let mut hints = Vec::new();
    if let Some(health) = sight.health.as_ref().filter(|_| sight.healthcheck.is_some())
        && let Some(code) = health.last_exit
        && health.status != "healthy"
    {
        let said = tail(health.last_output.as_bytes(), SAID);
        let said = if said.is_empty() { "nothing".to_owned() } else { said };
        hints.push(format!("the last health check ended with {code} and said: {said}"));
    }
    if matches!(service.verdict, Verdict::Failed(Failure::NeverStarted)) {
        // Of a container that was started this may be an error of a second start, which says nothing.
        if sight.error.is_empty() {
            hints.extend(said(outcome));
        } else {
            hints.push(format!("podman said: {}", tail(sight.error.as_bytes(), SAID)));
        }
    }
    hints.extend(logs.iter().map(|line| format!("log: {}", printable(line))));
    hints.extend(cure(service, sight));
    hints
}

/// The provider's words, where its success is what is contradicted; where it failed they stand with it.
fn said(outcome: &Outcome) -> Option<String> {
    let is_told_here = outcome.provider == Some(Provider::Ended { ok: true }) && !outcome.words.is_empty();
    is_told_here.then(|| format!("the provider said: {}", outcome.words))
}

fn cure(service: &Service, sight: &Sight) -> Option<String> {
    let name = printable(&sight.name);
    let Verdict::Failed(failure) = &service.verdict else {
        return Some(format!("podman inspect {name} tells more"));
    };
    Some(match failure {
        Failure::Ended => format!(
            "if it is to do its work and end: --oneshot {}, or have others wait for it with \
             condition: service_completed_successfully",
            printable(&service.expected.service)
        ),
        Failure::Ghost { .. } => {
            "its conmon was killed with the unit that started it: that unit needs KillMode=process; run this again, which \
             makes the container anew"
                .to_owned()
        }
        Failure::OomKilled => "raise mem_limit, or find what it uses its memory for".to_owned(),
        Failure::Paused => format!("podman unpause {name}"),
        Failure::Unhealthy { .. } => format!("podman healthcheck run {name} repeats the check"),
        Failure::Exited { .. } | Failure::Restarting { .. } => format!("podman logs {name} tells more"),
        Failure::NeverStarted | Failure::Missing { .. } => format!("podman start {name} says why"),
    })
}

/// What is to be said of the provider itself, if anything.
pub(crate) fn provider(outcome: &Outcome, name: &str, exit: Exit) -> Option<Finding> {
    let waited = match outcome.waited_for.as_slice() {
        [] => String::new(),
        names => format!("; it waited for {}", printable(&names.join(", "))),
    };
    let finding = match outcome.provider? {
        Provider::Ended { ok: false } => {
            let code = outcome.code.map_or("a signal".to_owned(), |code| code.to_string());
            let text = format!("{name} failed: it ended with {code}");
            if exit == Exit::Ok {
                Finding::warn("provider", text).shape("AF7")
            } else {
                Finding::fail("provider", text).exits(exit)
            }
        }
        Provider::Stuck => {
            let text =
                format!("{name} was ended, because it waited for a container that nobody makes{waited}");
            Finding::fail("provider", text).shape("AF6").exits(exit)
        }
        Provider::Cut if outcome.stopped.is_some() => return None,
        Provider::Cut
            if outcome
                .services
                .iter()
                .any(|one| matches!(one.verdict, Verdict::Failed(ref why) if !why.is_absence())) =>
        {
            let text =
                format!("{name} was ended, because a service had failed and it was still at work{waited}");
            Finding::warn("provider", text).shape("AF6")
        }
        Provider::Cut => {
            let text = format!("{name} had not ended at --apply-timeout and was ended{waited}");
            Finding::fail("provider", text).shape("AF6").exits(exit)
        }
        Provider::Ended { ok: true } | Provider::Working | Provider::Idle => return None,
    };
    Some(if outcome.words.is_empty() { finding } else { finding.hint(format!("it said: {}", outcome.words)) })
}

/// A pull that did not work, after which nothing else is tried.
pub(crate) fn pull(outcome: &Outcome, exit: Exit) -> Option<Finding> {
    let why = match (outcome.provider?, outcome.code) {
        (Provider::Ended { ok: true }, _) => return None,
        (Provider::Ended { ok: false }, Some(code)) => format!("podman pull ended with {code}"),
        (Provider::Ended { ok: false }, None) => "podman pull was killed".to_owned(),
        _ => "podman pull had not ended at --apply-timeout".to_owned(),
    };
    let finding = Finding::fail("pull", format!("{why}; no container was touched")).exits(exit);
    Some(if outcome.words.is_empty() { finding } else { finding.hint(format!("it said: {}", outcome.words)) })
}

/// The containers would not outlive a stop of the unit.
pub(crate) fn group(unit: &str, mode: &str, names: &[&str]) -> Finding {
    let names = printable(&names.join(", "));
    let text = format!("the conmon of {names} is in the control group of {unit}, whose KillMode= is {mode}");
    Finding::warn("kill-mode", text)
        .about(unit)
        .shape("AF9")
        .compared("process", mode)
        .hint(format!("when {unit} ends or fails, systemd kills it and the containers are lost: set KillMode=process in [Service]"))
}

/// How many services are good.
pub(crate) fn good_services(count: usize) -> String {
    if count == 1 { "1 service is good".to_owned() } else { format!("{count} services are good") }
}

/// The old state runs again.
pub(crate) fn rolled_back(project: &str, count: usize) -> Finding {
    let text =
        format!("project {project} is rolled back to what was last verified: {}", good_services(count));
    Finding::fail("rollback", text)
        .about(project)
        .exits(Exit::Contradicted)
        .hint("the compose files still ask for the state that failed: the next run applies it again")
}

/// There is nothing to go back to.
pub(crate) fn no_way_back(project: &str, is_untouched: bool) -> Finding {
    let why = if is_untouched { "it is what was last verified" } else { "nothing was ever verified of it" };
    Finding::fail("rollback", format!("project {project} is not rolled back: {why}")).about(project)
}

/// Going back failed as well.
pub(crate) fn not_rolled_back(project: &str, why: &str) -> Finding {
    Finding::fail("rollback", format!("rolling project {project} back failed: {}", printable(why)))
        .about(project)
}
