//! podman itself: where it is, and the environment in which it and its helpers find each other.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use oneshot::command::{Command, Folders, Outcome};
use oneshot::text::tail;
use oneshot::{Deadline, Root};

/// How long one question may take. podman waits for the lock of a container, which a container that is being stopped
/// holds for its stop timeout, 10 s by default.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a line only says that podman tries a pull again: the error, which comes last, says what the tries said.
#[must_use]
pub fn is_retry(line: &str) -> bool {
    line.starts_with("Trying to pull ")
        || (line.starts_with("time=") && line.contains("\"Failed, retrying in "))
}

/// What podman complains of.
#[must_use]
pub fn complaint(outcome: &Outcome) -> String {
    let said = String::from_utf8_lossy(&outcome.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !is_retry(line)).collect();
    if lines.is_empty() { outcome.words() } else { tail(lines.join("\n").as_bytes(), TAIL) }
}

/// How much of a complaint goes into a message.
const TAIL: usize = 1024;

/// The program, and the folders in which it finds newuidmap, systemd-run and its other helpers.
#[derive(Clone, Debug)]
pub struct Podman {
    program: PathBuf,
    folders: Folders,
}

impl Podman {
    /// Looks for it, or refuses with 69.
    pub fn find(root: &Root) -> Result<Self> {
        let folders = Folders::of_caller(root);
        Ok(Self { program: folders.find("podman")?, folders })
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The folders.
    #[must_use]
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// `PATH` for podman and for providers that run it.
    #[must_use]
    pub fn path(&self) -> OsString {
        self.folders.path()
    }

    /// podman without a verb. It inherits the environment: where its storage, its configuration and the manager of the
    /// user are stands there.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::new(self.program.clone())
            .inherit()
            .env("PATH", self.path())
            .deadline(Deadline::after(PATIENCE))
    }
}
