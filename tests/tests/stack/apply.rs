//! Runs of `apply-and-verify` on a project, and several projects at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use lab::{Inside, Podman, Project, Report, wait_until};

/// Options of every run that does not say otherwise: short, and long enough for a machine that is busy.
const GENERAL: [&str; 3] = ["--timeout=40", "--apply-timeout=50", "--stable=1"];

/// Beyond what the program may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long something may take to become so.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// The command, as the user.
pub(crate) fn command(project: &Project<'_>, options: &[&str]) -> Inside {
    let file = format!("--file={}", project.file());
    let name = format!("--project={}", project.name);
    let mut command = vec!["apply-and-verify", "--json", &name, &file];
    command.extend(GENERAL.iter().filter(|general| {
        let name = general.split('=').next().unwrap_or_default();
        // Without a wait there is nothing to be bounded.
        let unasked = options.contains(&"--no-wait") && name != "--apply-timeout";
        !unasked && options.iter().all(|option| option.split('=').next() != Some(name))
    }));
    command.extend(options);
    project.podman.user(&command).deadline(DEADLINE)
}

/// Runs it.
pub(crate) fn apply(project: &Project<'_>, options: &[&str]) -> Result<Report> {
    Report::of(command(project, options).run()?)
}

/// Runs it while something happens.
pub(crate) fn apply_while(
    project: &Project<'_>,
    options: &[&str],
    meanwhile: impl FnOnce() -> Result<()> + Send,
) -> Result<Report> {
    thread::scope(|scope| {
        let other = scope.spawn(meanwhile);
        let report = apply(project, options);
        match other.join() {
            Ok(result) => result.context("disturbing")?,
            Err(_) => bail!("the thread that disturbs panicked"),
        }
        report
    })
}

/// What of a container changes when it is started anew: by service, its id, its start, and its monitor.
pub(crate) type Lives = BTreeMap<String, (String, String, i32)>;

/// The lives of the running containers of a project, each with a live monitor.
pub(crate) fn lives(project: &Project<'_>) -> Result<Lives> {
    lives_but(project, &[])
}

fn lives_but(project: &Project<'_>, except: &[&str]) -> Result<Lives> {
    let mut lives = Lives::new();
    for container in project.containers()? {
        if container.state.status == "running" && !except.contains(&container.service()) {
            project.podman.lives(&container)?;
            let (id, start, conmon) = container.life();
            lives.insert(container.service().to_owned(), (id.to_owned(), start.to_owned(), conmon));
        }
    }
    Ok(lives)
}

/// Fails unless all that lived still does, but for these services.
pub(crate) fn still_live(project: &Project<'_>, before: &Lives, except: &[&str]) -> Result<()> {
    let now = lives_but(project, except)?;
    for (service, life) in before {
        if !except.contains(&service.as_str()) {
            ensure!(
                now.get(service) == Some(life),
                "{service} is not what it was: {life:?}, now {:?}",
                now.get(service)
            );
        }
    }
    Ok(())
}

/// Waits until a service's container is healthy, or without a check running.
pub(crate) fn await_good(project: &Project<'_>, service: &str) -> Result<()> {
    let is_good = || {
        let containers = project.containers()?;
        let found = containers.iter().find(|container| container.service() == service);
        Ok(found.is_some_and(|container| {
            container.state.status == "running" && matches!(container.health(), "" | "healthy")
        }))
    };
    wait_until(LONG, is_good).with_context(|| format!("waiting for {service}: {:?}", project.containers()))
}

/// A case with a project of its own in a machine that others use at the same time.
pub(crate) type Case = (&'static str, fn(&Podman) -> Result<()>);

/// Runs the cases, some at a time, and names all that are wrong.
pub(crate) fn all_at_once(podman: &Podman, cases: &[Case], at_once: usize) -> Result<()> {
    let queue = Mutex::new(cases.iter());
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((name, case)) = next else { break };
                    let started = Instant::now();
                    let result = case(podman);
                    // Shown when the test fails.
                    lab::host::say(&format!("{:5.1} s {name}", started.elapsed().as_secs_f32())).ok();
                    if let Err(error) = result {
                        let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                        wrong.push(format!("{name}: {error:#}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
