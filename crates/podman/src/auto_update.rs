//! `podman auto-update`: its rows, its errors and how it ended. Its exit code alone says little: 0 also where it rolled
//! back, 125 also where all but one were updated (`pkg/autoupdate/autoupdate.go`, `cmd/podman/auto-update.go`).

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use oneshot::{Deadline, Exit};
use serde_json::Value;

use crate::Podman;
use crate::json::text;

/// The label that asks for it (podman-auto-update(1)).
pub const POLICY: &str = "io.containers.autoupdate";
/// Names the file with the credentials of the registry.
pub const AUTHFILE: &str = "io.containers.autoupdate.authfile";
/// Names the unit that is to be restarted (podman-auto-update(1)).
pub const UNIT: &str = "PODMAN_SYSTEMD_UNIT";

/// What is said of a container in a pod without an infra container, as podman-compose makes them; it names neither.
pub const NO_INFRA: &str = "no infra container";
/// What is said of a container that was made through the API (podman#19688), with its id.
pub const NO_RAW_NAME: &str = "raw-image name is empty";

/// How long podman has to put its records in order after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// What became of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    /// Its unit was restarted on account of a newer image.
    Yes,
    /// There was nothing newer.
    No,
    /// Something failed.
    Failed,
    /// A dry run: there is something newer.
    Pending,
    /// Its unit did not start with the newer image, and did with the old one.
    RolledBack,
    /// What a later release adds.
    Other(String),
}

/// Where to look for newer images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// At the registry.
    Registry,
    /// In the local storage.
    Local,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The unit that podman restarts.
    pub unit: String,
    /// Of the container as it was before; 64 hexadecimal digits, 12 before podman 4.4 or so.
    pub id: String,
    /// Of the container.
    pub name: String,
    /// The image as it was asked for.
    pub image: String,
    /// What became of it.
    pub updated: Updated,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of somebody else.
    Signal,
    /// By its caller, because the time was up. It has no rows then.
    Deadline,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// In podman's order, which is none.
    pub rows: Vec<Row>,
    /// Its errors, one each.
    pub errors: Vec<String>,
    /// How it ended.
    pub end: End,
}

impl Policy {
    /// Of a label's value; `None` where it asks for nothing, and for what podman refuses.
    #[must_use]
    pub fn of(value: &str) -> Option<Self> {
        match value {
            "registry" | "image" => Some(Self::Registry),
            "local" => Some(Self::Local),
            _ => None,
        }
    }
}

impl Row {
    /// Whether this is the container of that id.
    #[must_use]
    pub fn is_of(&self, id: &str) -> bool {
        !self.id.is_empty() && id.starts_with(&self.id)
    }
}

/// Runs it. At the deadline, and once `is_asked_to_end` says so, podman is ended; a job that it gave to systemd goes on.
pub fn run(podman: &Podman, is_dry: bool, deadline: Deadline, is_asked_to_end: fn() -> bool) -> Result<Run> {
    let mut command = podman.command().arg("auto-update");
    if is_dry {
        command = command.arg("--dry-run");
    }
    let command = command.args(["--format", "json"]).deadline(deadline).grace(GRACE).unless(is_asked_to_end);
    let outcome = match command.run() {
        Ok(outcome) => outcome,
        Err(error) if oneshot::exit::of(&error) == Exit::Undecided => {
            return Ok(Run { rows: Vec::new(), errors: Vec::new(), end: End::Deadline });
        }
        Err(error) => return Err(error),
    };
    let end = end(outcome.status);
    let mut errors = errors(&String::from_utf8_lossy(&outcome.stderr));
    if errors.is_empty() && end != End::Code(0) {
        errors.push(format!("podman auto-update ended with {}: {}", outcome.status, outcome.words()));
    }
    let rows = rows(&outcome.stdout).with_context(|| {
        format!(
            "reading what podman auto-update said (it ended with {}: {})",
            outcome.status,
            outcome.words()
        )
    })?;
    Ok(Run { rows, errors, end })
}

fn end(status: ExitStatus) -> End {
    status.code().map_or(End::Signal, End::Code)
}

/// The rows of an output of `podman auto-update --format json`; an empty one has none.
pub fn rows(output: &[u8]) -> Result<Vec<Row>> {
    if output.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(output)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(rows) => Ok(rows.iter().map(row).collect()),
        _ => bail!("it is no list"),
    }
}

fn row(value: &Value) -> Row {
    // `0123456789ab (name)`: the only place of both in some releases.
    let both = text(value, "/Container");
    let (id, name) = both.split_once(" (").unwrap_or((both.as_str(), ""));
    let or = |told: String, else_: &str| if told.is_empty() { else_.to_owned() } else { told };
    Row {
        unit: text(value, "/Unit"),
        id: or(text(value, "/ContainerID"), id),
        name: or(text(value, "/ContainerName"), name.trim_end_matches(')')),
        image: text(value, "/Image"),
        updated: match text(value, "/Updated").as_str() {
            "true" => Updated::Yes,
            "false" => Updated::No,
            "failed" => Updated::Failed,
            "pending" => Updated::Pending,
            "rolled back" => Updated::RolledBack,
            other => Updated::Other(other.to_owned()),
        },
    }
}

/// The errors of an output on standard error: several stand in a list, one stands alone. What a pull tells of its
/// progress is left out.
fn errors(text: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("Error: "));
    let Some(first) = lines.next() else { return Vec::new() };
    let first = first.trim_start_matches("Error: ");
    let is_list = first.ends_with("occurred:") && first.starts_with(|c: char| c.is_ascii_digit());
    let mut errors = if is_list { Vec::new() } else { vec![first.to_owned()] };
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_prefix("* "), errors.last_mut()) {
            (Some(error), _) => errors.push(error.to_owned()),
            // An error of several lines.
            (None, Some(last)) => {
                last.push_str("; ");
                last.push_str(line);
            }
            (None, None) => errors.push(line.to_owned()),
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(output: &[u8]) -> Result<Vec<(String, Updated)>> {
        let mut told: Vec<_> = rows(output)?.into_iter().map(|row| (row.name, row.updated)).collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(told)
    }

    #[test]
    fn every_word_of_a_real_podman_is_known() -> Result<()> {
        use Updated::{Failed, No, Pending, RolledBack, Yes};
        macro_rules! recorded {
            ($name:literal) => {
                include_bytes!(concat!("fixtures/auto-update/", $name, ".json"))
            };
        }
        let cases: [(&[u8], [Updated; 3]); 10] = [
            (recorded!("noop-5.4.2"), [No, No, No]),
            (recorded!("dry-5.4.2"), [Pending, Pending, No]),
            (recorded!("ok-5.4.2"), [Yes, Yes, No]),
            (recorded!("ok-5.8.6"), [Yes, Yes, No]),
            (recorded!("bad-exit-5.4.2"), [RolledBack, No, No]),
            (recorded!("again-after-rollback-5.4.2"), [No, No, No]),
            (recorded!("bad-unhealthy-5.4.2"), [RolledBack, Yes, No]),
            (recorded!("bad-nocmd-5.4.2"), [RolledBack, RolledBack, No]),
            (recorded!("bad-norollback-5.4.2"), [Failed, Failed, No]),
            (recorded!("image-missing-5.4.2"), [Failed, Failed, No]),
        ];
        for (output, words) in cases {
            let names = ["app", "app2", "noupd"].map(str::to_owned);
            assert_eq!(told(output)?, names.into_iter().zip(words).collect::<Vec<_>>());
            assert!(rows(output)?.iter().all(|row| row.id.len() == 64 && row.is_of(&row.id)));
        }
        Ok(())
    }

    #[test]
    fn nothing_is_no_row_and_an_unknown_word_is_kept() -> Result<()> {
        assert!(rows(b"")?.is_empty() && rows(b"\n")?.is_empty() && rows(b"[]")?.is_empty());
        assert!(rows(b"{}").is_err() && rows(b"UNIT  CONTAINER").is_err());
        let old = br#"[{"Unit":"a.service","Container":"0123456789ab (a b)","Updated":"odd"}]"#;
        let row = rows(old)?.pop().context("no row")?;
        assert_eq!((row.id.as_str(), row.name.as_str()), ("0123456789ab", "a b"));
        assert_eq!(row.updated, Updated::Other("odd".to_owned()));
        assert!(row.is_of("0123456789abcdef") && !row.is_of("1123456789abcdef"));
        Ok(())
    }

    #[test]
    fn each_error_is_one() {
        let of = |text: &str| errors(text).len();
        assert_eq!(of(include_str!("fixtures/auto-update/bad-norollback-5.4.2.err")), 2);
        let missing = errors(include_str!("fixtures/auto-update/image-missing-5.4.2.err"));
        assert_eq!(missing.len(), 2);
        assert!(missing.iter().all(|error| error.ends_with("localhost/app:latest: image not known")));
        let one = "Trying to pull x...\nError: looking up pod's systemd unit: pod has no infra container\n";
        assert_eq!(errors(one), ["looking up pod's systemd unit: pod has no infra container"]);
        assert_eq!(errors("Error: 1 error occurred:\n\t* a\n\t  b\n\n"), ["a; b"]);
        assert!(errors("Copying blob done\n").is_empty());
    }
}
