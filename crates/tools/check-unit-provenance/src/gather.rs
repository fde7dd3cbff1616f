//! Whose units, and the look at them.

use std::path::PathBuf;

use anyhow::{Result, bail};
use oneshot::{Exit, Root, refuse};
use provenance::survey::{Survey, Units, look};
use provenance::{Person, Request, Whose};
use systemd::unit_path::Homes;
use user_session::{Account, Target, account};

use crate::arguments::{Arguments, Owner};

/// Whose units are meant; an error text of a uid that nobody has.
pub(crate) fn whose(arguments: &Arguments, root: &Root) -> Result<Result<Whose, String>> {
    let own = nix::unistd::geteuid().as_raw();
    if arguments.system || (arguments.user.is_none() && own == 0) {
        if arguments.owner == Owner::HomeManager {
            return Err(refuse(
                Exit::Config,
                "Home Manager ships no units of the system manager; add --user",
            ));
        }
        return Ok(Ok(Whose::System));
    }
    let target = arguments.user.clone().flatten().unwrap_or(Target::Uid(own));
    let Some(account) = account::find(root, &target)? else {
        return Ok(Err(format!("{target} has no account, so there are no units to check")));
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
    let directory = |variable: &str, below: &str| {
        let value = std::env::var_os(variable).filter(|_| root.is_real() && own == account.uid);
        value.map(PathBuf::from).filter(|path| path.is_absolute()).unwrap_or_else(|| home.join(below))
    };
    Ok(Person {
        uid: account.uid,
        gid: account.gid,
        is_caller: own == account.uid,
        state: directory("XDG_STATE_HOME", ".local/state"),
        homes: Homes {
            name: account.name,
            config: directory("XDG_CONFIG_HOME", ".config"),
            data: directory("XDG_DATA_HOME", ".local/share"),
            runtime: PathBuf::from(format!("/run/user/{}", account.uid)),
            home,
        },
    })
}

/// Looks at everything.
pub(crate) fn gather(arguments: &Arguments, root: &Root, whose: &Whose) -> Result<Survey> {
    let units = match arguments.units.as_slice() {
        [] if arguments.all => Units::All,
        [] => Units::Shipped,
        names => Units::Named(names.iter().map(|name| name.as_str().to_owned()).collect()),
    };
    look(&Request { root, whose, is_offline: arguments.offline, units, owner: arguments.owner.kind() })
}
