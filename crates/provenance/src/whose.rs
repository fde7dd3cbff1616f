//! Whose units are looked at.

use std::path::PathBuf;

use anyhow::{Result, bail};
use oneshot::{Exit, Root, refuse};
use systemd::Scope;
use systemd::command_line::Context;
use systemd::unit_path::{self, Homes};
use user_session::{Account, Target, account};

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

/// Whose units the options `--user[=USER]` and `--system` mean: root's default is the system, that of anybody else the
/// own manager. An error text of a uid that nobody has.
pub fn choose(root: &Root, user: Option<&Option<Target>>, is_system: bool) -> Result<Result<Whose, String>> {
    let own = nix::unistd::geteuid().as_raw();
    if is_system || (user.is_none() && own == 0) {
        return Ok(Ok(Whose::System));
    }
    let target = user.cloned().flatten().unwrap_or(Target::Uid(own));
    let Some(account) = account::find(root, &target)? else {
        return Ok(Err(format!("{target} has no account, so there are no units of it")));
    };
    if own != 0 && own != account.uid {
        return Err(refuse(Exit::NoPermission, format!("only root may look at the units of {target}")));
    }
    Ok(Ok(Whose::User(person(root, account, own)?)))
}

/// The directories of a user. Home Manager and the user's manager have them from the environment, so that the user's own
/// counts where the user asks.
fn person(root: &Root, account: Account, own: u32) -> Result<Person> {
    let Some(home) = account::home(root, &account) else {
        bail!("{} has no home directory in the account database", account.name);
    };
    let directory = |variable: &str, standard: PathBuf| {
        let value = std::env::var_os(variable).filter(|_| root.is_real() && own == account.uid);
        value.map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or(standard)
    };
    let standard = Homes::standard(&account.name, home, account.uid);
    Ok(Person {
        uid: account.uid,
        gid: account.gid,
        is_caller: own == account.uid,
        state: directory("XDG_STATE_HOME", standard.home.join(".local/state")),
        homes: Homes {
            config: directory("XDG_CONFIG_HOME", standard.config),
            data: directory("XDG_DATA_HOME", standard.data),
            ..standard
        },
    })
}
