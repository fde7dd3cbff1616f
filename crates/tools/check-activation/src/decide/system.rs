//! The link to the system, what it stands on, and what else an activation makes.

use activation::{Trouble, own};
use nix_host::{Link, Platform, etc, gc_root, profile, system, volume};
use oneshot::Finding;

use super::Seen;

mod ground;
mod link;
mod made;

/// What may be wrong with the host itself, by its id.
const TOPICS: [Topic; 7] = [
    Topic { id: RUN, hangs_on_store: false },
    Topic { id: VOLUME, hangs_on_store: false },
    Topic { id: PROFILE, hangs_on_store: true },
    Topic { id: CURRENT, hangs_on_store: true },
    Topic { id: ROOT, hangs_on_store: true },
    Topic { id: STATIC, hangs_on_store: true },
    Topic { id: FILES, hangs_on_store: true },
];

struct Topic {
    id: &'static str,
    hangs_on_store: bool,
}

/// `/run`.
const RUN: &str = "run-folder";
/// `/nix`.
const VOLUME: &str = "store-volume";
/// Which system should run.
const PROFILE: &str = "system-profile";
/// Which one does.
const CURRENT: &str = "current-system";
/// What keeps it.
const ROOT: &str = "gc-root";
/// Its files.
const STATIC: &str = "etc-static";
/// Each of them.
const FILES: &str = "etc-files";
/// What terminals start.
const SHELL: &str = "login-shell";

/// What the daemon writes that makes the link.
pub const BOOT_LOG: &str = "/var/log/nix-boot-activation.log";

/// What Determinate's daemon writes that mounts the store.
pub const STORE_LOG: &str = "/var/log/determinate-nix-init.log";

/// A finding for each topic.
pub(super) fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    let platform = seen.facts.look.platform;
    let mut found = Vec::new();
    for topic in TOPICS {
        let of_topic = seen.troubles.iter().filter_map(|trouble| {
            let finding = finding(platform, trouble).filter(|finding| finding.id == topic.id)?;
            Some(with_log(finding, trouble, seen))
        });
        let wrong: Vec<_> = of_topic.collect();
        found.extend(if wrong.is_empty() { in_order(&topic, seen).into_iter().collect() } else { wrong });
    }
    found
}

fn with_log(finding: Finding, trouble: &Trouble, seen: &Seen<'_>) -> Finding {
    let log = match trouble {
        Trouble::Current(_) => BOOT_LOG,
        Trouble::Volume(_) => STORE_LOG,
        _ => return finding,
    };
    finding.hints(seen.log(log.as_ref()))
}

/// The line of a topic without a trouble.
fn in_order(topic: &Topic, seen: &Seen<'_>) -> Option<Finding> {
    let (look, ground, files) = (&seen.facts.look, &seen.facts.ground, &seen.facts.files);
    if topic.hangs_on_store && !look.is_managed {
        return (topic.id == CURRENT).then(|| Finding::skip(topic.id, "no system was ever activated here"));
    }
    if topic.hangs_on_store && !ground.has_store() {
        return Some(Finding::skip(topic.id, "cannot be judged while the store is away"));
    }
    let text = match topic.id {
        RUN => "/run is what it should be".to_owned(),
        VOLUME if !ground.has_store() => return Some(Finding::skip(topic.id, "there is no store")),
        VOLUME if matches!(ground.volume.mounted, volume::Mounted::Own(_)) => {
            format!("the store is mounted at {}", volume::POINT)
        }
        VOLUME => format!("the store is there, on the volume of {}", volume::POINT),
        PROFILE => {
            let system = look.wanted().map(|system| system.display().to_string()).unwrap_or_default();
            format!("{} leads to {system}", look.profile.at.display())
        }
        CURRENT => format!("{} leads to the system of the profile", system::CURRENT),
        ROOT if matches!(files.gc_root, Link::NoFolder(_)) => {
            return Some(Finding::skip(topic.id, "Nix has no folder for roots"));
        }
        ROOT => format!("{} keeps the system that runs", gc_root::CURRENT),
        STATIC if files.etc(look.platform).is_none() => {
            return Some(Finding::skip(topic.id, format!("{} is not judged here", etc::STATIC)));
        }
        STATIC => format!("{} leads to the files of the system", etc::STATIC),
        _ if look.platform == Platform::Mac => "each file of the system is linked in /etc".to_owned(),
        _ => return None,
    };
    Some(Finding::ok(topic.id, text))
}

/// The finding of a trouble of the host itself; `None` for one of a job.
#[must_use]
pub fn finding(platform: Platform, trouble: &Trouble) -> Option<Finding> {
    let finding = match trouble {
        Trouble::Run { standing, causes } => ground::run(platform, standing, causes),
        Trouble::Volume(standing) => ground::store(platform, *standing),
        Trouble::Profile(doubt) => {
            let text = format!("nobody can say which system should run: {}: {doubt}", profile::SYSTEM);
            let rollback = format!("or go back: sudo nix-env -p {} --rollback", profile::SYSTEM);
            Finding::fail(PROFILE, text).hint(rebuild(platform)).hint(rollback)
        }
        Trouble::Current(standing) => link::current(platform, standing),
        Trouble::GcRoot(standing) => made::root(platform, standing),
        Trouble::Static(standing) => made::static_link(platform, standing),
        Trouble::Etc(odd) => made::files(odd),
        Trouble::Unread(reason) => {
            Finding::fail(FILES, format!("the files of the system cannot be listed: {reason}"))
        }
        Trouble::Shell { shell, reason } => {
            let text = format!("the login shell {} cannot be reached: {reason}", shell.display());
            Finding::fail(SHELL, text)
                .hint("until then no terminal opens; take one of the system: chsh -s /bin/zsh")
        }
        Trouble::Job(..) | Trouble::Domain(..) | Trouble::Definition(..) | Trouble::NoScreen { .. } => {
            return None;
        }
    };
    Some(super::shaped(finding, trouble))
}

/// The login shell.
pub(super) fn shell(seen: &Seen<'_>) -> Option<Finding> {
    let platform = seen.facts.look.platform;
    let wrong = seen
        .troubles
        .iter()
        .find_map(|trouble| finding(platform, trouble).filter(|finding| finding.id == SHELL));
    let (shell, _) = seen.facts.files.shell.as_ref()?;
    wrong.or_else(|| Some(Finding::ok(SHELL, format!("the login shell {} can be reached", shell.display()))))
}

/// Where a program that is on such a volume is allowed to run (nix-darwin#1792).
pub(super) const FULL_DISK_ACCESS: &str = "allow it in System Settings > Privacy & Security > Full Disk Access, or keep the store on the internal disk";

/// Without the permission the activation's own check takes it away from every app (nix-darwin
/// `modules/system/applications.nix`).
pub(super) const PERMITTED: &str =
    "in a terminal that has System Settings > Privacy & Security > App Management:";

/// The whole activation, as nix-darwin wants it to be run.
pub(super) fn activate() -> String {
    format!("sudo {}/sw/bin/darwin-rebuild activate", profile::SYSTEM)
}

fn rebuild(platform: Platform) -> String {
    match platform {
        Platform::Mac => "build it again: sudo darwin-rebuild switch".to_owned(),
        Platform::NixOs | Platform::Other => "build it again: sudo nixos-rebuild switch".to_owned(),
    }
}

/// A program of the suite, by the path that it has on a Mac: there the search path may be empty.
pub(super) fn fix(platform: Platform, program: &str) -> String {
    match platform {
        Platform::Mac => format!("sudo {}/{program}", own::PROGRAMS),
        Platform::NixOs | Platform::Other => format!("sudo {program}"),
    }
}
