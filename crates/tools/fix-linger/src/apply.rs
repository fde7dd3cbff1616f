//! Taking one step.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::fsync;
use oneshot::command::{Command, Outcome};
use oneshot::{Exit, Root, refuse};
use systemd::{Scope, login, scope};
use user_session::linger;

use crate::decide::Step;

/// Takes a step.
pub(crate) fn apply(root: &Root, step: &Step) -> Result<()> {
    match step {
        // By uid: a name of digits would be taken for one.
        Step::Enable { uid, .. } => {
            call(&login::loginctl()?.args(["enable-linger", "--"]).arg(uid.to_string()))
        }
        Step::Start { uid } => {
            call(&Scope::System.systemctl()?.args(["start", "--no-block"]).arg(format!("user@{uid}.service")))
        }
        Step::Declare { path } => create(root, path),
    }
}

fn call(command: &Command) -> Result<()> {
    let outcome: Outcome = command.run()?;
    if outcome.status.success() {
        return Ok(());
    }
    let words = outcome.words();
    if scope::is_denied(&words) {
        return Err(refuse(Exit::NoPermission, format!("{command}: {words}; run it as root")));
    }
    anyhow::bail!("{command} ended with {}: {words}", outcome.status)
}

/// Creates the empty file as logind does. It has no content, so `O_EXCL` is all that makes it whole: a temporary name
/// in this directory would be a user name to logind and to NixOS's script.
fn create(root: &Root, path: &str) -> Result<()> {
    let directory = root.join(linger::DIRECTORY);
    let name = path.rsplit('/').next().unwrap_or_default();
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&directory)
        .with_context(|| format!("making {}", directory.display()))?;
    // The directory itself may be a link that root made; nobody else can write beside it.
    let folder = open(&directory, OFlag::O_DIRECTORY | OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
        .with_context(|| format!("opening {}", directory.display()))?;
    let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let file = match openat(&folder, name, flags, mode) {
        Ok(file) => file,
        // Somebody else was faster; what counts is that it is there.
        Err(nix::Error::EEXIST) => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("creating {path}")),
    };
    // The umask may have taken bits away.
    fchmod(&file, mode).with_context(|| format!("setting the mode of {path}"))?;
    fsync(&file).with_context(|| format!("writing {path} to disk"))?;
    fsync(&folder).with_context(|| format!("writing {} to disk", directory.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn the_file_is_empty_world_readable_and_made_once() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let step = Step::Declare { path: linger::path("o'dd") };
        apply(&root, &step)?;
        apply(&root, &step)?;
        let about = std::fs::metadata(tree.path().join("var/lib/systemd/linger/o\\'dd"))?;
        assert_eq!((about.len(), about.mode() & 0o7777), (0, 0o644));
        Ok(())
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        let directory = tree.path().join("var/lib/systemd/linger");
        std::fs::create_dir_all(&directory)?;
        symlink(tree.path().join("victim"), directory.join("tim"))?;
        apply(&root, &Step::Declare { path: linger::path("tim") })?;
        assert!(!tree.path().join("victim").exists());
        Ok(())
    }
}
