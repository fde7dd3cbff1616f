//! The run: look, decide, take a step, look again, until all is in order or no step is left.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use launchd::ask::Answer;
use oneshot::lock::{self, Lock};
use oneshot::report::Step as Record;
use oneshot::{Exit, Finding, Log, Report, Root, StepState, keep, refuse};
use user_session::{Target, account};

use crate::apply::Hands;
use crate::arguments::Arguments;
use crate::ask;
use crate::decide::{Left, Plan, decide};
use crate::facts::{Consent, End, Facts, Situation, Tried};
use crate::gather::Lookout;
use crate::notify::{self, Notification};
use crate::privilege::Privilege;
use crate::stamp::Stamp;
use crate::step::Step;
use crate::sudoers;
use crate::words::Voice;

/// The log of a user, below the home.
const LOG: &str = ".local/log/nix-activation-recovery.log";

/// That of root. A folder of a user's is no place for root to write to.
const LOG_OF_ROOT: &str = "/var/log/nix-activation-recovery.log";

/// Recovers what is to be recovered.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    if let Some(whom) = &arguments.print_sudoers {
        let rule = sudoers::rule(whom, Privilege::new(&root, false)?.folder()).join("\n") + "\n";
        return std::io::stdout().write_all(rule.as_bytes()).context("writing to standard output");
    }
    let lookout = Lookout::new(&root)?;
    let facts = lookout.gather()?;
    if !facts.host.look.is_managed {
        let text = "no system of nix-darwin or NixOS was ever activated here: there is nothing to recover";
        return Err(refuse(Exit::Unavailable, text));
    }
    let mut situation = situation(arguments, &root);
    let plan = decide(&facts, &situation, &[]);
    report.detail(&format!("{situation:?}; {:?}", facts.troubles));
    if plan == Plan::Healthy {
        if situation.consent == Consent::Asked {
            report.info("all is in order, and nothing was done");
        }
        report.finding(Finding::ok("activation", "the system of the profile is active"));
        return Ok(());
    }
    // What a healthy host does not have to be asked.
    let session = lookout.launchctl()?.and_then(|launchctl| launchctl.session().ok());
    situation.session = session.as_ref().and_then(Answer::here).copied();
    let mut run = Run { arguments, root: &root, lookout, situation, tried: Vec::new() };
    if arguments.write.dry_run {
        run.rehearse(&facts, report);
        return Ok(());
    }
    run.recover(report)
}

/// Who asks, but for the session, which launchd has to be asked for.
fn situation(arguments: &Arguments, root: &Root) -> Situation {
    let consent = match () {
        () if arguments.yes => Consent::Given { at_terminal: ask::is_terminal() },
        () if arguments.asks() => Consent::Asked,
        () => Consent::Nobody,
    };
    Situation {
        most: arguments.level,
        is_root: nix::unistd::geteuid().is_root(),
        session: None,
        consent,
        was_activated: Stamp::new(root)
            .and_then(|stamp| stamp.is_set())
            .map_err(|error| format!("{error:#}")),
    }
}

struct Run<'a> {
    arguments: &'a Arguments,
    root: &'a Root,
    lookout: Lookout,
    situation: Situation,
    tried: Vec<Tried>,
}

impl Run<'_> {
    /// Says which steps would be taken, each time as if those before had done nothing.
    fn rehearse(&mut self, facts: &Facts, report: &mut Report) {
        while let Plan::Next(step, risk) = decide(facts, &self.situation, &self.tried) {
            let text = risk.map_or_else(|| step.to_string(), |risk| format!("{step} ({risk})"));
            report.step(Record::new(step.kind(), step.target(), text, StepState::Would));
            self.tried.push(Tried { step, end: End::Done });
        }
        if let Plan::Over(left) = decide(facts, &self.situation, &self.tried) {
            let hopeless = left.iter().filter(|(_, left)| !matches!(left, Left::Tried(_)));
            for (trouble, left) in hopeless {
                report.finding(Voice { user: None, folder: "" }.left(trouble, left));
            }
        }
    }

    fn recover(&mut self, report: &mut Report) -> Result<()> {
        if self.situation.consent == Consent::Asked {
            ask::need_terminal()?;
        }
        self.keep_log(report);
        let _lock = self.lock()?;
        let asks = self.situation.consent != Consent::Nobody && ask::is_terminal();
        let privilege = Privilege::new(self.root, asks)?;
        let hands =
            Hands { root: self.root, privilege, seconds: self.arguments.timeout, is_by_itself: !asks };
        let mut explained = false;
        let left = loop {
            let facts = self.lookout.gather()?;
            let (step, risk) = match decide(&facts, &self.situation, &self.tried) {
                Plan::Healthy => break Vec::new(),
                Plan::Over(left) => break left,
                Plan::Next(step, risk) => (step, risk),
            };
            report.detail(&format!("{step:?} for {:?}", facts.troubles));
            if self.situation.consent == Consent::Asked && !explained {
                self.explain(&facts, report);
                explained = true;
            }
            let end = match self.is_wanted(&step, risk.as_deref())? {
                true => hands.take(&step, report),
                false => End::Declined,
            };
            self.tried.push(Tried { step, end });
        };
        self.tell(&hands, &left, report);
        Ok(())
    }

    /// What is wrong, before the first question.
    fn explain(&self, facts: &Facts, report: &mut Report) {
        for trouble in &facts.troubles {
            let finding = Voice { user: None, folder: "" }.left(trouble, &Left::Helpless);
            let shape = finding.shape.map(|shape| format!(" [{shape}]")).unwrap_or_default();
            report.info(&format!("{}{shape}", finding.text));
        }
    }

    fn is_wanted(&self, step: &Step, risk: Option<&str>) -> Result<bool> {
        // A wait changes nothing, and ends with Ctrl-C.
        if self.situation.consent != Consent::Asked || *step == Step::Wait {
            return Ok(true);
        }
        let risk = risk.map(|risk| format!(" Mind: {risk}.")).unwrap_or_default();
        ask::confirm(&format!("Shall I {step}? It runs: {}.{risk}", step.command()))
    }

    /// One recovery of a user at a time.
    fn lock(&self) -> Result<Lock> {
        lock::take_in(&Root::default(), &keep::state(self.root)?, "recover-activation")
    }

    /// A log that cannot be kept is told, and keeps nobody from recovering.
    fn keep_log(&self, report: &mut Report) {
        let path = match &self.arguments.log_file {
            Some(path) => Ok(path.clone()),
            None if self.situation.is_root => Ok(PathBuf::from(LOG_OF_ROOT)),
            None => keep::variable("HOME").map(|home| home.join(LOG)),
        };
        match path.and_then(|path| Log::open(&self.root.join(path))) {
            Ok(log) => report.keep(log),
            Err(error) => {
                report.finding(Finding::warn("log-file", format!("nothing is kept of this run: {error:#}")));
            }
        }
    }

    /// The answer: what is left, or that all is in order again.
    fn tell(&self, hands: &Hands<'_>, left: &[(activation::Trouble, Left)], report: &mut Report) {
        let user =
            self.lookout.uid().and_then(|uid| account::find(self.root, &Target::Uid(uid)).ok().flatten());
        let user = user.map(|account| account.name);
        let voice = Voice { user: user.as_deref(), folder: hands.privilege.folder() };
        for (trouble, why) in left {
            report.finding(voice.left(trouble, why));
        }
        if left.is_empty() {
            report.finding(Finding::ok("activation", "the system of the profile is active again"));
        }
        if self.situation.consent == Consent::Nobody {
            let notification = notification(left, hands.privilege.folder());
            self.notify(&notification, report);
        } else if left.is_empty() {
            report.info("all is in order again; take it into this shell with: exec $SHELL");
        }
    }

    fn notify(&self, notification: &Notification, report: &mut Report) {
        let is_at_screen = self.situation.session == Some(launchd::session::Session::Aqua);
        if !self.situation.is_root && !is_at_screen {
            return;
        }
        match notify::show(self.root, self.situation.is_root, notification) {
            Ok(_) => {}
            Err(error) => report.info(&format!("the notification could not be shown: {error:#}")),
        }
    }
}

fn notification(left: &[(activation::Trouble, Left)], folder: &str) -> Notification {
    match left.first() {
        None => Notification {
            subtitle: "Boot recovery completed",
            text: "Nix is active again. In a terminal that is open: exec $SHELL".to_owned(),
        },
        Some((trouble, _)) => {
            let finding = Voice { user: None, folder }.left(trouble, &Left::Helpless);
            Notification {
                subtitle: "Action needed",
                text: format!("Run: {folder}/recover-activation --ask - {}", finding.text),
            }
        }
    }
}
