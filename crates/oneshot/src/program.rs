//! The way from `main` to the exit code, the same in every program.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::report::Answer;
use crate::{Common, Exit, Report};

/// A program's arguments, and what the frame must know about the program.
pub trait Arguments: Parser {
    /// The program's name, as it stands before its messages.
    const NAME: &'static str;
    /// Whether it answers with findings or with changes.
    const ANSWER: Answer;

    /// The options that all programs share.
    fn common(&self) -> &Common;

    /// Called once when the work is over, with the error that ended it, before the exit code is told: the place to leave
    /// a record of the run. What fails here is told and changes nothing else.
    fn ended(&self, _report: &Report, _error: Option<&anyhow::Error>) -> Result<()> {
        Ok(())
    }

    /// The arguments of a command line that is run so often that the parser's share of the time counts; `None` for
    /// every other one, which the parser reads.
    fn usual(_words: &[OsString]) -> Option<Self> {
        None
    }
}

/// Parses the arguments, runs `body`, prints its error once, and gives the exit code.
pub fn run<A: Arguments>(body: fn(&A, &mut Report) -> Result<()>) -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let arguments = match words.get(1..).and_then(A::usual).map_or_else(|| A::try_parse_from(&words), Ok) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, and go to standard output.
            let written = error.print();
            return if error.use_stderr() || written.is_err() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let mut report = Report::new(A::NAME, A::ANSWER, arguments.common());
    let error = body(&arguments, &mut report).err();
    if let Err(lost) = arguments.ended(&report, error.as_ref()) {
        report.warn(&format!("{lost:#}"));
    }
    report.finish(error.as_ref()).into()
}
