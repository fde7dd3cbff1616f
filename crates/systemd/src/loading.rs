//! When a manager last read all its unit files, and from where.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use oneshot::resolve::Moment;

use crate::{Scope, show, timestamp};

/// What a manager says of its reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading {
    /// The directories, the one that wins first.
    pub unit_path: Vec<PathBuf>,
    /// When it began to read: at its last reload, or at its start where there was none. What changed later it may not
    /// know. A unit that nobody needed then was read later still.
    pub since: Option<Moment>,
}

/// Asks a manager. One call.
pub fn ask(scope: &Scope) -> Result<Loading> {
    let text = scope
        .systemctl()?
        .args(["show", "--timestamp=us+utc", "-p", "UnitPath,UnitsLoadTimestamp,UnitsLoadStartTimestamp"])
        .output()?;
    let loading = parse(&text);
    ensure!(!loading.unit_path.is_empty(), "the manager named no directory that it reads units from");
    Ok(loading)
}

/// `UnitsLoadTimestamp` is set when a reload begins and is empty before the first one.
fn parse(text: &str) -> Loading {
    let block = show::blocks(text).into_iter().next().unwrap_or_default();
    let moment = |key| block.text(key).and_then(timestamp::parse);
    Loading {
        unit_path: block.paths("UnitPath"),
        since: moment("UnitsLoadTimestamp").max(moment("UnitsLoadStartTimestamp")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Systemd 252, before and after the first reload.
    const STARTED: &str = "UnitsLoadStartTimestamp=Fri 2026-11-20 12:43:10.057959 UTC\nUnitsLoadTimestamp=\n\
                           UnitPath=/etc/systemd/system.control /etc/systemd/system\n";

    #[test]
    fn before_the_first_reload_its_start_counts() {
        let loading = parse(STARTED);
        assert_eq!(loading.since, Some(1_795_178_590_057_959));
        assert_eq!(loading.unit_path.len(), 2);
        let text = STARTED.replace("Timestamp=\n", "Timestamp=Fri 2026-11-20 12:43:10.336484 UTC\n");
        assert_eq!(parse(&text).since, Some(1_795_178_590_336_484));
        assert_eq!(parse("").since, None);
    }
}
