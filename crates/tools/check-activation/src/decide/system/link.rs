//! The link to the system that runs.

use std::path::Path;

use nix_host::{Platform, profile, system};
use oneshot::{Finding, Status};

use super::{CURRENT, activate, fix};

/// The finding of a link that is not right.
pub(super) fn current(platform: Platform, standing: &system::Standing) -> Finding {
    let link = system::CURRENT;
    let expected = "the system of the profile";
    let finding = match standing {
        system::Standing::Right => Finding::ok(CURRENT, format!("{link} is right")),
        system::Standing::Missing => {
            Finding::fail(CURRENT, format!("{link} is missing")).compared(expected, "missing")
        }
        system::Standing::Dangling(reason) => {
            Finding::fail(CURRENT, format!("{link} leads nowhere: {reason}")).compared(expected, "dangling")
        }
        system::Standing::Stale(path) => return stale(platform, path),
        system::Standing::NotALink(kind) => {
            let text = format!("{link} is {kind}, which no program may replace");
            return Finding::fail(CURRENT, text)
                .compared(expected, kind)
                .hint(format!("look what it is, and take it away: {link}"));
        }
        system::Standing::NoFolder(reason) => {
            return Finding::fail(CURRENT, format!("{link} cannot be: {reason}"))
                .compared(expected, "no /run");
        }
        system::Standing::Unreadable(reason) => {
            return Finding::fail(CURRENT, format!("{link} cannot be looked at: {reason}"))
                .compared(expected, "unreadable");
        }
    };
    finding.fixable().hint(fix(platform, "fix-current-system"))
}

fn stale(platform: Platform, path: &Path) -> Finding {
    let text = format!("{} leads to {}, not to the system of the profile", system::CURRENT, path.display());
    let status = if platform == Platform::Mac { Status::Fail } else { Status::Warn };
    let finding = Finding::new(status, CURRENT, text).compared("the system of the profile", path.display());
    if platform == Platform::Mac {
        finding
            .fixable()
            .hint("a switch goes on, or has ended half-way; the next boot takes the system of the profile")
            .hint(activate())
            .hint(format!("or the link alone: {} --stale", fix(platform, "fix-current-system")))
    } else {
        finding
            .hint("nixos-rebuild boot and test leave it so, and so does booting an older generation")
            .hint(format!("to run it now: sudo {}/bin/switch-to-configuration test", profile::SYSTEM))
    }
}
