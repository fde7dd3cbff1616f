//! What an activation makes besides the link: the root for the garbage collector and the links in `/etc`. And the login
//! shell, which may hang on them.

use std::path::{Path, PathBuf};

use nix_host::etc::{self, Odd};
use nix_host::link::End;
use nix_host::shell::{self, Standing as Reach};
use nix_host::{Link, Platform, gc_root};
use oneshot::Resolver;

use crate::trouble::Trouble;

/// All as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The root for the garbage collector.
    pub gc_root: Link,
    /// `/etc/static`.
    pub etc: Link,
    /// The files that the wanted system has for `/etc`; `None` where no system is wanted.
    pub source: Option<Result<PathBuf, String>>,
    /// The files of `/etc` that are not links to it, or why they could not be listed.
    pub odd: Result<Vec<Odd>, String>,
    /// The login shell, and where it leads.
    pub shell: Option<(PathBuf, Result<End, String>)>,
}

/// Looks at them.
#[must_use]
pub fn read(resolver: &Resolver<'_>, wanted: Option<&Path>, shell: Option<&Path>) -> Files {
    let source = wanted.map(|system| etc::files(resolver, system));
    let odd = match &source {
        Some(Ok(files)) => etc::odd(resolver, files).map_err(|error| format!("{error:#}")),
        _ => Ok(Vec::new()),
    };
    Files {
        gc_root: gc_root::link(resolver, Path::new(gc_root::CURRENT)),
        etc: etc::link(resolver),
        source,
        odd,
        shell: shell.map(|shell| (shell.to_owned(), shell::end(resolver, shell))),
    }
}

impl Files {
    /// How `/etc/static` stands; `None` where it is not judged: without a wanted system, and on NixOS where it is not there,
    /// since `/etc` may be an overlay then (nixpkgs `nixos/modules/system/etc/etc.nix`, `system.etc.overlay`).
    #[must_use]
    pub fn etc(&self, platform: Platform) -> Option<etc::Standing> {
        let standing = etc::judge(&self.etc, self.source.as_ref()?);
        (platform == Platform::Mac || standing != etc::Standing::Missing).then_some(standing)
    }

    /// What is wrong with the root for the garbage collector and with `/etc`.
    #[must_use]
    pub fn troubles(&self, platform: Platform) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        // Without the folder Nix has no roots at all, and there is nothing to be done.
        let root = gc_root::judge(&self.gc_root);
        if !matches!(root, gc_root::Standing::Right | gc_root::Standing::NoFolder) {
            troubles.push(Trouble::GcRoot(root));
        }
        if let Some(standing) = self.etc(platform).filter(|standing| *standing != etc::Standing::Right) {
            troubles.push(Trouble::Static(standing));
        }
        // Elsewhere /etc has files that are made in other ways.
        if platform == Platform::Mac {
            match &self.odd {
                Ok(odd) if odd.is_empty() => {}
                Ok(odd) => troubles.push(Trouble::Etc(odd.clone())),
                Err(reason) => troubles.push(Trouble::Unread(reason.clone())),
            }
        }
        troubles
    }

    /// What is wrong with the login shell. It is told even where the store is away: that is when it matters.
    #[must_use]
    pub fn shell_trouble(&self) -> Option<Trouble> {
        let (shell, end) = self.shell.as_ref()?;
        match shell::judge(shell, end) {
            Reach::Lost(reason) => Some(Trouble::Shell { shell: shell.clone(), reason }),
            Reach::Independent | Reach::Reachable => None,
        }
    }
}
