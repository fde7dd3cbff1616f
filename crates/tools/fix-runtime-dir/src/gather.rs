//! The look at the directory itself: a few system calls and no process, because this is what every login pays for.

use anyhow::{Context, Result};
use oneshot::Root;
use user_session::capability::{self, Whose};
use user_session::directory::{self, Directory, Found};
use user_session::limits::{self, Limits};
use user_session::{Account, Mount, wslg};

use crate::arguments::Wishes;
use crate::decide;
use crate::facts::{Facts, Place, Space};
use crate::session;

mod ground;
use ground::Ground;

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
    let places = [parent, place];
    // What the short way finds in order is in order; of all else the table has the last word.
    let quick = match Ground::of_sole_mount(root, account.uid, &handles) {
        Some(ground) => Some(facts_on(ground, root, account, places, &handles)?),
        None => None,
    };
    let mut facts = match quick.filter(|facts| decide::is_in_order(facts, wishes)) {
        Some(facts) => facts,
        None => {
            let ground = Ground::of_table(root, account.uid, places)?;
            facts_on(ground, root, account, places, &handles)?
        }
    };
    if !facts.is_elsewhere && (wishes.start_manager || !decide::is_in_order(&facts, wishes)) {
        facts.session = Some(session::gather(root, &facts, handles.place.as_ref())?);
    }
    Ok((facts, handles))
}

fn facts_on(
    ground: Ground,
    root: &Root,
    account: &Account,
    [parent, place]: [Place; 2],
    handles: &Handles,
) -> Result<Facts> {
    let Ground { layers, shown_elsewhere, backing, is_elsewhere } = ground;
    let lost_links = wslg::lost(root, handles.place.as_ref())?;
    let stands = matches!(place, Place::Directory(_));
    let nologin = root.has(NOLOGIN)?;
    let has_limits = !layers.is_empty() && layers.iter().all(shows_limits);
    Ok(Facts {
        account: account.clone(),
        parent,
        place,
        shown_elsewhere,
        backing,
        // What the table shows of the limits is enough.
        space: if layers.is_empty() || has_limits { None } else { space(handles.place.as_ref())? },
        limits: if has_limits {
            Limits { size: 0, inodes: 0 }
        } else {
            limits::read(root, limits::physical_memory()?)?
        },
        // Whoever has a mount there may mount; only a plain directory leaves the question open.
        may_mount: !layers.is_empty() || capability::may_mount(root, Whose::OwnNow)?.unwrap_or(false),
        // It matters only where something is missing, or held up by what is normal while the host boots.
        is_in_own_unit: (!stands || nologin || !lost_links.is_empty()) && is_in_own_unit(root, account.uid)?,
        lost_links,
        layers,
        is_elsewhere,
        nologin,
        session: None,
    })
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
