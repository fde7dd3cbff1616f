//! How a judgement is told: ids, words and exit codes, the same in every program that restarts units. Reads nothing.

use oneshot::text::printable;
use oneshot::{Finding, Status};

use crate::{Judgement, Reason, Verdict};

/// So many settings are named as hints beside a contradiction.
const MOST_FLAWS: usize = 6;

/// The finding on a unit, then one for each reason and each warning.
#[must_use]
pub fn findings(judgement: &Judgement, systemctl: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(verdict(judgement));
    let unit = printable(&judgement.unit);
    let tell = |reason: &Reason, fails: bool| {
        let finding = of_reason(reason, format!("{unit}: {reason}"), fails).about(&judgement.unit);
        let finding = finding.hints(reason.hints(&unit, systemctl));
        // What matters of a member is that it is one.
        let shape = if fails && judgement.member_of.is_some() { Some("SF12") } else { reason.shape() };
        let finding = match shape {
            Some(shape) => finding.shape(shape),
            None => finding,
        };
        if fails { finding.exits(judgement.verdict.exit()) } else { finding }
    };
    found.extend(judgement.reasons.iter().map(|reason| tell(reason, true)));
    found.extend(judgement.warnings.iter().map(|reason| tell(reason, false)));
    found
}

fn verdict(judgement: &Judgement) -> Option<Finding> {
    let (unit, state) = (printable(&judgement.unit), &judgement.state);
    let member = judgement.member_of.as_ref().map(|target| format!(" (of {})", printable(target)));
    let unit = format!("{unit}{}", member.unwrap_or_default());
    let finding = match judgement.verdict {
        Verdict::Untouched => return None,
        Verdict::Worked => Finding::ok("verdict", format!("{unit} ran anew and is {state}")),
        Verdict::AlreadyUp => {
            Finding::ok("verdict", format!("{unit} was up already, so nothing ran; it is {state}"))
                .shape("SF6")
        }
        Verdict::Failed => {
            Finding::fail("verdict", format!("{unit} failed, as systemctl says; it is {state}"))
        }
        Verdict::Contradicted => {
            Finding::fail("verdict", format!("systemctl calls {unit} done, and it is not; it is {state}"))
        }
        Verdict::Undecided => {
            Finding::fail("verdict", format!("whether {unit} works is not decided; it is {state}"))
        }
        Verdict::Disturbed => {
            Finding::fail("verdict", format!("the job of {unit} was disturbed; it is {state}"))
        }
        Verdict::Config => Finding::fail("verdict", format!("{unit} cannot run")),
    };
    let flaws = judgement.flaws.iter().take(MOST_FLAWS);
    let flaws = flaws.map(|flaw| format!("{flaw}: {}", flaw.trap.meaning()));
    let lines = judgement.lines.iter().map(|line| format!("journal: {line}"));
    Some(finding.about(&judgement.unit).exits(judgement.verdict.exit()).hints(flaws).hints(lines))
}

/// The finding of a reason; a warning where it does not fail the run.
fn of_reason(reason: &Reason, text: String, fails: bool) -> Finding {
    let status = if fails { Status::Fail } else { Status::Warn };
    match reason {
        Reason::NotLoaded { .. } => Finding::new(status, "unit-load", text),
        Reason::Said(_) | Reason::Cancelled(_) | Reason::Undecided { .. } => {
            Finding::new(status, "unit-job", text)
        }
        Reason::NotRun(_) | Reason::Replaced => Finding::new(status, "unit-run", text),
        Reason::Down { .. } | Reason::Restarting { .. } | Reason::OwnRestart { .. } => {
            Finding::new(status, "unit-state", text)
        }
        Reason::Reset { .. } => Finding::new(status, "unit-reset", text),
        Reason::Forgotten(_) => Finding::new(status, "unit-forgotten", text),
        Reason::Command { .. } | Reason::Hidden { .. } => Finding::new(status, "unit-command", text),
        Reason::Evidence { .. } => Finding::new(status, "unit-evidence", text),
        Reason::Stop { .. } => Finding::new(status, "unit-stop", text),
        Reason::Stale => Finding::new(status, "unit-files", text),
    }
}
