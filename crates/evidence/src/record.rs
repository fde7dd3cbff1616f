//! One file.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd};

use anyhow::{Context, Result};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use oneshot::Root;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Place;
use crate::place::is_nothing;

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

/// What runs of a unit left, the latest first. What is no evidence (half of a file, another form, a file that cannot be
/// opened) is left out: it proves nothing either way.
pub fn of_unit(root: &Root, place: &Place, unit: &str) -> Result<Vec<Record>> {
    let Some(folder) = place.open(root, unit)? else { return Ok(Vec::new()) };
    let mut folder = Dir::from_fd(folder).with_context(|| format!("listing the evidence of {unit}"))?;
    let mut names = Vec::new();
    for entry in folder.iter() {
        let entry = entry.with_context(|| format!("listing the evidence of {unit}"))?;
        names.push(entry.file_name().to_owned());
    }
    let mut records = Vec::new();
    for name in names {
        let about = || format!("reading {} of the evidence of {unit}", name.to_string_lossy());
        records.extend(read(folder.as_fd(), &name).with_context(about)?.filter(|record| record.unit == unit));
    }
    records.sort_by_key(|record| std::cmp::Reverse(record.ended));
    Ok(records)
}

fn read(folder: BorrowedFd<'_>, name: &CStr) -> Result<Option<Record>> {
    // Through no link, and a fifo does not hold it up.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        // A socket is ENXIO.
        Err(Errno::ENXIO) => return Ok(None),
        Err(error) if is_nothing(&error.into()) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut text = Vec::new();
    file.take(MOST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}
