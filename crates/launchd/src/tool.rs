//! Where Apple's programs stand, and the one way to them.
//!
//! Each is run by its absolute path. Below another root (the hidden `--root` of every program) it is the program of that
//! tree: no variable of the environment has a say in it, and a program in a tree is run only if nobody but root and the
//! caller can have put it there, or the folders that it is in.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use oneshot::command::Command;
use oneshot::{Deadline, Exit, Root, refuse};

/// Write access for anybody but the owner.
const WRITABLE: u32 = 0o022;

/// A program of macOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Talks to launchd.
    Launchctl,
    /// Prints what Background Task Management has recorded.
    Sfltool,
    /// Becomes another user.
    Sudo,
    /// Shows notifications.
    Osascript,
    /// Makes the links of synthetic.conf.
    ApfsUtil,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Launchctl, Self::Sfltool, Self::Sudo, Self::Osascript, Self::ApfsUtil];

    /// Where it stands on every macOS.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Launchctl => "/bin/launchctl",
            Self::Sfltool => "/usr/bin/sfltool",
            Self::Sudo => "/usr/bin/sudo",
            Self::Osascript => "/usr/bin/osascript",
            Self::ApfsUtil => "/System/Library/Filesystems/apfs.fs/Contents/Resources/apfs.util",
        }
    }
}

/// The programs of a host.
#[derive(Clone, Debug)]
pub struct Tools {
    root: Root,
    patience: Duration,
}

impl Tools {
    /// How long one call may take where nothing else is said. launchctl answers in milliseconds; one that hangs has lost
    /// launchd.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Those of a root.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        Self { root: root.clone(), patience: Self::PATIENCE }
    }

    /// The same, with another limit for one call.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Where a program is to be executed; a refusal with 69 where it is not there.
    pub fn find(&self, tool: Tool) -> Result<PathBuf> {
        let path = self.root.join(tool.path());
        let about = match fs::metadata(&path) {
            Ok(about) if about.is_file() => about,
            Ok(_) => return Err(refuse(Exit::Unavailable, format!("{} is no program", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text = format!("{} is not there; it is a part of macOS", path.display());
                return Err(refuse(Exit::Unavailable, text));
            }
            Err(error) => return Err(error).with_context(|| format!("looking at {}", path.display())),
        };
        // What the system itself has is the system's business.
        let is_safe = self.root.is_real() || (is_own(&about) && self.is_way_own(tool)?);
        if !is_safe {
            let text = format!("{} is not run: others than its user could have written it", path.display());
            return Err(refuse(Exit::NoPermission, text));
        }
        Ok(path)
    }

    /// Whether nobody else can have put a name on the way from the root to the program, be it a link. It is asked for
    /// root alone, who has rights that the writer of a tree may lack.
    fn is_way_own(&self, tool: Tool) -> Result<bool> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(true);
        }
        for above in Path::new(tool.path()).ancestors() {
            let path = self.root.join(above);
            let about =
                fs::symlink_metadata(&path).with_context(|| format!("looking at {}", path.display()))?;
            // A link has no mode of its own.
            if about.uid() != 0 || !(about.is_symlink() || is_own(&about)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A call with nothing in its environment but the locale, no input, and a limit: this crate's own or `deadline`,
    /// whichever comes first.
    pub fn command(&self, tool: Tool, deadline: &Deadline) -> Result<Command> {
        let limit = Deadline::after(deadline.remaining().min(self.patience));
        Ok(Command::new(self.find(tool)?).env("LC_ALL", "C").deadline(limit))
    }
}

/// Whether nobody but root and the caller can write it.
fn is_own(about: &Metadata) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    (about.uid() == 0 || about.uid() == own) && about.mode() & WRITABLE == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_tree_has_its_own_programs_and_none_that_others_could_write() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let tools = Tools::new(&Root::new(tree.path()));
        let exit = |tools: &Tools| tools.find(Tool::Launchctl).err().map(|error| oneshot::exit::of(&error));
        assert_eq!(exit(&tools), Some(Exit::Unavailable));
        let path = tree.path().join("bin/launchctl");
        fs::create_dir_all(&path)?;
        assert_eq!(exit(&tools), Some(Exit::Unavailable));
        fs::remove_dir(&path)?;
        fs::write(&path, "#!/bin/sh\necho \"$LC_ALL:$HOME\"\n")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o775))?;
        assert_eq!(exit(&tools), Some(Exit::NoPermission));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        let deadline = Deadline::after(Duration::from_secs(60));
        assert_eq!(tools.command(Tool::Launchctl, &deadline)?.output()?, "C:\n");
        Ok(())
    }

    #[test]
    fn root_runs_nothing_that_somebody_else_has_put_there() -> Result<()> {
        if testbed::lacks_root() {
            return Ok(());
        }
        for spoil in [
            |tree: &Path| std::os::unix::fs::lchown(tree.join("bin/launchctl"), Some(12345), None),
            |tree: &Path| std::os::unix::fs::chown(tree.join("bin"), Some(12345), None),
            |tree: &Path| std::os::unix::fs::chown(tree, Some(12345), None),
            |tree: &Path| fs::set_permissions(tree.join("bin"), fs::Permissions::from_mode(0o777)),
        ] {
            let tree = tempfile::tempdir()?;
            fs::create_dir(tree.path().join("bin"))?;
            // Root's own, and yet it would run what the caller's folder has.
            std::os::unix::fs::symlink("/bin/sh", tree.path().join("bin/launchctl"))?;
            let tools = Tools::new(&Root::new(tree.path()));
            tools.find(Tool::Launchctl)?;
            spoil(tree.path())?;
            let refused = tools.find(Tool::Launchctl).err().map(|error| oneshot::exit::of(&error));
            assert_eq!(refused, Some(Exit::NoPermission));
        }
        Ok(())
    }
}
