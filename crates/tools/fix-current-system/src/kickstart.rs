//! Asking launchd to run the daemon that mounts the store. Two installers have one each: Determinate, and the rest.

use std::time::Duration;

use nix_host::volume;
use oneshot::command::Command;
use oneshot::{Deadline, Root};

/// Talks to launchd.
const LAUNCHCTL: &str = "/bin/launchctl";

/// It answers in milliseconds, or has lost launchd.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service runs already (launchd's `EALREADY`).
const RUNS: i32 = 37;

/// Asks for one of the daemons; its label, or what was said of each.
pub(crate) fn kickstart(root: &Root) -> Result<&'static str, Vec<String>> {
    let mut words = Vec::new();
    // The first that launchd knows is asked.
    for label in volume::DAEMONS {
        // Without -k: one that is at work is left at work.
        let command = Command::new(root.join(LAUNCHCTL))
            .args(["kickstart".to_owned(), format!("system/{label}")])
            .env("LC_ALL", "C")
            .deadline(Deadline::after(PATIENCE));
        match command.run() {
            Ok(outcome) if outcome.status.success() || outcome.status.code() == Some(RUNS) => {
                return Ok(label);
            }
            Ok(outcome) => words.push(format!("{label}: {}, {}", outcome.status, outcome.words())),
            Err(error) => words.push(format!("{label}: {error:#}")),
        }
    }
    Err(words)
}
