//! What logind, the manager and the files say of a user's linger.

use anyhow::Result;
use oneshot::Root;
use systemd::{Scope, files, login, unit};
use user_session::{Account, linger, policy};

use crate::facts::{Facts, Logind, Session};

/// Reads everything anew.
pub(crate) fn gather(root: &Root, account: &Account) -> Result<Facts> {
    let service = files::read(root, policy::UNIT)?;
    let policy = service.exec_start().map(|start| policy::verdict(root, start, &account.name)).transpose()?;
    Ok(Facts {
        is_declared: linger::is_declared(root, &account.name)?,
        policy,
        logind: logind(root, account)?,
    })
}

fn logind(root: &Root, account: &Account) -> Result<Logind> {
    // What runs says nothing of another tree.
    if !root.is_real() {
        return Ok(Logind::Down);
    }
    let uid = account.uid;
    let names =
        [login::UNIT.to_owned(), format!("user-runtime-dir@{uid}.service"), format!("user@{uid}.service")];
    let mut units = unit::show(&Scope::System, &names)?.into_iter();
    let (Some(daemon), Some(directory), Some(manager)) = (units.next(), units.next(), units.next()) else {
        anyhow::bail!("systemctl show told of fewer units than were asked for");
    };
    // On its way up it takes calls from the bus as soon as it can; loginctl waits for that.
    if !daemon.is_up() && !daemon.is_moving() {
        return Ok(Logind::Down);
    }
    Ok(Logind::Up(Box::new(Session { user: login::user(uid)?, directory, manager })))
}
