//! Looking at the links through the directory that is held open.

use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use oneshot::Root;

use super::{Link, NAMES};
use crate::directory::Directory;

/// The links that are missing or lead nowhere. What WSLg does not offer (the GUI is off) is not missed, and what
/// stands there and works, such as the socket of a PulseAudio of the user's own, is left.
pub fn lost(root: &Root, wslg: Option<&str>, place: Option<&Directory>) -> Result<Vec<Link>> {
    let (Some(wslg), Some(place)) = (wslg, place) else { return Ok(Vec::new()) };
    let mut lost = Vec::new();
    for name in NAMES {
        let target = format!("{wslg}/{name}");
        if root.has(&target)? && !leads_somewhere(place, name)? {
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
