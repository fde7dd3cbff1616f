//! `/run/user`, `/run/user/UID` and the mounts there.

use anyhow::Result;
use oneshot::Root;
use user_session::capability::{self, Whose};
use user_session::directory::{self, Found, PARENT};
use user_session::limits::{self, Limits};
use user_session::{Mount, MountTable};

use crate::facts::{Directory, Looked};

pub(super) fn gather(root: &Root, uid: u32) -> Result<Directory> {
    let table = MountTable::read(root)?;
    let path = directory::path(uid);
    let stack = |path: &str| table.stack(path).into_iter().cloned().collect::<Vec<Mount>>();
    let layers = stack(&path);
    let parent = directory::open_parent(root);
    let place = match &parent {
        Ok(Found::Directory(parent)) => {
            directory::open_in(parent, &uid.to_string()).map_err(|error| format!("{error:#}"))
        }
        Ok(_) => Ok(Found::Missing),
        Err(error) => Err(format!("{error:#}")),
    };
    Ok(Directory {
        parent: parent.as_ref().map(Found::place).map_err(|error| format!("{error:#}")),
        space: if layers.is_empty() { None } else { space(&place) },
        place: place.as_ref().map(Found::place).map_err(Clone::clone),
        parent_layers: stack(PARENT),
        twins: layers
            .last()
            .map(|layer| table.twins(layer).map(|twin| twin.point.clone()).collect())
            .unwrap_or_default(),
        fstype: table.visible(&path).map(|mount| mount.fstype.clone()).unwrap_or_default(),
        limits: limits::read(root, limits::physical_memory()?)?,
        // What systemd may do is what counts here, not what this process may.
        may_mount: capability::may_mount(root, Whose::OfPid1)?.unwrap_or(true),
        layers,
    })
}

fn space(place: &Looked<Found>) -> Option<Limits> {
    let Ok(Found::Directory(directory)) = place else { return None };
    limits::allowed(&directory.fd).ok()
}

/// Whether it is a directory and may be looked into.
pub(super) fn held(root: &Root, uid: u32) -> Looked<Option<directory::Directory>> {
    let parent = directory::open_parent(root).map_err(|error| format!("{error:#}"))?;
    let Found::Directory(parent) = parent else { return Ok(None) };
    match directory::open_in(&parent, &uid.to_string()).map_err(|error| format!("{error:#}"))? {
        Found::Directory(place) => Ok(Some(place)),
        _ => Ok(None),
    }
}
