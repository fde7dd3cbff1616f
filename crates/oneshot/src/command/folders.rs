//! Where the programs stand that a user's work needs. [`super::find`] looks in the folders of the system alone, which is
//! right for a program of root; podman and its helpers are the user's choice, and on NixOS stand where only `PATH` says.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::DIRECTORIES;
use crate::{Exit, Root, refuse};

/// NixOS puts programs with the set-user-id bit here, newuidmap among them; the ones of the same name in a profile lack
/// the bit, so this folder comes first.
const WRAPPERS: &str = "/run/wrappers/bin";

/// Where an admin puts programs that the distribution does not have.
const LOCAL: &str = "/usr/local/bin";

/// Folders in the order in which programs are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// Those of the caller: its `PATH`, then where profiles and the system have them. Root's own `PATH` counts for
    /// nothing, as `sudo` may have brought it from elsewhere; nor does any below another root.
    #[must_use]
    pub fn of_caller(root: &Root) -> Self {
        let mut folders = vec![root.join(WRAPPERS)];
        if root.is_real() && !nix::unistd::geteuid().is_root() {
            folders.extend(own_path());
            folders.extend(profiles());
        }
        folders.extend(DIRECTORIES.iter().map(|folder| root.join(folder)));
        folders.push(root.join(LOCAL));
        let mut kept: Vec<PathBuf> = Vec::new();
        for folder in folders {
            if folder.is_dir() && !kept.contains(&folder) {
                kept.push(folder);
            }
        }
        Self(kept)
    }

    /// The absolute path of a program, or a refusal with 69.
    pub fn find(&self, program: &str) -> Result<PathBuf> {
        let found = self.0.iter().map(|folder| folder.join(program)).find(|path| is_program(path));
        found.ok_or_else(|| refuse(Exit::Unavailable, format!("{program} was not found in {self}")))
    }

    /// The same as a `PATH` for programs that look for others themselves.
    #[must_use]
    pub fn path(&self) -> OsString {
        // A folder with a colon in its name cannot be said; none of those above has one but by the caller's own doing.
        env::join_paths(&self.0).unwrap_or_else(|_| DIRECTORIES.join(":").into())
    }
}

impl std::fmt::Display for Folders {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.path().to_string_lossy())
    }
}

fn own_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

/// Nix profiles: the user's own (both places), that of `users.users.<name>.packages`, and the default one.
fn profiles() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(home) = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute()) {
        folders.push(home.join(".nix-profile/bin"));
        folders.push(home.join(".local/state/nix/profile/bin"));
    }
    if let Some(user) = env::var("USER").ok().filter(|user| !user.is_empty() && !user.contains('/')) {
        folders.push(PathBuf::from(format!("/etc/profiles/per-user/{user}/bin")));
    }
    folders.push(PathBuf::from("/nix/var/nix/profiles/default/bin"));
    folders
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;
    use std::fs;

    #[test]
    fn a_wrapper_comes_before_the_program_itself_and_what_cannot_run_is_none() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for (folder, mode) in [("run/wrappers/bin", 0o755), ("usr/bin", 0o755), ("usr/local/bin", 0o644)] {
            let folder = tree.path().join(folder);
            fs::create_dir_all(&folder)?;
            let name = if mode == 0o644 { "plain" } else { "newuidmap" };
            fs::write(folder.join(name), "")?;
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode))?;
        }
        let folders = Folders::of_caller(&Root::new(tree.path()));
        assert_eq!(folders.find("newuidmap")?, tree.path().join("run/wrappers/bin/newuidmap"));
        assert_eq!(exit::of(&folders.find("plain").unwrap_err()), Exit::Unavailable);
        assert_eq!(folders.path().to_string_lossy().split(':').count(), 3);
        Ok(())
    }
}
