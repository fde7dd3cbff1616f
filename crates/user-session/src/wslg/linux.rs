//! Looking at the links through the directory that is held open.

use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use oneshot::Root;

use super::{Link, NAMES};
use crate::directory::Directory;
use crate::wsl;

/// The links that are missing or lead nowhere. What WSLg does not offer (the GUI is off) is not missed, and what
/// stands there and works, such as the socket of a PulseAudio of the user's own, is left.
pub fn lost(root: &Root, place: Option<&Directory>) -> Result<Vec<Link>> {
    let Some(place) = place else { return Ok(Vec::new()) };
    let mut missing = Vec::new();
    for name in NAMES {
        if !leads_somewhere(place, name)? {
            missing.push(name);
        }
    }
    // Where all is well nobody asks whether this is WSL.
    let wsl = if missing.is_empty() { None } else { wsl::detect(root)? };
    let Some(folder) = wsl.map(|wsl| wsl.runtime_directory()) else { return Ok(Vec::new()) };
    let mut lost = Vec::new();
    for name in missing {
        let target = format!("{folder}/{name}");
        if root.has(&target)? {
            lost.push(Link { name, target });
        }
    }
    Ok(lost)
}

fn leads_somewhere(place: &Directory, name: &str) -> Result<bool> {
    match fstatat(place.fd.as_fd(), name, AtFlags::empty()) {
        Ok(_) => Ok(true),
        Err(nix::Error::ENOENT | nix::Error::ENOTDIR | nix::Error::ELOOP | nix::Error::EACCES) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("looking at {name}")),
    }
}
