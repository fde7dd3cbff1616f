//! One writer at a time.

use anyhow::Result;
use oneshot::Root;
use oneshot::lock::{self, Lock};
use provenance::{Person, Whose};

use crate::step::Step;

/// The locks of a run: that of a user's home directory, and that of the folders of the system.
#[derive(Debug, Default)]
pub(crate) struct Held {
    home: Option<Lock>,
    system: Option<Lock>,
}

impl Held {
    /// Takes what these steps need and is not held; whether that was anything.
    ///
    /// A user's own run cannot write where the locks stand: the home directory itself is locked, for root's run, too. What
    /// is outside of it root's runs for several users, and for the system, may write to.
    pub(crate) fn extend(&mut self, root: &Root, whose: &Whose, steps: &[Step]) -> Result<bool> {
        let (home, is_system) = match whose {
            Whose::System => (None, true),
            Whose::User(person) => {
                (Some(&person.homes.home), nix::unistd::geteuid().is_root() && leaves_home(person, steps))
            }
        };
        let mut is_new = false;
        if let (Some(home), None) = (home, &self.home) {
            self.home = Some(lock::take_folder(&root.join(home))?);
            is_new = true;
        }
        if is_system && self.system.is_none() {
            self.system = Some(lock::take(root, "fix-unit-provenance")?);
            is_new = true;
        }
        Ok(is_new)
    }
}

fn leaves_home(person: &Person, steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Restore { path, .. } | Step::Remove { path } => !person.is_home(path),
        Step::Reload => false,
    })
}
