//! The look at everything. What cannot be seen here (no root, no bus, another user's folder) becomes a reason, not an
//! error: the other checks still tell something.

mod directory;
mod session;

use std::path::Path;

use anyhow::Result;
use oneshot::Root;
use systemd::journal::{self, Query};
use systemd::{Scope, files, manager, unit};
use user_session::causes::{self, Host};
use user_session::fstab;
use user_session::{Account, cgroup, namespace};

use crate::facts::{Causes, Facts, Looked, Next, Units};

/// pam_nologin(8).
const NOLOGIN: [&str; 2] = ["/run/nologin", "/etc/nologin"];

/// The system that `nixos-rebuild boot` and `switch` have set.
const PROFILE: &str = "/nix/var/nix/profiles/system";

/// The system that runs.
const RUNNING: &str = "/run/current-system";

/// More lines than a failed start writes; a session that works writes its own.
const JOURNAL_LINES: u32 = 200;

/// What is not about the user and does not change while one waits.
pub(crate) struct Request<'a> {
    pub(crate) root: &'a Root,
    pub(crate) account: &'a Account,
    pub(crate) next: Option<&'a Path>,
    pub(crate) with_journal: bool,
}

/// Looks at everything.
pub(crate) fn gather(request: &Request<'_>) -> Result<Facts> {
    let (root, account) = (request.root, request.account);
    let host = Host::look(root)?;
    let is_own = nix::unistd::getuid().as_raw() == account.uid;
    Ok(Facts {
        is_own,
        manager: asked(root, manager::show),
        namespace: namespace::of_this_process(root)?,
        directory: directory::gather(root, account.uid)?,
        causes: causes(request, &host)?,
        units: asked(root, || units(account.uid)),
        population: cgroup::of_manager(root, account.uid)?,
        nologin: existing(root)?,
        journal: request.with_journal.then(|| asked(root, || journal(account.uid))),
        sockets: session::sockets(root, account.uid)?,
        environment: is_own.then(session::environment),
        linger: session::linger(root, account)?,
        wsl: host.wsl.as_ref().map(|wsl| session::wsl(root, account.uid, wsl)).transpose()?,
        account: account.clone(),
        host,
    })
}

/// What running programs say counts only for the real root; their failure is a reason.
fn asked<T>(root: &Root, ask: impl FnOnce() -> Result<T>) -> Looked<T> {
    if !root.is_real() {
        return Err("not asked about another tree".to_owned());
    }
    ask().map_err(|error| format!("{error:#}"))
}

fn units(uid: u32) -> Result<Units> {
    let names = [
        format!("user-runtime-dir@{uid}.service"),
        format!("user@{uid}.service"),
        "systemd-user-sessions.service".to_owned(),
    ];
    let mut units = unit::show(&Scope::System, &names)?.into_iter();
    match (units.next(), units.next(), units.next()) {
        (Some(directory), Some(manager), Some(sessions)) => Ok(Units { directory, manager, sessions }),
        _ => anyhow::bail!("systemctl show told of fewer units than were asked for"),
    }
}

fn journal(uid: u32) -> Result<journal::Journal> {
    let units = [format!("user@{uid}.service"), format!("user-runtime-dir@{uid}.service")];
    // login(1) is what WSL logs in with; its own words on the directory come under its own name.
    journal::read(&Query { units: &units, identifiers: &["login"], priority: 4, most: JOURNAL_LINES })
}

fn existing(root: &Root) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    for path in NOLOGIN {
        if root.has(path)? {
            found.push(path);
        }
    }
    Ok(found)
}

fn causes(request: &Request<'_>, host: &Host) -> Result<Causes> {
    let (root, uid) = (request.root, request.account.uid);
    let system = request.next.unwrap_or(Path::new(PROFILE));
    let next = if request.next.is_some() || root.has(PROFILE)? {
        let file = format!("{}/etc/fstab", system.display());
        let stray = fstab::read(root, &file)?
            .into_iter()
            .filter(|entry| causes::is_stray(entry, host, uid))
            .collect();
        Some(Next { system: system.to_owned(), is_running: is_same(root, system), stray })
    } else {
        None
    };
    Ok(Causes {
        stray: causes::stray_entries(root, host, uid)?,
        next,
        overrides: files::overrides(root, "user-runtime-dir@.service", &uid.to_string())?,
    })
}

fn is_same(root: &Root, system: &Path) -> bool {
    let [next, running] = [system, Path::new(RUNNING)].map(|path| std::fs::canonicalize(root.join(path)));
    matches!((next, running), (Ok(next), Ok(running)) if next == running)
}
