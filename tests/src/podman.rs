//! A machine in which a user runs containers.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;

use crate::accounts::{TIM, User};
use crate::builder::Builder;
use crate::inside::{Inside, Output};
use crate::machine::{Machine, wait_until};
use crate::session::SOON;

/// The image that every container runs; see `tests/image`.
pub const IMAGE: &str = "localhost/box:latest";

/// The programs in it, beside busybox.
const PROGRAMS: [(&str, &str); 2] =
    [("service", include_str!("../image/service.sh")), ("healthy", include_str!("../image/healthy.sh"))];

/// Names that busybox goes by in it.
const APPLETS: &str = "sh sleep test cat true false kill nc";

/// What the user's containers run on. Dropping it kills all of it.
#[derive(Debug)]
pub struct Podman {
    /// Where it is.
    pub machine: Machine,
    /// Who runs them.
    pub user: User,
}

/// A container as `podman inspect` tells of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Without a slash.
    pub name: String,
    /// How it is doing.
    pub state: State,
    /// What it was made from.
    pub config: Config,
    /// How often its restart policy has started it again.
    #[serde(default)]
    pub restart_count: u32,
}

/// `State` of a container.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct State {
    /// `running`, `exited` and so on.
    pub status: String,
    /// Zero when it does not run.
    #[serde(default)]
    pub pid: i32,
    /// Its monitor, in the machine's PID namespace; zero when it does not run.
    #[serde(default)]
    pub conmon_pid: i32,
    /// Of the last run.
    pub exit_code: i32,
    /// RFC 3339.
    pub started_at: String,
    /// Only with a health check from podman 5 on.
    pub health: Option<Health>,
}

/// `State.Health` of a container.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// `healthy`, `unhealthy`, `starting`, or empty.
    pub status: String,
}

/// `Config` of a container.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Config {
    /// Null when there are none.
    pub labels: Option<BTreeMap<String, String>>,
}

impl Container {
    /// The service of a compose project.
    pub fn service(&self) -> &str {
        self.label("com.docker.compose.service")
    }

    /// A label, or nothing.
    pub fn label(&self, name: &str) -> &str {
        self.config.labels.as_ref().and_then(|labels| labels.get(name)).map_or("", String::as_str)
    }

    /// A word for its health; empty without a check.
    pub fn health(&self) -> &str {
        self.state.health.as_ref().map_or("", |health| health.status.as_str())
    }

    /// What changes when it is started anew or replaced.
    pub fn life(&self) -> (&str, &str, i32) {
        (&self.id, &self.state.started_at, self.state.conmon_pid)
    }
}

impl Podman {
    /// Boots the machine of a builder with podman, and returns when tim's manager is up and the image is there.
    pub fn boot(builder: Builder) -> Result<Self> {
        let machine = builder.podman().linger(TIM.name).boot()?;
        machine.wait_for("user@1000.service", "active", SOON)?;
        let podman = Self { machine, user: TIM };
        podman.make_image(IMAGE, "").context("making the image")?;
        Ok(podman)
    }

    /// An image of busybox and the programs of `tests/image`. `changes` are options of `podman import`.
    pub fn make_image(&self, name: &str, changes: &str) -> Result<()> {
        for (program, text) in PROGRAMS {
            let path = self.write(&format!("image/bin/{program}"), text)?;
            fs::set_permissions(self.machine.path(path), fs::Permissions::from_mode(0o755))?;
        }
        self.sh(&format!(
            "cd ~/image/bin; cp /bin/busybox .; for name in {APPLETS}; do ln -sf busybox $name; done; cd ..
             tar -c . | podman import --quiet {changes} - {name}"
        ))?;
        Ok(())
    }

    /// Lets docker-compose reach it: from then on that is the provider where none is named.
    pub fn serve(&self) -> Result<()> {
        self.user(&["systemctl", "--user", "start", "podman.socket"]).ok().map(drop)
    }

    /// A command as the user.
    pub fn user(&self, command: &[&str]) -> Inside {
        self.machine.user(self.user.name, command)
    }

    /// Runs a script as the user and fails when a command of it does.
    pub fn sh(&self, script: &str) -> Result<Output> {
        self.user(&["sh", "-euc", script]).ok()
    }

    /// Writes a file of the user's, whose folders are made; the path is below the home. Returns the whole path.
    pub fn write(&self, path: &str, text: &str) -> Result<String> {
        let home = self.user.home();
        let mut folder = home.clone();
        if let Some((parents, _)) = path.rsplit_once('/') {
            for name in parents.split('/') {
                folder = format!("{folder}/{name}");
                let host = self.machine.path(&folder);
                if !host.exists() {
                    fs::create_dir(&host).with_context(|| format!("making {folder}"))?;
                    self.give(&host)?;
                }
            }
        }
        let path = format!("{home}/{path}");
        let host = self.machine.path(&path);
        fs::write(&host, text).with_context(|| format!("writing {path}"))?;
        self.give(&host)?;
        Ok(path)
    }

    fn give(&self, path: &Path) -> Result<()> {
        chown(path, Some(self.user.uid), Some(self.user.gid))
            .with_context(|| format!("giving {} away", path.display()))
    }

    /// Removes a file of the user's; it may be missing.
    pub fn remove(&self, path: &str) -> Result<()> {
        match fs::remove_file(self.machine.path(format!("{}/{path}", self.user.home()))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {path}"))
            }
            _ => Ok(()),
        }
    }

    /// All of the user's containers, sorted by name, in one inspect. A filter of `podman ps` may choose among them.
    pub fn containers(&self, filter: &str) -> Result<Vec<Container>> {
        let mut list = vec!["podman", "ps", "--all", "--quiet", "--no-trunc"];
        if !filter.is_empty() {
            list.extend(["--filter", filter]);
        }
        let listed = self.user(&list).ok()?;
        let ids: Vec<&str> = listed.text().lines().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let inspect = [&["podman", "inspect", "--type", "container"], ids.as_slice()].concat();
        let shown = self.user(&inspect).ok()?;
        let mut containers: Vec<Container> =
            serde_json::from_str(&shown.stdout).with_context(|| format!("reading the JSON of {shown}"))?;
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(containers)
    }

    /// One of them.
    pub fn container(&self, name: &str) -> Result<Container> {
        let found = self.containers(&format!("name=^{name}$"))?;
        found.into_iter().next().ok_or_else(|| anyhow!("there is no container {name}"))
    }

    /// Waits until a container is so.
    pub fn wait_for(&self, name: &str, deadline: Duration, is_so: impl Fn(&Container) -> bool) -> Result<()> {
        wait_until(deadline, || Ok(is_so(&self.container(name)?)))
            .with_context(|| format!("waiting for {name}: {:?}", self.container(name)))
    }

    /// Where a process of the machine is in its cgroup tree.
    pub fn cgroup_of(&self, pid: i32) -> Result<String> {
        let path = format!("/proc/{pid}/cgroup");
        let text = fs::read_to_string(self.machine.path(&path)).with_context(|| format!("reading {path}"))?;
        match text.lines().find_map(|line| line.strip_prefix("0::")) {
            Some(cgroup) => Ok(cgroup.to_owned()),
            None => bail!("reading {path}: no cgroup2 in {text:?}"),
        }
    }

    /// Fails unless the container's program and its monitor are alive, whatever podman says.
    pub fn lives(&self, container: &Container) -> Result<()> {
        let Container { name, state, .. } = container;
        ensure!(state.status == "running", "{name} is {}", state.status);
        for pid in [state.pid, state.conmon_pid] {
            let process = self.machine.path(format!("/proc/{pid}"));
            ensure!(pid > 1 && process.exists(), "{name}: process {pid} is gone: {container:?}");
        }
        Ok(())
    }

    /// Kills a process of the machine with SIGKILL.
    pub fn kill(&self, pid: i32) -> Result<()> {
        ensure!(pid > 1, "killing process {pid} of the machine");
        self.machine.root(&["kill", "-KILL", &pid.to_string()]).ok().map(drop)
    }
}
