//! One file.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use oneshot::Root;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Place;

/// A file larger than this is no evidence: a user could make one for root to read.
const MOST: u64 = 1 << 20;

/// What a run left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The unit that the run belonged to.
    pub unit: String,
    /// `$INVOCATION_ID` of the run: 32 hexadecimal digits.
    pub invocation: String,
    /// When the run ended, in µs on the clock of systemd's monotonic timestamps.
    pub ended: u64,
    /// What the program exited with; above the report's own it counts, because nobody can declare it harmless.
    pub exit: u8,
    /// The report of the run (docs/schema/report.json).
    pub report: Value,
}

impl Record {
    /// Whether the program itself says that it worked.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.exit == 0
    }

    /// The name of the program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.report.get("program").and_then(Value::as_str).unwrap_or_default()
    }

    /// What it found wrong, in its own words: its failed findings and its error.
    #[must_use]
    pub fn complaints(&self) -> Vec<&str> {
        let findings = self.report.get("findings").and_then(Value::as_array);
        let failed = findings
            .into_iter()
            .flatten()
            .filter(|finding| finding.get("status").and_then(Value::as_str) == Some("fail"));
        let texts = failed.filter_map(|finding| finding.get("text").and_then(Value::as_str));
        texts.chain(self.report.get("error").and_then(Value::as_str)).collect()
    }
}

/// What runs of a unit left, the latest first. What is no evidence (half of a file, another form) is left out: it proves
/// nothing either way.
pub fn of_unit(root: &Root, place: &Place, unit: &str) -> Result<Vec<Record>> {
    let Some(folder) = place.of_unit(root, unit) else { return Ok(Vec::new()) };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).with_context(|| format!("listing {}", folder.display())),
    };
    let mut records = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("listing {}", folder.display()))?;
        records.extend(read(&entry.path())?.filter(|record| record.unit == unit));
    }
    records.sort_by_key(|record| std::cmp::Reverse(record.ended));
    Ok(records)
}

fn read(path: &Path) -> Result<Option<Record>> {
    // Root reads what a user wrote: through no link, and a fifo does not hold it up.
    let opened =
        OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error)
            if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(nix::libc::ELOOP) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
    };
    bounded(file).with_context(|| format!("reading {}", path.display()))
}

fn bounded(file: File) -> Result<Option<Record>> {
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut text = Vec::new();
    file.take(MOST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}
