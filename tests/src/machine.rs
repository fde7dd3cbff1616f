//! A booted machine: reaching it, watching it, stopping it.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::builder::Builder;
use crate::inside::{Inside, wait};
use crate::login::Login;
use crate::mountinfo::{self, Row};
use crate::release::Release;
use crate::spec::{Spec, Started};
use crate::squatter::Squatter;
use crate::{cgroup, host};

/// How long the removal of a machine may take.
const STOP: Duration = Duration::from_secs(20);

/// A running systemd. Dropping it kills it and removes all of it.
pub struct Machine {
    release: Release,
    pid: i32,
    cgroup: PathBuf,
    supervisor: Child,
    /// Closing it is what ends the machine.
    lifeline: Option<ChildStdin>,
    console: File,
    /// WSLg's servers, which run outside of a distribution.
    wslg: Vec<UnixListener>,
}

impl Machine {
    /// A machine to be described and booted.
    pub fn builder(release: Release) -> Builder {
        Builder::new(release)
    }

    pub(crate) fn boot(release: Release, spec: &Spec, deadline: Duration) -> Result<Self> {
        cgroup::reap()?;
        let console = tempfile::tempfile().context("making the console")?;
        let mut supervisor = Command::new(host::lab_program()?)
            .arg("machine-supervise")
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(console.try_clone().context("duplicating the console")?)
            .spawn()
            .context("starting lab machine-supervise")?;
        let mut lifeline = supervisor.stdin.take();
        let line = serde_json::to_string(spec).context("describing the machine")?;
        if let Some(lifeline) = &mut lifeline {
            writeln!(lifeline, "{line}").context("telling the supervisor what to boot")?;
        }
        let mut answer = String::new();
        if let Some(stdout) = supervisor.stdout.take() {
            BufReader::new(stdout).read_line(&mut answer).context("reading the supervisor's answer")?;
        }
        let cgroup = spec.cgroup.clone();
        let mut machine = Self { release, pid: 0, cgroup, supervisor, lifeline, console, wslg: Vec::new() };
        let started: Started = match serde_json::from_str(&answer) {
            Ok(started) => started,
            Err(_) => bail!("booting {release}: the supervisor gave no pid\n{}", machine.console()?),
        };
        machine.pid = started.pid;
        machine.await_boot(deadline).with_context(|| format!("booting {release}"))?;
        if let Some(wsl) = &spec.wsl {
            machine.wslg = wsl.serve(&machine.path("/")).context("standing in for WSLg")?;
        }
        Ok(machine)
    }

    fn await_boot(&mut self, deadline: Duration) -> Result<()> {
        let end = Instant::now() + deadline;
        let mut state = String::from("no answer");
        while Instant::now() < end {
            if let Some(status) = self.supervisor.try_wait().context("waiting for the supervisor")? {
                bail!("the machine ended by itself ({status})\n{}", self.console()?);
            }
            // The socket is there when PID 1 serves it; before, systemctl only says that it cannot connect.
            if self.path("/run/systemd/private").exists() {
                let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
                match self.root(&["systemctl", "is-system-running", "--wait"]).deadline(left).run() {
                    // 252 ends with an error when the bus comes up under it.
                    Ok(output) => output.text().clone_into(&mut state),
                    Err(error) => state = format!("{error:#}"),
                }
                if matches!(state.as_str(), "running" | "degraded" | "maintenance") {
                    return Ok(());
                }
            }
            sleep(Duration::from_millis(20));
        }
        bail!("after {deadline:?} the state is {state:?}\n{}\n{}", self.console()?, self.journal_tail())
    }

    /// Which release it is.
    pub fn release(&self) -> Release {
        self.release
    }

    /// PID 1, in this process's PID namespace.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The cgroup that the machine sees as its root, as the host sees it.
    pub fn cgroup(&self) -> &Path {
        &self.cgroup
    }

    /// A path of the machine as the host can open it. An absolute symbolic link on the way leads into the host: do
    /// not write through one.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        Path::new(&format!("/proc/{}/root", self.pid)).join(inside.strip_prefix("/").unwrap_or(inside))
    }

    /// A command as root, in no session.
    pub fn root(&self, command: &[&str]) -> Inside {
        Inside::new(self.pid, self.cgroup.clone(), None, command)
    }

    /// A command as a user, without capabilities and in no session, with the environment that WSL gives a shell:
    /// `XDG_RUNTIME_DIR` and `DBUS_SESSION_BUS_ADDRESS` are set even when there is nothing.
    pub fn user(&self, name: &str, command: &[&str]) -> Inside {
        Inside::new(self.pid, self.cgroup.clone(), Some(name), command)
    }

    /// Opens a login session through PAM.
    pub fn login(&self, name: &str) -> Result<Login> {
        let login = self.root(&["/bin/login", "-f", name]).env("TERM", "dumb").on_terminal();
        Login::open(&login).with_context(|| format!("logging {name} in"))
    }

    /// Takes `user@UID.service` as another distribution of WSL does in the same cgroup tree. Before the user logs in.
    pub fn squat(&self, uid: u32) -> Result<Squatter> {
        Squatter::open(&self.cgroup, uid)
    }

    /// The mount table that PID 1 sees.
    pub fn mountinfo(&self) -> Result<Vec<Row>> {
        mountinfo::read(Path::new(&format!("/proc/{}/mountinfo", self.pid)))
    }

    /// The rows of one mount point, the lowest first.
    pub fn mounts_at(&self, path: &str) -> Result<Vec<Row>> {
        Ok(self.mountinfo()?.into_iter().filter(|row| row.path == path).collect())
    }

    /// The whole journal of this boot, messages with their identifiers.
    pub fn journal(&self) -> Result<String> {
        let journal =
            self.root(&["journalctl", "--boot", "--no-pager", "--quiet", "--output=short-monotonic"]);
        Ok(journal.ok()?.stdout)
    }

    /// What was written to the console: the lab's own errors, and what systemd said before there was a journal.
    pub fn console(&self) -> Result<String> {
        fs::read(format!("/proc/self/fd/{}", self.console.as_raw_fd()))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .context("reading the console")
    }

    fn journal_tail(&self) -> String {
        let command = ["journalctl", "--no-pager", "--quiet", "--lines=60"];
        match self.root(&command).deadline(Duration::from_secs(5)).run() {
            Ok(output) => output.stdout,
            Err(error) => format!("no journal: {error:#}"),
        }
    }

    /// A property of a unit of the system manager.
    pub fn property(&self, unit: &str, name: &str) -> Result<String> {
        let output = self.root(&["systemctl", "show", "--value", "--property", name, unit]).ok()?;
        Ok(output.text().to_owned())
    }

    /// Waits until a unit of the system manager has this `ActiveState`.
    pub fn wait_for(&self, unit: &str, state: &str, deadline: Duration) -> Result<()> {
        let waited = wait_until(deadline, || Ok(self.property(unit, "ActiveState")? == state));
        waited
            .map_err(|error| anyhow!("waiting for {unit} to be {state}: {error:#}\n{}", self.journal_tail()))
    }

    /// Kills it and removes all of it; what `drop` does, with the error.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if self.lifeline.take().is_none() {
            return Ok(());
        }
        let ended = wait(&mut self.supervisor, STOP)?;
        if ended.is_none_or(|status| !status.success()) {
            // It can have been killed: do its work.
            cgroup::remove(&self.cgroup)?;
            bail!("stopping {}: the supervisor failed\n{}", self.release, self.console()?);
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A test has no use for this error any more, and the next lab reaps what is left.
        self.end().ok();
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with PID 1 = {} in {}", self.release, self.pid, self.cgroup.display())
    }
}

/// Asks until the answer is yes; an error when the deadline passes first.
pub fn wait_until(deadline: Duration, mut asked: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + deadline;
    loop {
        if asked()? {
            return Ok(());
        }
        if Instant::now() >= end {
            bail!("not so after {deadline:?}");
        }
        sleep(Duration::from_millis(20));
    }
}
