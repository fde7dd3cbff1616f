//! The way from `main` to the exit code, the same in every program.

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
}

/// Parses the arguments, runs `body`, prints its error once, and gives the exit code.
pub fn run<A: Arguments>(body: fn(&A, &mut Report) -> Result<()>) -> ExitCode {
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, and go to standard output.
            let written = error.print();
            return if error.use_stderr() || written.is_err() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let mut report = Report::new(A::NAME, A::ANSWER, arguments.common());
    let error = body(&arguments, &mut report).err();
    report.finish(error.as_ref()).into()
}
