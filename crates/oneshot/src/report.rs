//! What a run found and did, and how that is told: text on a terminal or in a file, levels in the journal, JSON.

mod finding;
mod json;

use std::io;

use anstyle::Style;

use crate::stream::{self, Kind, Level};
use crate::text::printable;
use crate::{Common, Exit, Log};

pub use finding::{Finding, Status, Step, StepState};

/// Whether the findings are the answer (a check) or the changes are (a fix).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every finding is a line on standard output.
    Findings,
    /// Every change is a notice on standard error; findings are printed only when they are not in order.
    Changes,
}

/// Collects findings and steps and prints each as it comes; the JSON object comes at the end.
#[derive(Debug)]
pub struct Report {
    program: &'static str,
    answer: Answer,
    json: bool,
    quiet: bool,
    verbose: u8,
    stdout: Kind,
    stderr: Kind,
    findings: Vec<Finding>,
    steps: Vec<Step>,
    exit: Exit,
    unwritten: Option<io::Error>,
    log: Option<Log>,
}

impl Report {
    /// An empty report of `program`.
    #[must_use]
    pub fn new(program: &'static str, answer: Answer, common: &Common) -> Self {
        Self {
            program,
            answer,
            json: common.json,
            quiet: common.quiet,
            verbose: common.verbose,
            stdout: Kind::of(&io::stdout()),
            stderr: Kind::of(&io::stderr()),
            findings: Vec::new(),
            steps: Vec::new(),
            exit: Exit::Ok,
            unwritten: None,
            log: None,
        }
    }

    /// From now on a log gets every line that goes to standard error, and would go there but for `--json`.
    pub fn keep(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Records and prints a finding; one that failed makes the run exit 1 unless it says otherwise.
    pub fn finding(&mut self, finding: Finding) {
        self.exit = self.exit.worse(finding.exit());
        self.print_finding(&finding);
        self.findings.push(finding);
    }

    /// Records and prints a step that was done, or would be.
    pub fn step(&mut self, step: Step) {
        match step.state {
            StepState::Done if !self.quiet => self.note(Level::Notice, &step.text),
            StepState::Done => {}
            StepState::Would => self.print(&format!("would {}", printable(&step.text))),
        }
        self.steps.push(step);
    }

    /// A line that is neither a finding nor a change, such as a skip with its reason.
    pub fn info(&mut self, text: &str) {
        if !self.quiet {
            self.note(Level::Info, text);
        }
    }

    /// A line on what does not change the answer but should be seen to.
    pub fn warn(&mut self, text: &str) {
        self.note(Level::Warning, text);
    }

    /// A line for `-v`.
    pub fn detail(&mut self, text: &str) {
        if self.verbose > 0 {
            self.note(Level::Debug, text);
        }
    }

    /// Lines that only a person at a terminal wants, such as a drawing; nothing elsewhere.
    pub fn drawing(&mut self, lines: &[String]) {
        if self.json || self.quiet || !matches!(self.stdout, Kind::Terminal { .. }) {
            return;
        }
        for line in lines {
            let line = self.stdout.paint(Style::new().dimmed(), line);
            self.print(&line);
        }
    }

    /// Makes the run exit with `exit` unless something worse was found.
    pub fn ends(&mut self, exit: Exit) {
        self.exit = self.exit.worse(exit);
    }

    /// What the run exits with as things stand.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The findings so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The steps so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether a live line may be drawn on standard error.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.json && !self.quiet && matches!(self.stderr, Kind::Terminal { .. })
    }

    /// What the run exits with if it ends with this error, or without one.
    #[must_use]
    pub fn exit_with(&self, error: Option<&anyhow::Error>) -> Exit {
        error.map_or(self.exit, crate::exit::of)
    }

    /// The report as the JSON object that `--json` prints.
    #[must_use]
    pub fn object(&self, error: Option<&anyhow::Error>) -> String {
        json::object(self, error)
    }

    /// Ends the run: the error, the JSON object, and the code to exit with.
    pub(crate) fn finish(mut self, error: Option<&anyhow::Error>) -> Exit {
        self.exit = self.exit_with(error);
        if let Some(error) = error {
            self.note(Level::Error, &format!("{error:#}"));
        }
        if self.json {
            let object = self.object(error);
            self.write(&object);
        }
        match self.unwritten.take() {
            // The reader has gone (`| head`): nobody is left to tell.
            Some(lost) if lost.kind() == io::ErrorKind::BrokenPipe => self.exit,
            Some(lost) => {
                self.tell(Level::Error, &format!("writing to standard output: {lost}"));
                self.exit.worse(Exit::Failed)
            }
            None => self.exit,
        }
    }

    fn print_finding(&mut self, finding: &Finding) {
        let wrong = matches!(finding.status, Status::Warn | Status::Fail);
        if self.quiet && (finding.status != Status::Fail && !(wrong && self.answer == Answer::Findings)) {
            return;
        }
        let level = finding.level();
        match self.answer {
            Answer::Findings => {
                let prefix = self.stdout.prefix(level, "");
                let status =
                    self.stdout.paint(stream::colour(finding.status), &format!("{:<4}", finding.status));
                let shape = finding.shape.map(|shape| format!(" [{shape}]")).unwrap_or_default();
                let text = printable(&finding.text);
                self.print(&format!("{prefix}{status}  {}  {text}{shape}", finding.id));
                for hint in &finding.hint {
                    let hint = self.stdout.paint(Style::new().bold(), hint);
                    self.print(&format!("{prefix}      hint: {hint}"));
                }
            }
            Answer::Changes => {
                if finding.status == Status::Ok && self.verbose == 0 {
                    return;
                }
                self.note(level, &finding.text);
                for hint in &finding.hint {
                    self.note(level, &format!("hint: {hint}"));
                }
            }
        }
    }

    /// A line on standard error. In JSON all that it could say stands in the object, and so only the log gets it.
    fn note(&mut self, level: Level, text: &str) {
        if let Some(log) = &self.log
            && let Err(error) = log.write(level, text)
        {
            let text = format!("writing the log {}: {error}", log.path().display());
            self.log = None;
            self.note(Level::Warning, &text);
        }
        if !self.json {
            self.tell(level, text);
        }
    }

    fn tell(&self, level: Level, text: &str) {
        let prefix = self.stderr.prefix(level, self.program);
        let text = match level {
            Level::Error => self.stderr.paint(stream::colour(Status::Fail), text),
            Level::Warning => self.stderr.paint(stream::colour(Status::Warn), text),
            _ => printable(text),
        };
        // Nobody can be told that standard error is closed.
        let _ = stream::write_line(io::stderr(), &format!("{prefix}{text}"));
    }

    fn print(&mut self, line: &str) {
        if !self.json {
            self.write(line);
        }
    }

    fn write(&mut self, line: &str) {
        if self.unwritten.is_none()
            && let Err(error) = stream::write_line(io::stdout(), line)
        {
            self.unwritten = Some(error);
        }
    }
}
