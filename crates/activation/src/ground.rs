//! What the link stands on: `/run` and the volume of the store.

use anyhow::Result;
use nix_host::synthetic::{self, Manifest};
use nix_host::volume::{self, Volume};
use nix_host::{Link, Platform, run_folder};
use oneshot::Resolver;

use crate::trouble::Trouble;

/// Both as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// `/run`.
    pub run: Link,
    /// What synthetic.conf makes at `/`.
    pub synthetic: Vec<Manifest>,
    /// `/nix`.
    pub volume: Volume,
}

/// Looks at them.
pub fn read(resolver: &Resolver<'_>) -> Result<Ground> {
    Ok(Ground {
        run: run_folder::link(resolver),
        synthetic: synthetic::read(resolver)?,
        volume: volume::read(resolver)?,
    })
}

impl Ground {
    /// Whether the store can be read now, so that what leads into it can be judged.
    #[must_use]
    pub fn has_store(&self) -> bool {
        matches!(volume::judge(&self.volume), volume::Standing::Right | volume::Standing::Removable)
    }

    /// What is wrong with them. `is_managed` says whether a system was ever activated here.
    #[must_use]
    pub fn troubles(&self, platform: Platform, is_managed: bool) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let run = run_folder::judge(platform, &self.run);
        if run != run_folder::Standing::Right {
            let causes = if platform == Platform::Mac { run_folder::causes(&self.synthetic) } else { vec![] };
            troubles.push(Trouble::Run { standing: run, causes });
        }
        match volume::judge(&self.volume) {
            volume::Standing::Right => {}
            // Nix was never here, and nobody says that it should be.
            volume::Standing::NoStore if platform == Platform::Other && !is_managed => {}
            standing => troubles.push(Trouble::Volume(standing)),
        }
        troubles
    }
}
