//! The JSON object; docs/schema/report.json describes it.

use serde::Serialize;

use super::{Finding, Report, Step, StepState};
use crate::Exit;

/// Name of the shape; a change that breaks readers gets a new number.
const SCHEMA: &str = "mendutils/1";

#[derive(Serialize)]
struct Object<'a> {
    schema: &'static str,
    program: &'static str,
    version: &'static str,
    status: &'static str,
    exit: u8,
    findings: &'a [Finding],
    steps: &'a [Step],
    error: Option<String>,
}

pub(super) fn object(report: &Report, error: Option<&anyhow::Error>) -> String {
    let object = Object {
        schema: SCHEMA,
        program: report.program,
        version: env!("CARGO_PKG_VERSION"),
        status: status(report.exit_with(error), &report.steps),
        exit: report.exit_with(error).code(),
        findings: &report.findings,
        steps: &report.steps,
        error: error.map(|error| format!("{error:#}")),
    };
    // Strings and numbers only: this cannot fail. An empty line would still be a parse error for the reader.
    serde_json::to_string(&object).unwrap_or_default()
}

fn status(exit: Exit, steps: &[Step]) -> &'static str {
    match exit {
        Exit::Ok if steps.iter().any(|step| step.state == StepState::Done) => "changed",
        Exit::Ok if !steps.is_empty() => "would-change",
        Exit::Ok => "ok",
        Exit::Failed => "failed",
        Exit::Usage => "usage",
        Exit::Contradicted => "contradicted",
        Exit::Undecided => "undecided",
        Exit::Unavailable => "unavailable",
        Exit::Busy => "busy",
        Exit::NoPermission => "no-permission",
        Exit::Config => "config",
    }
}
