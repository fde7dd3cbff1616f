//! What stands in `/run`, in the profile and in the roots.

use anyhow::Result;
use nix_host::system::Standing;
use nix_host::{Platform, gc_root, jobs, platform, profile, run_folder, synthetic, system};
use oneshot::{Resolver, Root};

use crate::arguments::Arguments;
use crate::facts::Facts;

/// Reads everything anew.
pub(crate) fn gather(root: &Root, arguments: &Arguments) -> Result<Facts> {
    let resolver = Resolver::new(root);
    let platform = platform::of(&resolver);
    let is_mac = platform == Platform::Mac;
    let profile = profile::read(&resolver, &arguments.profile);
    let current = system::link(&resolver);
    let wanted = profile::wanted(&profile);
    let orphans = match wanted.as_ref().map(|wanted| (wanted, system::judge(&current, wanted))) {
        Ok((wanted, Standing::Stale(former))) => jobs::orphans(&resolver, &former, wanted)?,
        _ => Vec::new(),
    };
    Ok(Facts {
        platform,
        run: run_folder::link(&resolver),
        manifests: if is_mac { synthetic::read(&resolver)? } else { Vec::new() },
        profile,
        current,
        gc_root_at: arguments.gc_root.clone(),
        gc_root: gc_root::link(&resolver, &arguments.gc_root),
        orphans,
    })
}
