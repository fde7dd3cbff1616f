//! What stands in `/run`, in the profile and in the roots.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use nix_host::system::Standing;
use nix_host::{Platform, boot, gc_root, jobs, platform, profile, run_folder, synthetic, system};
use oneshot::{Resolver, Root};

use crate::arguments::{Arguments, Stale};
use crate::facts::Facts;

/// Reads everything anew.
pub(crate) fn gather(root: &Root, arguments: &Arguments) -> Result<Facts> {
    let resolver = Resolver::new(root);
    let platform = platform::of(&resolver);
    let is_mac = platform == Platform::Mac;
    let profile = profile::read(&resolver, &arguments.profile);
    let current = system::link(&resolver);
    let (mut is_of_former_boot, mut orphans) = (false, Vec::new());
    if let Ok(wanted) = profile::wanted(&profile)
        && let Standing::Stale(former) = system::judge(&current, &wanted)
    {
        orphans = jobs::orphans(&resolver, &former, &wanted)?;
        if arguments.stale == Stale::FormerBoot {
            is_of_former_boot = !boot::read(root)?.has_seen(made(&resolver)?);
        }
    }
    Ok(Facts {
        platform,
        run: run_folder::link(&resolver),
        manifests: if is_mac { synthetic::read(&resolver)? } else { Vec::new() },
        profile,
        current,
        gc_root_at: arguments.gc_root.clone(),
        gc_root: gc_root::link(&resolver, &arguments.gc_root),
        is_of_former_boot,
        orphans,
    })
}

/// When the link was made, in seconds since 1970.
fn made(resolver: &Resolver<'_>) -> Result<i64> {
    let link = Path::new(system::CURRENT);
    let place = resolver.place(link).unwrap_or_else(|| link.to_owned());
    let about = fs::symlink_metadata(resolver.root().join(place));
    Ok(about.with_context(|| format!("looking at {}", system::CURRENT))?.ctime())
}
