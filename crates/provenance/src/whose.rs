//! Whose units are looked at.

use std::path::PathBuf;

use systemd::Scope;
use systemd::command_line::Context;
use systemd::unit_path::{self, Homes};

/// A manager, running or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// PID 1.
    System,
    /// A user's own.
    User(Person),
}

/// A user and the user's directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Name and directories.
    pub homes: Homes,
    /// `$XDG_STATE_HOME`.
    pub state: PathBuf,
    /// Whether it is this user who asks.
    pub is_caller: bool,
}

impl Whose {
    /// The manager to ask.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::System => Scope::System,
            Self::User(person) => Scope::user(person.uid, person.gid),
        }
    }

    /// The unit path where the manager cannot be asked.
    #[must_use]
    pub fn unit_path(&self) -> Vec<PathBuf> {
        match self {
            Self::System => unit_path::of_system(),
            Self::User(person) => unit_path::of_user(&person.homes),
        }
    }

    /// The command that reaches this manager from where the question is asked, without its verb.
    #[must_use]
    pub fn systemctl(&self) -> String {
        match self {
            Self::System => "systemctl".to_owned(),
            Self::User(person) if person.is_caller => "systemctl --user".to_owned(),
            Self::User(person) => format!("systemctl --user --machine={}@.host", person.homes.name),
        }
    }

    /// What the specifiers of a unit stand for; `None` for a path that is no UTF-8.
    pub(crate) fn context<'a>(&'a self, unit: &'a str) -> Option<Context<'a>> {
        Some(match self {
            Self::System => Context { unit, home: "/root", user: "root", uid: 0, runtime: "/run" },
            Self::User(person) => Context {
                unit,
                home: person.homes.home.to_str()?,
                user: &person.homes.name,
                uid: person.uid,
                runtime: person.homes.runtime.to_str()?,
            },
        })
    }
}
