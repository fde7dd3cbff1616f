//! Asking launchd to run the daemon that mounts the store. Two installers have one each: Determinate, and the rest.

use std::time::Duration;

use launchd::{Change, Class, Domain, Reply, Tools};
use nix_host::volume;
use oneshot::{Deadline, Root};

/// It answers in milliseconds, or has lost launchd.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks for one of the daemons; its label, or what was said of each.
pub(crate) fn kickstart(root: &Root) -> Result<&'static str, Vec<String>> {
    let tools = Tools::new(root);
    let mut words = Vec::new();
    // The first that launchd knows is asked.
    for label in volume::DAEMONS {
        // One that is at work is left at work.
        let change = Change::Kickstart { domain: Domain::System, label: label.to_owned(), kills: false };
        let command = change.command(&tools, &Deadline::after(PATIENCE));
        match command.and_then(|command| command.run()).map(|outcome| Reply::of(&outcome)) {
            Ok(reply) if matches!(reply.class(), Class::Done | Class::AlreadyLoaded) => return Ok(label),
            Ok(reply) => words.push(format!("{label}: {reply}")),
            Err(error) => words.push(format!("{label}: {error:#}")),
        }
    }
    Err(words)
}
