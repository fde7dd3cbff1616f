//! What else an activation makes.

use nix_host::etc::State;
use nix_host::{Platform, etc, gc_root, system};
use oneshot::Finding;

use super::{FILES, PERMITTED, ROOT, STATIC, activate, fix, rebuild};

/// So many files of `/etc` are named.
const NAMED: usize = 3;

/// The root for the garbage collector.
pub(super) fn root(platform: Platform, standing: &gc_root::Standing) -> Finding {
    let at = gc_root::CURRENT;
    let actual = match standing {
        gc_root::Standing::Right | gc_root::Standing::NoFolder => "right".to_owned(),
        gc_root::Standing::Missing => "missing".to_owned(),
        gc_root::Standing::Wrong(path) => format!("a link to {}", path.display()),
        gc_root::Standing::NotALink(kind) => kind.to_string(),
        gc_root::Standing::Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let text = format!("{at} is {actual}: the system that runs may be collected");
    Finding::warn(ROOT, text)
        .compared(system::CURRENT, actual)
        .fixable()
        .hint(fix(platform, "fix-current-system"))
}

/// `/etc/static`.
pub(super) fn static_link(platform: Platform, standing: &etc::Standing) -> Finding {
    let actual = match standing {
        etc::Standing::Right => "right".to_owned(),
        etc::Standing::NoFiles(reason) => format!("of no use, since the system has no files: {reason}"),
        etc::Standing::Missing => "missing".to_owned(),
        etc::Standing::Dangling(reason) => format!("a link that leads nowhere: {reason}"),
        etc::Standing::Stale(path) => format!("a link to the files of another system, {}", path.display()),
        etc::Standing::NotALink(kind) => kind.to_string(),
        etc::Standing::Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let finding = Finding::fail(STATIC, format!("{} is {actual}", etc::STATIC))
        .compared("the files of the system", actual);
    if platform == Platform::Mac {
        finding.hint(PERMITTED).hint(activate())
    } else {
        finding.hint(rebuild(platform))
    }
}

/// The files of `/etc`.
pub(super) fn files(odd: &[etc::Odd]) -> Finding {
    let replaced: Vec<_> = odd.iter().filter(|odd| matches!(odd.state, State::Replaced(_))).collect();
    let named = |odd: &[&etc::Odd]| {
        let more = odd.len().saturating_sub(NAMED);
        let first: Vec<_> = odd.iter().take(NAMED).map(|odd| odd.path.display().to_string()).collect();
        if more == 0 { first.join(", ") } else { format!("{} and {more} more", first.join(", ")) }
    };
    if replaced.is_empty() {
        let all: Vec<_> = odd.iter().collect();
        let text = format!("{} not linked to the files of the system", named(&all));
        return Finding::warn(FILES, text).hint(PERMITTED).hint(activate());
    }
    let text = format!(
        "{} was put in the place of the system's file, as an upgrade of macOS does",
        named(&replaced)
    );
    let moves = replaced.iter().map(|odd| {
        let path = odd.path.display();
        format!("sudo mv {path} {path}.before-nix-darwin")
    });
    let finding = Finding::fail(FILES, text).compared("links to /etc/static", "files");
    finding.hint("the activation stops at it; move it away, then activate").hints(moves).hint(activate())
}
