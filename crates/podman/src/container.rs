//! Containers as `podman inspect` tells of them, any number in one call.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use oneshot::Deadline;
use serde_json::Value;

use crate::json::{flag, list, map, number, text, texts};
use crate::{Podman, time};

/// podman's exit code for its own errors (podman(1), "Exit Codes").
const OWN_ERROR: i32 = 125;

/// `State.Status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Made and never started.
    Created,
    /// On its way up.
    Initialized,
    /// Its first process runs, as far as podman knows.
    Running,
    /// Frozen.
    Paused,
    /// Its first process has ended; `stopped` is the same before podman has cleaned up.
    Exited,
    /// On its way down.
    Stopping,
    /// Being removed.
    Removing,
    /// `unknown`, and what a later release adds.
    Other(String),
}

impl From<&str> for Status {
    fn from(word: &str) -> Self {
        match word {
            "created" | "configured" => Self::Created,
            "initialized" => Self::Initialized,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "exited" | "stopped" => Self::Exited,
            "stopping" => Self::Stopping,
            "removing" => Self::Removing,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Created => "created",
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Exited => "exited",
            Self::Stopping => "stopping",
            Self::Removing => "removing",
            Self::Other(word) if word.is_empty() => "unknown",
            Self::Other(word) => word,
        })
    }
}

/// How a container is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthcheck {
    /// µs between two checks; 0 means that no timer is made.
    pub interval: i64,
    /// µs that one check may take.
    pub timeout: i64,
    /// µs after the start during which a failed check does not count.
    pub start_period: i64,
}

/// What the checks said.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Health {
    /// `starting`, `healthy`, `unhealthy`, and what a later release adds.
    pub status: String,
    /// Failures in a row.
    pub streak: i64,
    /// When the last check ended, in µs since 1970.
    pub last_end: Option<i64>,
    /// What the last check said, both streams.
    pub last_output: String,
    /// What it exited with.
    pub last_exit: Option<i64>,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without the slash that the Docker-compatible API puts before it.
    pub name: String,
    /// Id of the image that it was made from.
    pub image: String,
    /// The image as it was asked for.
    pub image_name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The state.
    pub status: Status,
    /// Its first process, while it runs.
    pub pid: Option<i32>,
    /// The process that watches it.
    pub conmon: Option<i32>,
    /// What it last exited with.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub is_oom_killed: bool,
    /// What podman says went wrong when it was started.
    pub error: String,
    /// When it was last started, in µs since 1970.
    pub started: Option<i64>,
    /// How often the restart policy has started it anew.
    pub restarts: i64,
    /// `None` where it has no health check, `["NONE"]` included.
    pub healthcheck: Option<Healthcheck>,
    /// `None` where nothing was said of it; a status survives the end of a container.
    pub health: Option<Health>,
    /// Its folder below the runtime directory, in which podman writes what a check said.
    pub run_folder: Option<PathBuf>,
    /// Whether it holds the namespaces of a pod and runs nothing of the user's.
    pub is_infra: bool,
}

/// What one `podman inspect` told.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Inspection {
    /// In the order of the question.
    pub containers: Vec<Container>,
    /// Those of the ids that podman does not know.
    pub missing: Vec<String>,
}

/// All of these containers in one call. An id that is not there is told as missing, any other error is an error.
pub fn inspect(podman: &Podman, ids: &[String], deadline: Deadline) -> Result<Inspection> {
    if ids.is_empty() {
        return Ok(Inspection::default());
    }
    let command = podman
        .command()
        .args(["inspect", "--type", "container", "--format", "json", "--"])
        .args(ids)
        .deadline(deadline);
    let outcome = command.run()?;
    // One that is missing makes the code 125; the others are told all the same.
    if !outcome.status.success() && outcome.status.code() != Some(OWN_ERROR) {
        bail!("podman inspect ended with {}: {}", outcome.status, outcome.words());
    }
    let containers = parse(&outcome.stdout)
        .with_context(|| format!("reading what podman inspect said ({})", outcome.words()))?;
    let missing: Vec<String> =
        ids.iter().filter(|id| !containers.iter().any(|found| found.id == **id)).cloned().collect();
    if !outcome.status.success() && missing.is_empty() {
        bail!("podman inspect ended with {}: {}", outcome.status, outcome.words());
    }
    Ok(Inspection { containers, missing })
}

/// The containers of an output of `podman inspect`.
pub fn parse(output: &[u8]) -> Result<Vec<Container>> {
    let value: Value = serde_json::from_slice(output)?;
    let Some(objects) = value.as_array() else { bail!("it is no list") };
    Ok(objects.iter().map(Container::from_json).collect())
}

impl Container {
    fn from_json(value: &Value) -> Self {
        let pid = |pointer| i32::try_from(number(value, pointer)).ok().filter(|pid| *pid > 0);
        Self {
            id: text(value, "/Id"),
            name: text(value, "/Name").trim_start_matches('/').to_owned(),
            image: text(value, "/Image"),
            image_name: text(value, "/ImageName"),
            labels: map(value, "/Config/Labels"),
            status: Status::from(text(value, "/State/Status").as_str()),
            pid: pid("/State/Pid"),
            conmon: pid("/State/ConmonPid"),
            exit_code: number(value, "/State/ExitCode"),
            is_oom_killed: flag(value, "/State/OOMKilled"),
            error: text(value, "/State/Error"),
            started: time::parse(&text(value, "/State/StartedAt")),
            restarts: number(value, "/RestartCount"),
            healthcheck: healthcheck(value),
            health: health(value),
            run_folder: run_folder(value),
            is_infra: flag(value, "/IsInfra"),
        }
    }

    /// A label, empty where there is none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

fn healthcheck(value: &Value) -> Option<Healthcheck> {
    let test = texts(value, "/Config/Healthcheck/Test");
    // `NONE` switches off the check of the image; podman makes a timer for it all the same.
    if test.is_empty() || test.first().is_some_and(|word| word == "NONE") {
        return None;
    }
    let micros = |key: &str| number(value, &format!("/Config/Healthcheck/{key}")) / 1000;
    Some(Healthcheck {
        interval: micros("Interval"),
        timeout: micros("Timeout"),
        start_period: micros("StartPeriod"),
    })
}

fn health(value: &Value) -> Option<Health> {
    // podman called it Healthcheck before 4.0. In 4.x one without a check has an object with an empty status.
    let state = value.get("State")?;
    let health = [state.get("Health"), state.get("Healthcheck")].into_iter().flatten().next()?;
    let status = text(health, "/Status");
    if status.is_empty() {
        return None;
    }
    let last = list(health, "/Log").last();
    Some(Health {
        status,
        streak: number(health, "/FailingStreak"),
        last_end: last.and_then(|last| time::parse(&text(last, "/End"))),
        last_output: last.map(|last| text(last, "/Output")).unwrap_or_default(),
        last_exit: last.map(|last| number(last, "/ExitCode")),
    })
}

/// The folder above `userdata`: podman writes `healthcheck.log` there (`libpod/healthcheck.go`, `healthCheckLogPath`).
fn run_folder(value: &Value) -> Option<PathBuf> {
    let file = [text(value, "/PidFile"), text(value, "/ResolvConfPath")]
        .into_iter()
        .find(|path| !path.is_empty())?;
    let folder = PathBuf::from(file);
    Some(folder.parent()?.parent()?.to_owned())
}

#[cfg(test)]
mod tests;
