//! What a test says of its machine before it is booted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::accounts::{self, User};
use crate::machine::Machine;
use crate::release::Release;
use crate::root::{self, PLAIN, PODMAN, Profile};
use crate::spec::{Lower, Payload, Spec};
use crate::wsl::{self, Wsl};
use crate::{cgroup, containers, programs};

/// How long a machine may take to be up.
const DEADLINE: Duration = Duration::from_secs(60);

/// A machine to be booted. Everything is put in place in the order of the calls.
#[derive(Debug, Clone)]
#[must_use = "nothing boots before `boot`"]
pub struct Builder {
    release: Release,
    wsl: Option<Wsl>,
    gui: bool,
    automount_root: String,
    environment: Vec<(String, String)>,
    binds: Vec<(PathBuf, PathBuf)>,
    payload: Vec<Payload>,
    before_systemd: Vec<Vec<String>>,
    programs: bool,
    profile: &'static Profile,
    memory: Vec<PathBuf>,
    deadline: Duration,
}

impl Builder {
    pub(crate) fn new(release: Release) -> Self {
        Self {
            release,
            wsl: None,
            gui: true,
            automount_root: "/mnt".to_owned(),
            environment: Vec::new(),
            binds: Vec::new(),
            payload: Vec::new(),
            before_systemd: Vec::new(),
            programs: false,
            profile: &PLAIN,
            memory: Vec::new(),
            deadline: DEADLINE,
        }
    }

    /// Makes WSL's mounts before systemd starts, and gives PID 1 WSL's environment.
    pub fn wsl(mut self, wsl: bool) -> Self {
        self.wsl = wsl.then(|| Wsl { gui: self.gui, automount_root: self.automount_root.clone() });
        self
    }

    /// WSL's `guiApplications`, true by default; without it `/mnt/wslg` is a folder on the root file system.
    pub fn gui(mut self, gui: bool) -> Self {
        self.gui = gui;
        let wsl = self.wsl.is_some();
        self.wsl(wsl)
    }

    /// WSL's `automount.root`, `/mnt` by default.
    pub fn automount_root(mut self, path: &str) -> Self {
        path.clone_into(&mut self.automount_root);
        let wsl = self.wsl.is_some();
        self.wsl(wsl)
    }

    /// Writes a file, whose folder is made when it is missing.
    pub fn file(self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>, mode: u32) -> Self {
        self.put(Payload::File { path: path.into(), contents: contents.into(), mode })
    }

    /// Copies a file of the host, with its mode.
    pub fn copy(self, host: impl Into<PathBuf>, path: impl Into<PathBuf>) -> Self {
        self.put(Payload::Copy { host: host.into(), path: path.into() })
    }

    /// Shows a folder of the host, on the host's own file system. What is written there stays.
    pub fn bind(mut self, host: impl Into<PathBuf>, path: impl Into<PathBuf>) -> Self {
        self.binds.push((host.into(), path.into()));
        self
    }

    /// Makes a symbolic link at `path`, in place of what is there.
    pub fn link(self, path: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.put(Payload::Link { path: path.into(), target: target.into() })
    }

    /// Makes a folder.
    pub fn directory(self, path: impl Into<PathBuf>, mode: u32, uid: u32, gid: u32) -> Self {
        self.put(Payload::Directory { path: path.into(), mode, uid, gid })
    }

    /// Puts the linger file of a user there, as an earlier `loginctl enable-linger` left it.
    pub fn linger(self, user: &str) -> Self {
        let file =
            accounts::find(user).map_or_else(|| Path::new(accounts::LINGER).join(user), User::linger_file);
        self.directory(accounts::LINGER, 0o755, 0, 0).file(file, "", 0o644)
    }

    /// Enables a unit of the system manager, as `systemctl enable` does.
    pub fn enable(self, unit: &str) -> Self {
        self.before_systemd(&["systemctl", "--root=/", "enable", "--quiet", unit])
    }

    /// Runs a command when everything is mounted and in place, and before systemd.
    pub fn before_systemd(mut self, command: &[&str]) -> Self {
        self.before_systemd.push(command.iter().map(|&word| word.to_owned()).collect());
        self
    }

    /// Which WSL it says to be, such as `2.6.3.0`.
    pub fn wsl_version(self, version: &str) -> Self {
        self.wsl(true).env(wsl::VERSION_VARIABLE, version)
    }

    /// Sets a variable in the environment of PID 1, or another value of it.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Installs the programs under test into `/usr/local/bin`, and their unit files.
    pub fn programs(mut self) -> Self {
        self.programs = true;
        self
    }

    /// Podman in place of a plain root; see [`crate::containers`].
    pub fn podman(mut self) -> Self {
        self.profile = &PODMAN;
        self.memory.extend(containers::STORAGE.map(PathBuf::from));
        containers::FILES
            .into_iter()
            .fold(self, |builder, (path, text)| builder.file(path, text, 0o644))
            .link(containers::ONLINE.0, containers::ONLINE.1)
            .link(containers::REGISTRY.0, containers::REGISTRY.1)
    }

    /// How long `boot` waits.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Boots it; returns when systemd says `running` or `degraded`.
    pub fn boot(self) -> Result<Machine> {
        let lower = match self.release {
            Release::Host => Lower::HostUsr,
            Release::Debian(suite) => Lower::Root(root::ensure(self.profile, suite)?),
        };
        let mut environment = match self.wsl {
            Some(_) => Wsl::environment(),
            None => vec![("container".to_owned(), "lab".to_owned())],
        };
        for (name, value) in self.environment {
            environment.retain(|(known, _)| *known != name);
            environment.push((name, value));
        }
        let mut payload = if self.programs { programs::payload()? } else { Vec::new() };
        payload.extend(self.payload);
        for path in payload.iter().map(Payload::path) {
            if !path.is_absolute() {
                bail!("putting {} into the machine: the path is not absolute", path.display());
            }
        }
        let spec = Spec {
            lower,
            cgroup: cgroup::name()?,
            hostname: "lab".to_owned(),
            wsl: self.wsl,
            environment,
            binds: self.binds,
            memory: self.memory,
            payload,
            before_systemd: self.before_systemd,
        };
        Machine::boot(self.release, &spec, self.deadline)
    }

    fn put(mut self, payload: Payload) -> Self {
        self.payload.push(payload);
        self
    }
}
