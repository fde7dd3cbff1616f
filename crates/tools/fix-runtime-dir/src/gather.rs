//! The look at the directory itself: a few system calls and no process, because this is what every login pays for.

use anyhow::{Context, Result};
use oneshot::{Exit, Root, refuse};
use user_session::capability::{self, Whose};
use user_session::directory::{self, Directory, Found};
use user_session::limits::{self, Limits};
use user_session::namespace::{self, MountNamespace};
use user_session::{Account, Mount, MountTable, wslg};

use crate::arguments::Wishes;
use crate::decide;
use crate::facts::{Facts, Place, Space};
use crate::session;

/// pam_nologin(8), systemd-user-sessions.service(8).
const NOLOGIN: &str = "/run/nologin";

/// The directories, held open; every change goes through these descriptors.
#[derive(Debug)]
pub(crate) struct Handles {
    pub(crate) parent: Option<Directory>,
    pub(crate) place: Option<Directory>,
}

/// Looks at everything that the decision needs; at the session only where the directory is not in order.
pub(crate) fn gather(root: &Root, account: &Account, wishes: &Wishes) -> Result<(Facts, Handles)> {
    let (parent, parent_handle) = split(directory::open_parent(root)?);
    let (place, place_handle) = match &parent_handle {
        Some(parent) => split(directory::open_in(parent, &account.uid.to_string())?),
        None => (Place::Missing, None),
    };
    let handles = Handles { parent: parent_handle, place: place_handle };
    let path = directory::path(account.uid);
    let table = MountTable::read_around(root, &path)?;
    let layers: Vec<Mount> = table.stack(&path).into_iter().cloned().collect();
    let is_elsewhere = !is_same_ground(root, &table, &path, &parent, &place)?;
    let elsewhere = |layer: &Mount| {
        let others = table.0.iter().filter(|row| row.device == layer.device);
        let foreign = others.filter(|row| !decide::is_runtime_directory(&row.point, account.uid));
        foreign.map(|row| row.point.clone()).collect()
    };
    let lost_links = wslg::lost(root, handles.place.as_ref())?;
    let stands = matches!(place, Place::Directory(_));
    let nologin = root.has(NOLOGIN)?;
    let mut facts = Facts {
        account: account.clone(),
        parent,
        place,
        shown_elsewhere: layers.last().map(elsewhere).unwrap_or_default(),
        backing: table
            .visible(&directory::path(account.uid))
            .map(|row| row.fstype.clone())
            .unwrap_or_default(),
        space: if layers.is_empty() { None } else { space(handles.place.as_ref())? },
        limits: Limits { size: 0, inodes: 0 },
        // Whoever has a mount there may mount; only a plain directory leaves the question open.
        may_mount: !layers.is_empty() || capability::may_mount(root, Whose::OwnNow)?.unwrap_or(false),
        // It matters only where something is missing, or held up by what is normal while the host boots.
        is_in_own_unit: (!stands || nologin || !lost_links.is_empty()) && is_in_own_unit(root, account.uid)?,
        lost_links,
        layers,
        is_elsewhere,
        nologin,
        session: None,
    };
    if !facts.layers.iter().all(shows_limits) || facts.layers.is_empty() {
        facts.limits = limits::read(root, limits::physical_memory()?)?;
    }
    if !facts.is_elsewhere && (wishes.start_manager || !decide::is_in_order(&facts, wishes)) {
        facts.session = Some(session::gather(root, &facts, handles.place.as_ref())?);
    }
    Ok((facts, handles))
}

fn split(found: Found) -> (Place, Option<Directory>) {
    let place = found.place();
    match found {
        Found::Directory(directory) => (place, Some(directory)),
        Found::Missing | Found::Other(_) => (place, None),
    }
}

fn shows_limits(layer: &Mount) -> bool {
    layer.super_option("size").is_some() && layer.super_option("nr_inodes").is_some()
}

/// Whether the deepest directory that was opened here is the one that the service manager sees at that path. It is
/// not in another mount namespace; and not for a moment while a mount comes or goes.
fn is_same_ground(
    root: &Root,
    table: &MountTable,
    path: &str,
    parent: &Place,
    place: &Place,
) -> Result<bool> {
    // The table of a tree is written by hand.
    if !root.is_real() {
        return Ok(true);
    }
    let (path, status) = match (parent, place) {
        (_, Place::Directory(status)) => (path, status),
        (Place::Directory(status), _) => (directory::PARENT, status),
        _ => return Ok(true),
    };
    let seen = table.visible(path);
    if status.mount.is_some() && status.mount == seen.map(|row| u64::from(row.id)) {
        return Ok(true);
    }
    if namespace::of_this_process(root)? == MountNamespace::Other {
        return Ok(false);
    }
    if status.mount.is_none() && seen.is_some_and(|row| row.device == status.device) {
        return Ok(true);
    }
    Err(refuse(Exit::Busy, "a mount came or went while it was looked at; nothing was changed, run it again"))
}

fn space(place: Option<&Directory>) -> Result<Option<Space>> {
    let Some(place) = place else { return Ok(None) };
    let Limits { size, inodes } =
        limits::allowed(&place.fd).context("reading the limits of the runtime directory")?;
    Ok(Some(Space { size, inodes }))
}

/// Whether this is an `ExecStartPre=` or `ExecStartPost=` of `user-runtime-dir@UID.service` (cgroups(7)).
fn is_in_own_unit(root: &Root, uid: u32) -> Result<bool> {
    let groups = root.read("/proc/self/cgroup")?.unwrap_or_default();
    let unit = format!("/user-runtime-dir@{uid}.service");
    Ok(groups.lines().any(|line| line.ends_with(&unit)))
}
