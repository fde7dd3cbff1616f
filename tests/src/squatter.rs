//! The other distribution of WSL up to 2.9.4: a systemd of another PID namespace in the same cgroup tree, whose user
//! manager was there first (WSL#40593).
//!
//! It is one process in `init.scope` of a `user@UID.service` that hands a controller on. By the rule of cgroups(7)
//! that only leaves hold processes, nobody else gets into that service.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};

use crate::cgroup;
use crate::inner;

/// An open collision; dropping it ends the other process.
#[derive(Debug)]
#[must_use = "dropping it ends the collision"]
pub struct Squatter {
    process: Child,
    /// The cgroups that hand the controller on, from the top.
    taken: Vec<PathBuf>,
    controller: String,
    /// Held so that two do not switch the same controller.
    _lock: Flock<File>,
}

impl Squatter {
    /// Takes `user@UID.service` of the machine whose cgroup is given.
    pub(crate) fn open(machine: &Path, uid: u32) -> Result<Self> {
        let base = cgroup::mount_point()?;
        let folder = File::open(&base).with_context(|| format!("opening {}", base.display()))?;
        let Ok(lock) = Flock::lock(folder, FlockArg::LockExclusive) else {
            bail!("locking {}", base.display())
        };
        let offered = controllers(&base.join("cgroup.controllers"))?;
        let enabled = controllers(&base.join("cgroup.subtree_control"))?;
        let Some(controller) = enabled.first().or(offered.first()) else {
            bail!("taking the cgroup of user {uid}: the host's cgroup2 has no controller");
        };
        let mut sleep = Command::new("sleep");
        sleep.arg("infinity").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        inner::die_with_parent(&mut sleep);
        let process = sleep.spawn().context("starting the other distribution's process")?;
        let mut squatter = Self { process, taken: Vec::new(), controller: controller.clone(), _lock: lock };
        if enabled.is_empty() {
            squatter.hand_on(base)?;
        }
        squatter.take(machine, uid)?;
        Ok(squatter)
    }

    fn take(&mut self, machine: &Path, uid: u32) -> Result<()> {
        let mut path = machine.to_owned();
        self.hand_on(path.clone())?;
        for part in ["user.slice".to_owned(), format!("user-{uid}.slice"), format!("user@{uid}.service")] {
            path.push(part);
            make(&path)?;
            self.hand_on(path.clone())?;
        }
        path.push("init.scope");
        make(&path)?;
        write(&path.join("cgroup.procs"), &self.process.id().to_string())
    }

    fn hand_on(&mut self, cgroup: PathBuf) -> Result<()> {
        write(&cgroup.join("cgroup.subtree_control"), &format!("+{}", self.controller))?;
        self.taken.push(cgroup);
        Ok(())
    }
}

impl Drop for Squatter {
    fn drop(&mut self) {
        // Nothing can be done about an error here, and the machine's end removes its cgroups anyhow.
        self.process.kill().ok();
        self.process.wait().ok();
        // From the bottom: a cgroup cannot take back what one below it still hands on.
        for cgroup in self.taken.iter().rev() {
            fs::write(cgroup.join("cgroup.subtree_control"), format!("-{}", self.controller)).ok();
        }
    }
}

fn controllers(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

fn make(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("making {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing {text} to {}", path.display()))
}
