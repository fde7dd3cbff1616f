//! Sockets, environment, linger, WSLg.

use std::path::Path;

use anyhow::Result;
use oneshot::{Exit, Root};
use systemd::{files, login};
use user_session::bus::{self, Answer};
use user_session::wsl::Wsl;
use user_session::{Account, Target, account, directory, linger, policy, wslg};

use super::asked;
use super::directory::held;
use crate::facts::{Environment, Linger, Sockets, WslSession};

/// What WSL runs for every user that comes (WSL `src/linux/init/init.cpp`, `CreateLoginSession`).
const LOGIN: &str = "/bin/login";

/// The first display of WSLg, as clients look for it, and below WSL's shared folder.
const X11: &str = "/tmp/.X11-unix/X0";

/// WSLg's servers in its runtime directory.
const SERVERS: [&str; 2] = ["wayland-0", "pulse/native"];

/// A folder with more files is no linger folder of people.
const MOST_NAMES: usize = 50;

pub(super) fn sockets(root: &Root, uid: u32) -> Result<Sockets> {
    let place = root.join(directory::path(uid));
    Ok(Sockets {
        bus: bus::ask(&place.join(bus::BUS)),
        private: bus::ask(&place.join(bus::PRIVATE)),
        has_bus_unit: files::read_from(root, &files::USER_PATHS, "dbus.socket")?.fragment.is_some(),
    })
}

pub(super) fn environment() -> Environment {
    let value = |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    Environment { runtime_directory: value("XDG_RUNTIME_DIR"), bus: value("DBUS_SESSION_BUS_ADDRESS") }
}

pub(super) fn linger(root: &Root, account: &Account) -> Result<Linger> {
    let service = files::read(root, policy::UNIT)?;
    let policy = service.exec_start().map(|start| policy::verdict(root, start, &account.name)).transpose()?;
    Ok(Linger {
        user: asked(root, || login::user(account.uid)),
        is_declared: linger::is_declared(root, &account.name)?,
        policy,
        unknown: unknown_names(root)?,
    })
}

/// Linger files that logind passes over at its start. Escaped names are not looked up.
fn unknown_names(root: &Root) -> Result<Vec<String>> {
    let mut unknown = Vec::new();
    let names = root.list(linger::DIRECTORY)?;
    for name in
        names.into_iter().filter(|name| !name.starts_with('.') && !name.contains('\\')).take(MOST_NAMES)
    {
        match account::find(root, &Target::Name(name.clone())) {
            Err(error) if oneshot::exit::of(&error) == Exit::Config => unknown.push(name),
            _ => {}
        }
    }
    Ok(unknown)
}

pub(super) fn wsl(root: &Root, uid: u32, wsl: &Wsl) -> Result<WslSession> {
    let runtime = wsl.runtime_directory();
    let has_gui = root.has(&runtime)?;
    let lost_links = held(root, uid)
        .and_then(|place| wslg::lost(root, place.as_ref()).map_err(|error| format!("{error:#}")));
    let mut servers: Vec<(&'static str, Answer)> = Vec::new();
    if has_gui {
        servers.extend(SERVERS.map(|name| (name, bus::ask(&root.join(Path::new(&runtime).join(name))))));
    }
    let offered = format!("{}/.X11-unix/X0", wsl.shared_folder());
    let has_x11 = if root.has(offered)? { Some(root.has(X11)?) } else { None };
    Ok(WslSession { has_login: root.has(LOGIN)?, has_gui, lost_links, servers, has_x11 })
}
