//! The link to the system that runs, held to the system profile: what a boot is for. No process is started, and no folder
//! listed.

use std::path::{Path, PathBuf};

use nix_host::platform::{self, Platform};
use nix_host::profile::{self, Doubt, Profile};
use nix_host::system::{self, Standing};
use nix_host::{Link, etc};
use oneshot::Resolver;

use crate::trouble::Trouble;

/// Both as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Which kind of host it is.
    pub platform: Platform,
    /// What the profile says.
    pub profile: Profile,
    /// The link to the system that runs.
    pub current: Link,
    /// Whether anything here tells that a system was activated once: the profile itself, the link, or `/etc/static`.
    pub is_managed: bool,
}

/// Looks at both; the usual profile is [`profile::SYSTEM`].
#[must_use]
pub fn look(resolver: &Resolver<'_>, profile: &Path) -> Look {
    let platform = platform::of(resolver);
    let current = system::link(resolver);
    let has = |link: &Link| !matches!(link, Link::Missing | Link::NoFolder(_));
    // The cheapest mark first: on a host in order no other is looked at.
    let is_managed = has(&current)
        || platform == Platform::NixOs
        || has(&Link::at(resolver, profile))
        || has(&etc::link(resolver));
    Look { platform, profile: profile::read(resolver, profile), current, is_managed }
}

impl Look {
    /// The system that should run, without any link in its path.
    pub fn wanted(&self) -> Result<PathBuf, Doubt> {
        profile::wanted(&self.profile)
    }

    /// How the link stands to that system. Where nobody can say which one it is, a link that leads to any folder is right.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.wanted(), &self.current) {
            (Ok(wanted), current) => system::judge(current, &wanted),
            (Err(_), Link::To { leads: Ok(end), .. }) => system::judge(&self.current, &end.path),
            (Err(_), current) => system::judge(current, Path::new("/")),
        }
    }

    /// Whether the system of the profile runs. `false` also where there is none to run.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wanted().is_ok() && self.standing() == Standing::Right
    }

    /// What is wrong with the two, as far as they alone tell.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        if !self.is_managed {
            return Vec::new();
        }
        let mut troubles: Vec<_> = self.wanted().err().map(Trouble::Profile).into_iter().collect();
        let standing = self.standing();
        if standing != Standing::Right {
            troubles.push(Trouble::Current(standing));
        }
        troubles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;
    use std::os::unix::fs::symlink;

    const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
    const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Result<Self> {
            let tree = Self(tempfile::tempdir()?);
            for system in [A, B] {
                fs::create_dir_all(tree.at(system))?;
                fs::write(tree.at(system).join("systemConfig"), system)?;
            }
            fs::create_dir_all(tree.at("/nix/var/nix/profiles"))?;
            fs::create_dir_all(tree.at("/run"))?;
            symlink(A, tree.at(profile::SYSTEM))?;
            Ok(tree)
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().join(path.trim_start_matches('/'))
        }

        fn look(&self) -> Look {
            look(&Resolver::new(&Root::new(self.0.path())), Path::new(profile::SYSTEM))
        }
    }

    #[test]
    fn missing_dangling_stale_and_right_are_told_apart() -> Result<()> {
        let tree = Tree::new()?;
        let current = tree.at(system::CURRENT);
        assert_eq!(tree.look().troubles(), [Trouble::Current(Standing::Missing)]);
        symlink(B, &current)?;
        assert_eq!(tree.look().troubles(), [Trouble::Current(Standing::Stale(B.into()))]);
        fs::remove_file(&current)?;
        symlink("/nix/store/gone", &current)?;
        assert!(matches!(tree.look().troubles().as_slice(), [Trouble::Current(Standing::Dangling(_))]));
        fs::remove_file(&current)?;
        symlink(A, &current)?;
        assert!(tree.look().is_right() && tree.look().troubles().is_empty());
        Ok(())
    }

    #[test]
    fn a_profile_in_doubt_is_a_trouble_of_its_own() -> Result<()> {
        let tree = Tree::new()?;
        symlink(B, tree.at(system::CURRENT))?;
        fs::write(tree.at(A).join("systemConfig"), "")?;
        let look = tree.look();
        assert!(matches!(look.troubles().as_slice(), [Trouble::Profile(Doubt::Refused(_))]), "{look:?}");
        assert!(!look.is_right());
        Ok(())
    }

    #[test]
    fn a_host_without_any_system_has_no_trouble() -> Result<()> {
        let tree = Tree::new()?;
        fs::remove_file(tree.at(profile::SYSTEM))?;
        let look = tree.look();
        assert!(!look.is_managed && look.troubles().is_empty() && !look.is_right());
        fs::create_dir(tree.at("/etc"))?;
        symlink("/nix/store/x", tree.at(etc::STATIC))?;
        assert_eq!(tree.look().troubles().len(), 2);
        Ok(())
    }
}
