//! What it remembers between two calls, and what a test has it do wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

/// Where its files are in a tree.
pub(crate) const FOLDER: &str = "stand-in";

/// All of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The domains that are there, `system` among them.
    pub domains: BTreeMap<String, Domain>,
    /// The major version of macOS: up to 12 `print-disabled` says `true` and `false`.
    pub macos: u32,
    /// What `managername` says.
    pub session: String,
    /// How many milliseconds a job takes to end after `bootout`.
    pub teardown: u64,
    /// Labels that Background Task Management keeps from running.
    pub disallowed: BTreeSet<String>,
    /// What `bootstrap` ends with for them: 5, 161, or 0 when it loads and never starts them.
    pub disallowed_code: u8,
    /// What `bootstrap` ends with for a disabled job: 119 or 5.
    pub disabled_code: u8,
    /// How many of the next `bootstrap` calls for a label fail with 5. Afterwards it is loaded, and not started
    /// (openbase#15).
    pub storms: BTreeMap<String, u32>,
    /// Labels whose next starts fail so often that launchd gives up, although the program is there.
    pub sick: BTreeMap<String, u32>,
    /// How the program of a label ends; others run on, those with 0 end well.
    pub ends: BTreeMap<String, i32>,
    /// Subcommands, or whole command lines, that never return.
    pub hangs: BTreeSet<String>,
    /// Command lines, or subcommands, that end with a code and words on standard error.
    pub codes: BTreeMap<String, (u8, String)>,
    /// Subcommands, or whole command lines, that succeed and write this instead of an answer.
    pub garbage: BTreeMap<String, String>,
    /// Whether `sudo` wants a password.
    pub sudo_asks: bool,
    /// What `osascript` ends with.
    pub osascript: u8,
    /// The next pid.
    pub next_pid: u32,
}

/// A domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// What is loaded, by label.
    pub jobs: BTreeMap<String, Job>,
    /// The overrides: whether a label is disabled.
    pub disabled: BTreeMap<String, bool>,
}

/// A loaded job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its definition.
    pub path: String,
    /// What is executed.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// How often it was started.
    pub runs: u32,
    /// How its last run ended.
    pub last: Option<i32>,
    /// Whether launchd has given up.
    pub is_penalized: bool,
    /// When it is gone, in milliseconds since 1970; set by `bootout`.
    pub gone_at: Option<u64>,
}

impl State {
    /// A Mac that has just booted: no job, nobody logged in.
    #[must_use]
    pub fn new() -> Self {
        Self {
            domains: BTreeMap::from([("system".to_owned(), Domain::default())]),
            macos: 26,
            session: "Background".to_owned(),
            disallowed_code: 5,
            disabled_code: 119,
            next_pid: 1000,
            ..Self::default()
        }
    }

    /// Takes away the jobs whose end has come.
    pub(crate) fn tick(&mut self, now: u64) {
        for domain in self.domains.values_mut() {
            domain.jobs.retain(|_, job| job.gone_at.is_none_or(|at| at > now));
        }
    }
}

/// The state, for as long as nobody else may touch it.
pub(crate) struct Held {
    path: PathBuf,
    _lock: Flock<File>,
    pub(crate) state: State,
}

impl Held {
    /// Waits for its turn and reads the state of a tree.
    pub(crate) fn take(tree: &Path) -> io::Result<Self> {
        let folder = tree.join(FOLDER);
        let lock = OpenOptions::new().create(true).append(true).open(folder.join("lock"))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| io::Error::from(error))?;
        let path = folder.join("state.json");
        let state = serde_json::from_slice(&fs::read(&path)?)?;
        Ok(Self { path, _lock: lock, state })
    }

    /// Writes it back.
    pub(crate) fn keep(&self) -> io::Result<()> {
        write(&self.path, &self.state)
    }
}

/// Writes a state as a whole: a program under test may be killed together with the call that it made.
pub(crate) fn write(path: &Path, state: &State) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(state)?)?;
    fs::rename(new, path)
}

/// Adds a line to the log of calls.
pub(crate) fn log(tree: &Path, line: &str) -> io::Result<()> {
    let mut log = OpenOptions::new().create(true).append(true).open(tree.join(FOLDER).join("calls"))?;
    log.write_all(format!("{}\n", line.replace('\n', "\\n")).as_bytes())
}
