//! What is told while the services are on their way: a live line for each on a terminal, a line for each change elsewhere.

use oneshot::Report;
use oneshot::progress::Lines;
use stack::judge::{Service, Verdict};
use stack::up::Teller;

use crate::words;

/// Tells through the report.
pub(crate) struct Telling<'a> {
    report: &'a mut Report,
    lines: Lines,
    /// Whether a change is worth a line: where nothing is done, none is.
    is_quiet: bool,
}

impl<'a> Telling<'a> {
    pub(crate) fn start(report: &'a mut Report, is_quiet: bool) -> Self {
        let lines = Lines::start(report);
        Self { report, lines, is_quiet }
    }
}

impl Teller for Telling<'_> {
    fn service(&mut self, service: &Service) {
        let name = &service.expected.service;
        let text = words::stand(service);
        if self.lines.is_live() {
            self.lines.say(name, &text, !matches!(service.verdict, Verdict::Waiting(_)));
        } else if !self.is_quiet && !matches!(service.verdict, Verdict::Failed(_)) {
            // A failure is a finding, which comes at the end with all that is known.
            self.report.info(&format!("service {name}: {text}"));
        }
    }

    fn line(&mut self, line: &str) {
        if !self.lines.is_live() {
            self.report.detail(line);
        }
    }
}
