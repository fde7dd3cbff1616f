//! One run: wait, tell, execute.

use std::time::Instant;

use anyhow::Result;
use oneshot::progress::Still;
use oneshot::{Exit, Finding, Report, refuse};
use path_wait::{Missing, Outcome, Wanted};

use crate::arguments::Arguments;
use crate::{execute, words};

/// Waits, and executes the command if there is one; that does not come back.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let wanted = wanted(arguments)?;
    let started = Instant::now();
    let mut line: Option<Still> = None;
    let mut tell = |missing: &[Missing]| {
        let text = words::missing(missing);
        match &line {
            Some(line) => line.say(&text),
            None => {
                report.info(&words::waiting(missing, arguments.timeout));
                line = Some(Still::start(report, &text));
            }
        }
    };
    let ended = path_wait::wait(&arguments.common.root(), &wanted, arguments.timeout.deadline(), &mut tell);
    let has_waited = line.is_some();
    drop(line);
    let span = started.elapsed();
    match ended? {
        Outcome::Over(missing) => {
            missing.iter().for_each(|missing| report.finding(words::over(missing, span)));
            Ok(())
        }
        Outcome::There => {
            if has_waited {
                report.info(&words::there(&arguments.paths, span));
            }
            for wanted in &wanted {
                let path = wanted.path.to_string_lossy();
                report.finding(Finding::ok("path", words::one_there(&path)).about(path));
            }
            match arguments.command.split_first() {
                Some((program, _)) => Err(execute::execute(program, &arguments.command)),
                None => Ok(()),
            }
        }
    }
}

fn wanted(arguments: &Arguments) -> Result<Vec<Wanted>> {
    let mounted = arguments.mounted;
    if mounted && arguments.paths.iter().any(|path| path.parent().is_none()) {
        return Err(refuse(Exit::Usage, "--mounted is no question of /, which is always mounted"));
    }
    Ok(arguments.paths.iter().map(|path| Wanted { path: path.clone(), mounted }).collect())
}
