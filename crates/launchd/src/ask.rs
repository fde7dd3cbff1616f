//! Asking launchd, through launchctl. Nothing here changes anything.

use anyhow::{Context as _, Result};
use oneshot::command::Outcome;
use oneshot::{Deadline, Root};

use crate::background::Background;
use crate::disabled::Disabled;
use crate::session::Session;
use crate::{Class, Domain, Listing, Reply, Service, Tool, Tools};

/// The launchctl of a host.
#[derive(Clone, Debug)]
pub struct Launchctl {
    tools: Tools,
    deadline: Deadline,
}

/// What became of a question about something that need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// It is there.
    Here(T),
    /// It is not, in launchd's own words.
    Missing(Reply),
    /// launchctl said something that cannot be read as either.
    Unknown(String),
}

impl<T> Answer<T> {
    /// What is there.
    pub fn here(&self) -> Option<&T> {
        if let Self::Here(it) = self { Some(it) } else { None }
    }
}

impl Launchctl {
    /// That of a root; a refusal with 69 where there is none.
    pub fn new(root: &Root, deadline: Deadline) -> Result<Self> {
        Self::with(Tools::new(root), deadline)
    }

    /// That of these tools, with no call beyond this deadline.
    pub fn with(tools: Tools, deadline: Deadline) -> Result<Self> {
        tools.find(Tool::Launchctl)?;
        Ok(Self { tools, deadline })
    }

    /// The tools.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// When no call is made any more.
    #[must_use]
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// All jobs of a domain.
    pub fn list(&self, domain: Domain) -> Result<Answer<Listing>> {
        self.print(domain.to_string(), |text| Listing::parse(text, domain))
    }

    /// One job.
    pub fn service(&self, domain: Domain, label: &str) -> Result<Answer<Service>> {
        let name = domain.service(label);
        self.print(name.clone(), |text| Service::parse(text, &name))
    }

    /// The overrides of a domain.
    pub fn disabled(&self, domain: Domain) -> Result<Answer<Disabled>> {
        self.ask(&["print-disabled", &domain.to_string()], Disabled::parse)
    }

    /// The type of session that the caller runs in.
    pub fn session(&self) -> Result<Answer<Session>> {
        self.ask(&["managername"], Session::parse)
    }

    /// What Background Task Management has recorded; an error without root, as sfltool then asks for a password.
    pub fn background(&self) -> Result<Background> {
        let command = self.tools.command(Tool::Sfltool, &self.deadline)?.arg("dumpbtm");
        let text = command.output()?;
        Background::parse(&text).with_context(|| format!("reading what {command} says"))
    }

    fn print<T>(&self, what: String, parse: impl Fn(&str) -> Result<T>) -> Result<Answer<T>> {
        self.ask(&["print", &what], parse)
    }

    /// A launchctl that hangs is an error (4): launchd itself does not answer, and it would not answer the next time.
    fn ask<T>(&self, words: &[&str], parse: impl Fn(&str) -> Result<T>) -> Result<Answer<T>> {
        let command = self.tools.command(Tool::Launchctl, &self.deadline)?.args(words.iter().copied());
        let outcome: Outcome = command.run()?;
        let reply = Reply::of(&outcome);
        Ok(match reply.class() {
            Class::Done => match parse(&String::from_utf8_lossy(&outcome.stdout)) {
                Ok(it) => Answer::Here(it),
                Err(error) => Answer::Unknown(format!("{command}: {error:#}")),
            },
            Class::NotLoaded | Class::NoDomain => Answer::Missing(reply),
            _ => Answer::Unknown(format!("{command}: {reply}")),
        })
    }
}
