//! What a test puts into the upper layer before systemd starts.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::spec::Payload;

/// A payload whose host file is open: it can be written when the host's file systems are gone.
pub(crate) struct Opened {
    payload: Payload,
    source: Option<File>,
}

/// Opens what is copied from the host. Runs before the pivot.
pub(crate) fn open(payload: Vec<Payload>) -> Result<Vec<Opened>> {
    payload
        .into_iter()
        .map(|payload| {
            let source = match &payload {
                Payload::Copy { host, .. } => {
                    Some(File::open(host).with_context(|| format!("opening {}", host.display()))?)
                }
                _ => None,
            };
            Ok(Opened { payload, source })
        })
        .collect()
}

/// Writes it. Runs after the pivot, so that a link in the root cannot lead to the host.
pub(crate) fn write(opened: Opened) -> Result<()> {
    match (opened.payload, opened.source) {
        (Payload::File { path, contents, mode }, _) => {
            make_parent(&path)?;
            fs::write(&path, contents).with_context(|| format!("writing {}", path.display()))?;
            set_mode(&path, mode)
        }
        (Payload::Copy { path, .. }, Some(mut source)) => {
            make_parent(&path)?;
            let mode =
                source.metadata().with_context(|| format!("reading the mode for {}", path.display()))?;
            let mut target = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
            io::copy(&mut source, &mut target).with_context(|| format!("copying to {}", path.display()))?;
            set_mode(&path, mode.permissions().mode() & 0o7777)
        }
        (Payload::Copy { host, .. }, None) => bail!("copying {}: it was not opened", host.display()),
        (Payload::Link { path, target }, _) => {
            make_parent(&path)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("removing {}", path.display()));
                }
                _ => {}
            }
            symlink(target, &path).with_context(|| format!("linking {}", path.display()))
        }
        (Payload::Directory { path, mode, uid, gid }, _) => {
            fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
            chown(&path, Some(uid), Some(gid)).with_context(|| format!("giving {} away", path.display()))?;
            set_mode(&path, mode)
        }
    }
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    fs::create_dir_all(&parent).with_context(|| format!("making {}", parent.display()))
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("setting the mode of {}", path.display()))
}
