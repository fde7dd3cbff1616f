//! Running a program inside a machine, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::accounts;
use crate::{host, inner};

/// The search path inside.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a program may take, when nothing else is said.
const DEADLINE: Duration = Duration::from_secs(60);

/// What `lab machine-enter` is told, as JSON in its argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// PID 1 of the machine.
    pub(crate) pid: i32,
    /// The cgroup that the program joins, as the host sees it.
    pub(crate) cgroup: PathBuf,
    /// Root when empty.
    pub(crate) user: Option<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) directory: String,
    pub(crate) command: Vec<String>,
    /// A pseudo-terminal of the machine instead of the caller's descriptors.
    pub(crate) terminal: bool,
}

/// A program to be run inside, built like a [`Command`].
#[derive(Debug)]
#[must_use = "nothing runs before `run`"]
pub struct Inside {
    entry: Entry,
    input: Vec<u8>,
    deadline: Duration,
}

/// What a program inside left.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command, for messages.
    pub command: Vec<String>,
    /// Exit code; 128 + the number of the signal that killed it.
    pub code: i32,
    /// Standard output, with what is no UTF-8 replaced.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Inside {
    pub(crate) fn new(pid: i32, cgroup: PathBuf, user: Option<&str>, command: &[&str]) -> Self {
        let mut environment = BTreeMap::from([("PATH", PATH.to_owned()), ("LANG", "C.UTF-8".to_owned())]);
        let mut directory = String::from("/");
        match user.and_then(accounts::find) {
            None => {
                environment
                    .extend([("HOME", "/root".to_owned()), ("USER", user.unwrap_or("root").to_owned())]);
            }
            Some(user) => {
                let runtime = user.runtime_dir();
                environment.extend([
                    ("HOME", user.home()),
                    ("USER", user.name.to_owned()),
                    ("LOGNAME", user.name.to_owned()),
                    ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={runtime}/bus")),
                    ("XDG_RUNTIME_DIR", runtime),
                ]);
                directory = user.home();
            }
        }
        Self {
            entry: Entry {
                pid,
                cgroup,
                user: user.map(str::to_owned),
                environment: environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                directory,
                command: command.iter().map(|&word| word.to_owned()).collect(),
                terminal: false,
            },
            input: Vec::new(),
            deadline: DEADLINE,
        }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.entry.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.entry.environment.remove(name);
        self
    }

    /// What it reads from standard input; nothing by default.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// The working directory: `/`, or the user's home.
    pub fn directory(mut self, path: &str) -> Self {
        path.clone_into(&mut self.entry.directory);
        self
    }

    /// How long it may take before it is killed and the run fails; 60 s by default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs it to its end. Any exit code is an `Ok`; see [`Output::ok`].
    pub fn run(self) -> Result<Output> {
        let [mut input, mut stdout, mut stderr] = [scratch()?, scratch()?, scratch()?];
        input
            .write_all(&self.input)
            .and_then(|()| input.seek(SeekFrom::Start(0)))
            .context("writing its input")?;
        let mut helper = self
            .command()?
            .stdin(input)
            .stdout(copy_of(&stdout)?)
            .stderr(copy_of(&stderr)?)
            .spawn()
            .context("starting lab machine-enter")?;
        let status = wait(&mut helper, self.deadline)?;
        let (stdout, stderr) = (text(&mut stdout)?, text(&mut stderr)?);
        let Some(code) = status.and_then(|status| status.code()) else {
            bail!("running {:?}: no end after {:?}\n{stdout}{stderr}", self.entry.command, self.deadline);
        };
        Ok(Output { command: self.entry.command, code, stdout, stderr })
    }

    /// Runs it and fails unless it exits 0.
    pub fn ok(self) -> Result<Output> {
        self.run()?.ok()
    }

    /// Starts it without input and output and does not wait: for a program that a test watches or kills. It dies
    /// with the thread that starts it.
    pub fn spawn(self) -> Result<Child> {
        self.command()?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting lab machine-enter")
    }

    /// Runs it on the caller's terminal, for a person.
    pub fn interactive(self) -> Result<ExitStatus> {
        self.command()?.status().context("starting lab machine-enter")
    }

    pub(crate) fn on_terminal(mut self) -> Self {
        self.entry.terminal = true;
        self
    }

    /// The same as a command of the host, for what the other methods do not do. It dies with the thread that starts
    /// it; exit code 1 with `lab: …` on standard error is this package's own.
    pub fn command(&self) -> Result<Command> {
        let entry = serde_json::to_string(&self.entry).context("describing the command")?;
        let mut helper = Command::new(host::lab_program()?);
        helper.arg("machine-enter").arg(entry);
        inner::die_with_parent(&mut helper);
        Ok(helper)
    }
}

impl Output {
    /// Fails unless the exit code is 0.
    pub fn ok(self) -> Result<Self> {
        self.exits(0)
    }

    /// Fails unless the exit code is this one.
    pub fn exits(self, code: i32) -> Result<Self> {
        if self.code != code {
            bail!("expecting exit {code} of {self}");
        }
        Ok(self)
    }

    /// Standard output without the white space round it.
    pub fn text(&self) -> &str {
        self.stdout.trim()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}: exit {}", self.command, self.code)?;
        writeln!(f, "--- stdout\n{}\n--- stderr\n{}", self.stdout.trim_end(), self.stderr.trim_end())
    }
}

/// A file and no pipe: a daemon that keeps it open cannot make the reader wait.
fn scratch() -> Result<File> {
    tempfile::tempfile().context("making a temporary file")
}

fn copy_of(file: &File) -> Result<File> {
    file.try_clone().context("duplicating a descriptor")
}

fn text(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).context("reading the output")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `None` when the deadline passed; the child is dead then, too.
pub(crate) fn wait(child: &mut Child, deadline: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().context("waiting for a child")? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill().context("killing a child")?;
            child.wait().context("waiting for a child")?;
            return Ok(None);
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
