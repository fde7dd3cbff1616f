//! What is mounted at the directory: by a few questions about its one mount, or from the whole mount table.

use anyhow::Result;
use oneshot::{Exit, Root, refuse};
use user_session::namespace::{self, MountNamespace};
use user_session::sole_mount::{self, SoleMount};
use user_session::{Mount, MountTable, directory};

use super::Handles;
use crate::decide;
use crate::facts::Place;

/// The part of the facts that tells of mounts.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) layers: Vec<Mount>,
    pub(super) shown_elsewhere: Vec<String>,
    pub(super) backing: String,
    pub(super) is_elsewhere: bool,
}

impl Ground {
    /// The short way; `None` where it proves nothing.
    pub(super) fn of_sole_mount(root: &Root, uid: u32, handles: &Handles) -> Option<Self> {
        let (parent, place) = (handles.parent.as_ref()?, handles.place.as_ref()?);
        let SoleMount { mount, others } = sole_mount::look(root, parent, place, &directory::path(uid))?;
        Some(Self {
            shown_elsewhere: foreign(others, uid),
            backing: mount.fstype.clone(),
            layers: vec![mount],
            is_elsewhere: false,
        })
    }

    /// The long way.
    pub(super) fn of_table(root: &Root, uid: u32, places: [Place; 2]) -> Result<Self> {
        let path = directory::path(uid);
        let table = MountTable::read_around(root, &path)?;
        let layers: Vec<Mount> = table.stack(&path).into_iter().cloned().collect();
        let elsewhere = |layer: &Mount| {
            let shown = table.0.iter().filter(|row| row.device == layer.device);
            foreign(shown.map(|row| row.point.clone()).collect(), uid)
        };
        Ok(Self {
            shown_elsewhere: layers.last().map(elsewhere).unwrap_or_default(),
            backing: table.visible(&path).map(|row| row.fstype.clone()).unwrap_or_default(),
            is_elsewhere: !is_same_ground(root, &table, &path, places)?,
            layers,
        })
    }
}

/// The mount points that are no runtime directory of this user.
fn foreign(mut points: Vec<String>, uid: u32) -> Vec<String> {
    points.retain(|point| !decide::is_runtime_directory(point, uid));
    points
}

/// Whether the deepest directory that was opened here is the one that the service manager sees at that path. It is
/// not in another mount namespace; and not for a moment while a mount comes or goes.
fn is_same_ground(root: &Root, table: &MountTable, path: &str, places: [Place; 2]) -> Result<bool> {
    // The table of a tree is written by hand.
    if !root.is_real() {
        return Ok(true);
    }
    let (path, status) = match places {
        [_, Place::Directory(status)] => (path, status),
        [Place::Directory(status), _] => (directory::PARENT, status),
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
