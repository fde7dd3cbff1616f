//! One look at one container, as plain values.

use podman::container::Healthcheck;
use podman::{Container, Health, Status};

/// What the judgement rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// podman's word for its state.
    pub status: Status,
    /// What it last exited with.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub is_oom_killed: bool,
    /// What podman says went wrong when it was started.
    pub error: String,
    /// How often the restart policy has started it anew.
    pub restarts: i64,
    /// When it was last started, in µs since 1970.
    pub started: Option<i64>,
    /// How it is to be checked; `None` where it is not.
    pub healthcheck: Option<Healthcheck>,
    /// What the checks said.
    pub health: Option<Health>,
    /// Whether its first process lives; `None` where there is none to look for.
    pub is_alive: Option<bool>,
    /// Whether the process that watches it lives.
    pub is_watched: Option<bool>,
    /// Path of the watching process's control group.
    pub watcher_group: Option<String>,
}

impl Sight {
    /// Of a container, and of what its processes are known to be.
    #[must_use]
    pub fn new(container: &Container, is_alive: Option<bool>, is_watched: Option<bool>) -> Self {
        Self {
            id: container.id.clone(),
            name: container.name.clone(),
            status: container.status.clone(),
            exit_code: container.exit_code,
            is_oom_killed: container.is_oom_killed,
            error: container.error.clone(),
            restarts: container.restarts,
            started: container.started,
            healthcheck: container.healthcheck.clone(),
            health: container.health.clone(),
            is_alive,
            is_watched,
            watcher_group: None,
        }
    }

    /// The word of the health check, empty where there is none.
    #[must_use]
    pub fn health_word(&self) -> &str {
        match (&self.healthcheck, &self.health) {
            (Some(_), Some(health)) => &health.status,
            _ => "",
        }
    }
}
