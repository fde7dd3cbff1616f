//! `--lint`: it reads the unit as loaded, starts nothing, and says what makes its exit code untrustworthy.

use anyhow::{Result, ensure};

use super::manager::Manager;

/// A name, the text of `[Service]`, and a word that the warning has; without one there is nothing to be said.
const UNITS: [(&str, &str, &str); 9] = [
    (
        "lint-clean",
        "Type=oneshot\nRemainAfterExit=yes\nKillMode=process\nTimeoutStartSec=60\nExecStart=/bin/true\n",
        "",
    ),
    (
        "lint-reset",
        "Type=oneshot\nExecStart=/bin/true\nExecStopPost=/bin/systemctl --user reset-failed\n",
        "reset-failed",
    ),
    (
        "lint-reset-shell",
        "Type=oneshot\nExecStart=/bin/true\nExecStopPost=/bin/sh -c 'systemctl --user reset-failed || true'\n",
        "reset-failed",
    ),
    ("lint-dash", "Type=oneshot\nExecStart=-/bin/true\n", "ExecStart"),
    ("lint-status", "Type=oneshot\nSuccessExitStatus=1\nExecStart=/bin/true\n", "SuccessExitStatus"),
    ("lint-condition", "Type=oneshot\nExecCondition=/bin/true\nExecStart=/bin/true\n", "ExecCondition"),
    ("lint-restart", "Type=oneshot\nRestart=on-failure\nExecStart=/bin/true\n", "Restart"),
    ("lint-infinity", "Type=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/true\n", "TimeoutStartSec"),
    ("lint-shell", "Type=oneshot\nExecStart=/bin/sh -c 'false; true'\n", "true"),
];

/// The unit files.
pub(crate) fn units() -> impl Iterator<Item = (String, String)> {
    UNITS.iter().map(|(name, text, _)| (format!("{name}.service"), format!("[Service]\n{text}")))
}

pub(crate) fn check(manager: &Manager<'_>) -> Result<()> {
    for (name, _, word) in UNITS {
        let unit = format!("{name}.service");
        let report = manager.verify(&["--lint", &unit])?;
        let warned =
            report.findings.iter().any(|finding| finding.status == "warn" && finding.text.contains(word));
        if word.is_empty() {
            let quiet = report.findings.iter().all(|finding| finding.status == "ok");
            ensure!(quiet && report.exit == 0, "{report:#?}");
        } else {
            ensure!(warned && report.exit == 1, "{name}: no warning of {word}: {report:#?}");
        }
        ensure!(manager.show(&unit, "InvocationID")?.is_empty(), "{name} was started by --lint");
    }
    Ok(())
}
