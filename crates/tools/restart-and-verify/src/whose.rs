//! Whose units are meant.

use anyhow::Result;
use nix::unistd::{getegid, geteuid};
use oneshot::{Exit, refuse};
use systemd::Scope;
use user_session::account;

use crate::arguments::Arguments;

/// A manager, and how an admin asks the same one.
pub(crate) struct Manager {
    pub(crate) scope: Scope,
    pub(crate) systemctl: String,
}

impl Manager {
    pub(crate) fn of(arguments: &Arguments) -> Result<Self> {
        let root = arguments.common.root();
        let own = geteuid();
        let Some(whose) = &arguments.machine else {
            return Ok(if arguments.own {
                let scope = Scope::user(own.as_raw(), getegid().as_raw());
                Self { scope, systemctl: "systemctl --user".to_owned() }
            } else {
                Self { scope: Scope::System, systemctl: "systemctl".to_owned() }
            });
        };
        let Some(account) = account::find(&root, &whose.0)? else {
            return Err(refuse(Exit::Config, format!("{} has no account", whose.0)));
        };
        if !own.is_root() && own.as_raw() != account.uid {
            let text = format!("asking the manager of {} needs root, or that user", whose.0);
            return Err(refuse(Exit::NoPermission, text));
        }
        let systemctl = format!("systemctl --user --machine={}@", account.name);
        Ok(Self { scope: Scope::user(account.uid, account.gid), systemctl })
    }
}
