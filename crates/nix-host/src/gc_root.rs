//! The link that keeps the system that runs from being collected, whatever becomes of the profile (nix-darwin
//! `modules/system/activation-scripts.nix`, nixpkgs `nixos/modules/system/activation/activation-script.nix`).

use std::path::{Path, PathBuf};

use oneshot::Resolver;

use crate::link::{Kind, Link};
use crate::system;

/// Its usual place.
pub const CURRENT: &str = "/nix/var/nix/gcroots/current-system";

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It leads to the link to the system.
    Right,
    /// It is not there.
    Missing,
    /// It leads elsewhere.
    Wrong(PathBuf),
    /// Something else stands in its place.
    NotALink(Kind),
    /// Its folder is not there: Nix makes it, and without it there is nothing to be done.
    NoFolder,
    /// It could not be looked at: why.
    Unreadable(String),
}

/// The root as it is; [`CURRENT`] is the usual place.
#[must_use]
pub fn link(resolver: &Resolver<'_>, at: &Path) -> Link {
    Link::at(resolver, at)
}

/// Holds it to what it should be: a link with the text `/run/current-system`. One with the text of the system itself
/// would keep that for ever.
#[must_use]
pub fn judge(link: &Link) -> Standing {
    match link {
        Link::To { text, .. } if text == Path::new(system::CURRENT) => Standing::Right,
        Link::To { text, .. } => Standing::Wrong(text.clone()),
        Link::Missing => Standing::Missing,
        Link::NoFolder(_) => Standing::NoFolder,
        Link::Other(kind) => Standing::NotALink(*kind),
        Link::Unreadable(reason) => Standing::Unreadable(reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_link_to_the_link_is_right() {
        let to = |text: &str| Link::To { text: text.into(), leads: Err("gone".to_owned()) };
        for (link, standing) in [
            (to("/run/current-system"), Standing::Right),
            (to("/nix/store/x"), Standing::Wrong("/nix/store/x".into())),
            (Link::Missing, Standing::Missing),
            (Link::NoFolder("no".into()), Standing::NoFolder),
            (Link::Other(Kind::Folder), Standing::NotALink(Kind::Folder)),
            (Link::Unreadable("no".into()), Standing::Unreadable("no".into())),
        ] {
            assert_eq!(judge(&link), standing, "{link:?}");
        }
    }
}
