//! Whose agents and shell are looked at, and the look itself.

use activation::{Facts, Person, Request};
use anyhow::Result;
use launchd::{Launchctl, Tool, Tools, console};
use nix_host::platform::{self, Platform};
use oneshot::{Exit, Resolver, Root, exit};

use crate::arguments::Arguments;
use crate::decide::Silent;

/// What was found, and why launchd told nothing.
pub(crate) struct Gathered {
    pub(crate) facts: Facts,
    pub(crate) silent: Option<Silent>,
}

/// Looks at everything.
pub(crate) fn gather(arguments: &Arguments, root: &Root) -> Result<Gathered> {
    let person = person(root)?;
    let (launchctl, unasked) = match platform::of(&Resolver::new(root)) {
        Platform::Mac if !arguments.offline => launchctl(arguments, root)?,
        Platform::Mac => (None, Some("--offline was given".to_owned())),
        Platform::NixOs | Platform::Other => (None, None),
    };
    let request = Request { root, person: person.as_ref(), launchctl: launchctl.as_ref() };
    match activation::gather(&request) {
        Ok(facts) => Ok(Gathered { facts, silent: unasked.map(Silent::Unasked) }),
        // What files tell is told all the same.
        Err(error) if exit::of(&error) == Exit::Undecided => {
            let facts = activation::gather(&Request { launchctl: None, ..request })?;
            Ok(Gathered { facts, silent: Some(Silent::Hangs(format!("{error:#}"))) })
        }
        Err(error) => Err(error),
    }
}

/// The launchctl of the root. A tree need not have one; a Mac without it is none.
fn launchctl(arguments: &Arguments, root: &Root) -> Result<(Option<Launchctl>, Option<String>)> {
    let tools = Tools::new(root);
    match tools.find(Tool::Launchctl) {
        Ok(_) => Ok((Some(Launchctl::with(tools, arguments.wait.deadline())?), None)),
        Err(error) if !root.is_real() && exit::of(&error) == Exit::Unavailable => {
            Ok((None, Some(format!("{error:#}"))))
        }
        Err(error) => Err(error),
    }
}

/// The caller; for root whoever sits at the screen.
fn person(root: &Root) -> Result<Option<Person>> {
    let own = nix::unistd::getuid().as_raw();
    let uid = if own == 0 { console::user(root)? } else { Some(own) };
    uid.map(|uid| Person::of(root, uid)).transpose()
}
