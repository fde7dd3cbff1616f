//! The system that runs: `/run/current-system`.

use std::path::{Path, PathBuf};

use oneshot::Resolver;

use crate::link::{self, End, Kind, Link};
use crate::platform::{self, Platform};
use crate::profile;

/// The link that the activation of a system sets last (nixpkgs `nixos/modules/system/activation/activation-script.nix`,
/// nix-darwin `modules/system/activation-scripts.nix`).
pub const CURRENT: &str = "/run/current-system";

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

/// How the link stands to the system that it should lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It leads there.
    Right,
    /// It is not there (LF1).
    Missing,
    /// It leads nowhere, or to no folder (LF12): why.
    Dangling(String),
    /// It leads to another system, which is there (LF10): which.
    Stale(PathBuf),
    /// In its place is something that no link may replace.
    NotALink(Kind),
    /// `/run` itself is not to be had (LF11): why.
    NoFolder(String),
    /// It could not be looked at: why.
    Unreadable(String),
}

/// The link as it is.
#[must_use]
pub fn link(resolver: &Resolver<'_>) -> Link {
    Link::at(resolver, Path::new(CURRENT))
}

/// Holds the link to the system that it should lead to, given without any link.
#[must_use]
pub fn judge(link: &Link, wanted: &Path) -> Standing {
    match link {
        Link::Missing => Standing::Missing,
        Link::NoFolder(reason) => Standing::NoFolder(reason.clone()),
        Link::Other(kind) => Standing::NotALink(*kind),
        Link::Unreadable(reason) => Standing::Unreadable(reason.clone()),
        Link::To { leads: Err(reason), .. } => Standing::Dangling(reason.clone()),
        Link::To { leads: Ok(End { path, kind: Kind::Folder }), .. } if path == wanted => Standing::Right,
        Link::To { leads: Ok(End { path, kind: Kind::Folder }), .. } => Standing::Stale(path.clone()),
        Link::To { leads: Ok(End { path, kind }), .. } => {
            Standing::Dangling(format!("{} is {kind}", path.display()))
        }
    }
}

/// Which NixOS system runs. One that was never booted, such as an image, has no link: there its profile counts.
#[must_use]
pub fn current(resolver: &Resolver<'_>) -> Current {
    match link(resolver) {
        Link::To { leads: Ok(End { path, kind: Kind::Folder }), .. } => Current::System(path, CURRENT),
        Link::To { leads: Ok(End { path, .. }), .. } => {
            Current::Lost(format!("{CURRENT} leads to {}, no folder", path.display()))
        }
        Link::To { leads: Err(reason), .. } => Current::Lost(format!("{CURRENT} leads nowhere: {reason}")),
        // A root that was put together by hand may have the system itself there.
        Link::Other(Kind::Folder) => link::folder(resolver, Path::new(CURRENT))
            .map_or_else(Current::Lost, |path| Current::System(path, CURRENT)),
        Link::Other(kind) => Current::Lost(format!("{CURRENT} is {kind}")),
        Link::Unreadable(reason) => Current::Lost(format!("looking at {CURRENT}: {reason}")),
        Link::Missing | Link::NoFolder(_) => unbooted(resolver),
    }
}

fn unbooted(resolver: &Resolver<'_>) -> Current {
    match link::folder(resolver, Path::new(profile::SYSTEM)) {
        Ok(path) => Current::System(path, profile::SYSTEM),
        Err(_) if platform::of(resolver) == Platform::NixOs => Current::Lost(format!("{CURRENT} is missing")),
        Err(_) => Current::None,
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
        assert_eq!(current(&Resolver::new(&root)), Current::System(system, profile::SYSTEM));
        Ok(())
    }

    #[test]
    fn the_link_is_right_only_where_it_leads_to_the_wanted_system() {
        let wanted = Path::new("/nix/store/x");
        let to = |leads: Result<(&str, Kind), &str>| Link::To {
            text: "/nix/store/x".into(),
            leads: leads.map(|(path, kind)| End { path: path.into(), kind }).map_err(str::to_owned),
        };
        let folder = |path| to(Ok((path, Kind::Folder)));
        for (link, standing) in [
            (folder("/nix/store/x"), Standing::Right),
            (folder("/nix/store/y"), Standing::Stale("/nix/store/y".into())),
            (to(Ok(("/nix/store/x", Kind::File))), Standing::Dangling("/nix/store/x is a file".into())),
            (to(Err("gone")), Standing::Dangling("gone".into())),
            (Link::Missing, Standing::Missing),
            (Link::NoFolder("no".into()), Standing::NoFolder("no".into())),
            (Link::Other(Kind::Folder), Standing::NotALink(Kind::Folder)),
            (Link::Unreadable("no".into()), Standing::Unreadable("no".into())),
        ] {
            assert_eq!(judge(&link, wanted), standing, "{link:?}");
        }
    }
}
