//! Which kind of host a root is. The files tell, and not the platform that this was built for: so a tree of a Mac can be
//! judged on Linux.

use std::path::Path;

use oneshot::Resolver;
use oneshot::resolve::Place;

/// Exists on every macOS (sw_vers(1) reads it) and nowhere else.
pub const MAC: &str = "/System/Library/CoreServices/SystemVersion.plist";

/// Exists on NixOS and nowhere else (nixpkgs `nixos/modules/system/etc/etc-activation.nix`).
pub const NIXOS: &str = "/etc/NIXOS";

/// Who makes `/run` and the links in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// macOS: nix-darwin, if any.
    Mac,
    /// NixOS.
    NixOs,
    /// Any other, where Nix may still have a system profile.
    Other,
}

/// Looks at the two marks.
#[must_use]
pub fn of(resolver: &Resolver<'_>) -> Platform {
    let has = |path: &str| matches!(resolver.follow(Path::new(path)), Place::Found(_));
    match () {
        () if has(MAC) => Platform::Mac,
        () if has(NIXOS) => Platform::NixOs,
        () => Platform::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;

    #[test]
    fn the_marks_tell_a_tree() -> Result<()> {
        for (mark, platform) in [(MAC, Platform::Mac), (NIXOS, Platform::NixOs), ("/etc/x", Platform::Other)]
        {
            let tree = tempfile::tempdir()?;
            let path = tree.path().join(mark.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, "")?;
            assert_eq!(of(&Resolver::new(&Root::new(tree.path()))), platform, "{mark}");
        }
        Ok(())
    }
}
