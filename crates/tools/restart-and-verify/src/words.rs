//! How lint is told. Reads nothing.

use oneshot::text::printable;
use oneshot::{Exit, Finding};
use systemd::unit::Load;
use unit_restart::Flaw;
use unit_restart::lint::Trap;

/// A unit that lint cannot look at.
#[must_use]
pub fn not_loaded(unit: &str, load: &Load) -> Finding {
    let text = format!("the file of {} is {load}", printable(unit));
    Finding::fail("unit-load", text).about(unit).shape("SF13").exits(Exit::Config)
}

/// Nothing to complain of.
#[must_use]
pub fn no_flaw(unit: &str) -> Finding {
    let text = format!("nothing in {} makes its exit code untrustworthy", printable(unit));
    Finding::ok("lint", text).about(unit)
}

/// One setting that makes the exit code untrustworthy.
#[must_use]
pub fn flaw(unit: &str, flaw: &Flaw, systemctl: &str) -> Finding {
    let text = format!("{flaw}: {}", flaw.trap.meaning());
    let finding = match flaw.trap {
        Trap::ResetFailed => Finding::warn("lint-reset-failed", text),
        Trap::Dash => Finding::warn("lint-ignored-failure", text),
        Trap::Declared => Finding::warn("lint-success-status", text),
        Trap::Hidden => Finding::warn("lint-hidden-exit", text),
        Trap::Condition => Finding::warn("lint-condition", text),
        Trap::Restart => Finding::warn("lint-restart", text),
        Trap::Endless => Finding::warn("lint-endless-restart", text),
        Trap::Unpinned => Finding::warn("lint-forgotten", text),
        Trap::NoTimeout => Finding::warn("lint-start-timeout", text),
        Trap::KillMode => Finding::warn("lint-kill-mode", text),
        Trap::NotWaiting => Finding::warn("lint-not-waiting", text),
        Trap::Stale => Finding::warn("unit-files", text),
    };
    let finding = match flaw.trap.shape() {
        Some(shape) => finding.shape(shape),
        None => finding,
    };
    finding.about(unit).exits(Exit::Failed).hint(flaw.trap.cure().replace("systemctl", systemctl))
}
