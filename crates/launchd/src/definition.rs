//! What a definition of a job says (launchd.plist(5)).
//!
//! The events of a property list are read one by one and only what is needed is kept: so no list, however deep it nests
//! or often it refers to itself, takes more than its share of memory or stack.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use nix::fcntl::OFlag;

use crate::outcome::Ended;

mod read;

pub use read::KeepAlive;

/// No definition is as long; launchd itself refuses none for its length.
const MOST_BYTES: u64 = 512 * 1024;

/// A job as its definition describes it. What is absent has the value that launchd gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `Label`, by which launchd knows it.
    pub label: String,
    /// `Program`.
    pub program: Option<String>,
    /// `ProgramArguments`.
    pub arguments: Vec<String>,
    /// `RunAtLoad`.
    pub run_at_load: bool,
    /// `KeepAlive`.
    pub keep_alive: KeepAlive,
    /// `Disabled`: it is, as long as no override says otherwise.
    pub disabled: bool,
    /// `LaunchOnlyOnce`: it cannot be started again before the next boot, and may be gone after it has run.
    pub launch_only_once: bool,
    /// `LimitLoadToSessionType`, one or several; none is `Aqua` for an agent.
    pub session_types: Vec<String>,
    /// `UserName`.
    pub user: Option<String>,
    /// `StandardOutPath`.
    pub standard_out: Option<String>,
    /// `StandardErrorPath`.
    pub standard_error: Option<String>,
    /// `StartInterval`, in seconds.
    pub start_interval: Option<i64>,
    /// `StartOnMount`: at each mount.
    pub start_on_mount: bool,
}

impl Definition {
    /// Reads a property list, XML or binary. An error where it is none, or has no usable label.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let definition = read::definition(plist::stream::Reader::new(Cursor::new(bytes)))?;
        check_label(&definition.label)?;
        Ok(definition)
    }

    /// What launchd executes: `Program`, or else the first of `ProgramArguments`.
    #[must_use]
    pub fn executable(&self) -> Option<&str> {
        self.program.as_deref().or_else(|| self.arguments.first().map(String::as_str))
    }

    /// Whether launchd starts it as soon as it is loaded. `KeepAlive` implies it, but for conditions that may not be met.
    #[must_use]
    pub fn starts_at_once(&self) -> bool {
        self.run_at_load || matches!(self.keep_alive, KeepAlive::Always | KeepAlive::SuccessfulExit(_))
    }

    /// Whether a job without a process, whose last run ended so, is as it should be.
    #[must_use]
    pub fn rests(&self, ended: &Ended) -> bool {
        match ended {
            Ended::Never => !self.starts_at_once(),
            Ended::Code(0) => self.keep_alive != KeepAlive::Always,
            _ => false,
        }
    }

    /// Whether it is meant for this type of session, such as `Aqua`.
    #[must_use]
    pub fn is_for(&self, session: &str) -> bool {
        if self.session_types.is_empty() {
            session == "Aqua"
        } else {
            self.session_types.iter().any(|it| it == session)
        }
    }
}

/// A label becomes a part of names and messages: what cannot be that is none.
fn check_label(label: &str) -> Result<()> {
    ensure!(!label.is_empty(), "it has no Label");
    ensure!(label.len() <= 255, "its Label is {} bytes long", label.len());
    let is_bad = |c: char| c.is_control() || c == '/' || c == '"';
    ensure!(!label.contains(is_bad), "its Label {} can be none", oneshot::text::quoted(label));
    ensure!(!label.starts_with('-') && label.trim() == label, "its Label {label:?} can be none");
    Ok(())
}

/// The bytes of a regular file; `None` where there is nothing. A link is followed, as launchd would.
pub fn bytes(path: &Path) -> Result<Option<Vec<u8>>> {
    let context = || format!("reading {}", path.display());
    // Without waiting: a pipe in the place of a file holds nobody up.
    let file = match File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(context),
    };
    if !file.metadata().with_context(context)?.is_file() {
        bail!("{} is no regular file", path.display());
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(context)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        bail!("{} is longer than {} KiB, and is no definition of a job", path.display(), MOST_BYTES / 1024);
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests;
