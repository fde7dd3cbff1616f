//! The NixOS system that runs.

use std::path::{Path, PathBuf};

use oneshot::Resolver;
use oneshot::resolve::Place;

/// The link that the activation of a system sets last (nixpkgs `nixos/modules/system/activation/activation-script.nix`).
pub const CURRENT: &str = "/run/current-system";

/// The system that the next boot starts; an image that was never booted has only this one.
pub const PROFILE: &str = "/nix/var/nix/profiles/system";

/// Exists on NixOS and nowhere else.
pub const MARK: &str = "/etc/NIXOS";

/// What the link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Current {
    /// The system's folder, without any link, and the link that said so.
    System(PathBuf, &'static str),
    /// NixOS, but the link is missing or leads nowhere: why.
    Lost(String),
    /// No NixOS.
    None,
}

/// Follows the link.
#[must_use]
pub fn current(resolver: &Resolver<'_>) -> Current {
    match resolver.follow(Path::new(CURRENT)) {
        Place::Found(found) if found.about.is_dir() => Current::System(found.path, CURRENT),
        Place::Found(found) => {
            Current::Lost(format!("{CURRENT} leads to {}, no folder", found.path.display()))
        }
        Place::Null => Current::Lost(format!("{CURRENT} leads to the null device")),
        // The link itself is not there, or the folder that it would be in is not.
        Place::Missing(at) if resolver.place(Path::new(CURRENT)).is_none_or(|own| own == at) => {
            unbooted(resolver)
        }
        Place::Missing(at) => {
            Current::Lost(format!("{CURRENT} leads to {}, which is not there", at.display()))
        }
        Place::Loop(at) => Current::Lost(format!("{CURRENT} leads in a circle at {}", at.display())),
        Place::Unreadable(at, reason) => Current::Lost(format!("looking at {}: {reason}", at.display())),
    }
}

fn unbooted(resolver: &Resolver<'_>) -> Current {
    match resolver.follow(Path::new(PROFILE)) {
        Place::Found(found) if found.about.is_dir() => Current::System(found.path, PROFILE),
        _ if matches!(resolver.follow(Path::new(MARK)), Place::Found(_)) => {
            Current::Lost(format!("{CURRENT} is missing"))
        }
        _ => Current::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_link_is_followed_inside_the_root() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert_eq!(current(&Resolver::new(&root)), Current::None);
        fs::create_dir_all(tree.path().join("etc"))?;
        fs::create_dir_all(tree.path().join("run"))?;
        fs::write(tree.path().join("etc/NIXOS"), "")?;
        assert!(matches!(current(&Resolver::new(&root)), Current::Lost(_)));
        symlink("/nix/store/x", tree.path().join("run/current-system"))?;
        assert!(matches!(current(&Resolver::new(&root)), Current::Lost(_)));
        fs::create_dir_all(tree.path().join("nix/store/x"))?;
        let system = PathBuf::from("/nix/store/x");
        assert_eq!(current(&Resolver::new(&root)), Current::System(system.clone(), CURRENT));
        fs::remove_file(tree.path().join("run/current-system"))?;
        fs::create_dir_all(tree.path().join("nix/var/nix/profiles"))?;
        symlink("/nix/store/x", tree.path().join("nix/var/nix/profiles/system"))?;
        assert_eq!(current(&Resolver::new(&root)), Current::System(system, PROFILE));
        Ok(())
    }
}
