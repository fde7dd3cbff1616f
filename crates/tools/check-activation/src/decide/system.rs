//! The link to the system, what it stands on, and what else an activation makes.

use activation::{Trouble, own};
use nix_host::etc::State;
use nix_host::link::Kind;
use nix_host::{Link, Platform, etc, gc_root, profile, run_folder, system, volume};
use oneshot::{Finding, Status};

use super::Seen;

/// So many files of `/etc` are named.
const NAMED: usize = 3;

/// What may be wrong with the host itself, by its id.
const TOPICS: [&str; 7] =
    ["run-folder", "store-volume", "system-profile", "current-system", "gc-root", "etc-static", "etc-files"];

/// How the log of the daemon that makes the link is named (docs/guides of fix-current-system).
pub const BOOT_LOG: &str = "/var/log/nix-boot-activation.log";

/// What Determinate's daemon writes that mounts the store.
pub const STORE_LOG: &str = "/var/log/determinate-nix-init.log";

/// A finding for each topic.
pub(super) fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    let platform = seen.facts.look.platform;
    let mut found = Vec::new();
    for topic in TOPICS {
        let of_topic = seen.troubles.iter().filter_map(|trouble| {
            let finding = finding(platform, trouble).filter(|finding| finding.id == topic)?;
            Some(with_log(finding, trouble, seen))
        });
        let wrong: Vec<_> = of_topic.collect();
        found.extend(if wrong.is_empty() { in_order(topic, seen).into_iter().collect() } else { wrong });
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
fn in_order(topic: &'static str, seen: &Seen<'_>) -> Option<Finding> {
    let (look, ground, files) = (&seen.facts.look, &seen.facts.ground, &seen.facts.files);
    let depends = !matches!(topic, "run-folder" | "store-volume");
    if depends && !look.is_managed {
        let text = "no system was ever activated here";
        return (topic == "current-system").then(|| Finding::skip(topic, text));
    }
    if depends && !ground.has_store() {
        return Some(Finding::skip(topic, "cannot be judged while the store is away"));
    }
    let system = || look.wanted().map(|system| system.display().to_string()).unwrap_or_default();
    let text = match topic {
        "run-folder" => "/run is what it should be".to_owned(),
        "store-volume" => match &ground.volume.mounted {
            _ if !ground.has_store() => return Some(Finding::skip(topic, "there is no store")),
            volume::Mounted::Own(_) => format!("the store is mounted at {}", volume::POINT),
            _ => format!("the store is there, on the volume of {}", volume::POINT),
        },
        "system-profile" => format!("{} leads to {}", look.profile.at.display(), system()),
        "current-system" => format!("{} leads to the system of the profile", system::CURRENT),
        "gc-root" => match files.gc_root {
            Link::NoFolder(_) => return Some(Finding::skip(topic, "Nix has no folder for roots")),
            _ => format!("{} keeps the system that runs", gc_root::CURRENT),
        },
        "etc-static" => match files.etc(look.platform) {
            Some(_) => format!("{} leads to the files of the system", etc::STATIC),
            None => return Some(Finding::skip(topic, format!("{} is not judged here", etc::STATIC))),
        },
        "etc-files" if look.platform == Platform::Mac => {
            "each file of the system is linked in /etc".to_owned()
        }
        _ => return None,
    };
    Some(Finding::ok(topic, text))
}

/// The finding of a trouble of the host itself; `None` for one of a job.
#[must_use]
pub fn finding(platform: Platform, trouble: &Trouble) -> Option<Finding> {
    let finding = match trouble {
        Trouble::Run { standing, causes } => run(platform, standing, causes),
        Trouble::Volume(standing) => store(platform, *standing),
        Trouble::Profile(doubt) => {
            let text = format!("nobody can say which system should run: {}: {doubt}", profile::SYSTEM);
            let rollback = format!("or go back: sudo nix-env -p {} --rollback", profile::SYSTEM);
            Finding::fail("system-profile", text).hint(rebuild(platform)).hint(rollback)
        }
        Trouble::Current(standing) => current(platform, standing),
        Trouble::GcRoot(standing) => root(platform, standing),
        Trouble::Static(standing) => static_link(platform, standing),
        Trouble::Etc(odd) => files(odd),
        Trouble::Unread(reason) => {
            Finding::fail("etc-files", format!("the files of the system cannot be listed: {reason}"))
        }
        Trouble::Shell { shell, reason } => {
            let text = format!("the login shell {} cannot be reached: {reason}", shell.display());
            Finding::fail("login-shell", text)
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
        .find_map(|trouble| finding(platform, trouble).filter(|finding| finding.id == "login-shell"));
    let (shell, _) = seen.facts.files.shell.as_ref()?;
    wrong.or_else(|| {
        Some(Finding::ok("login-shell", format!("the login shell {} can be reached", shell.display())))
    })
}

fn run(
    platform: Platform,
    standing: &run_folder::Standing,
    causes: &[(std::path::PathBuf, nix_host::synthetic::Fault)],
) -> Finding {
    use run_folder::Standing::{Dangling, Elsewhere, Missing, Right, Unreadable, Wrong};
    let actual = match standing {
        Right => "right".to_owned(),
        Missing => "missing".to_owned(),
        Elsewhere(path) => format!("a link to {}", path.display()),
        Dangling(reason) => format!("a link that leads nowhere: {reason}"),
        Wrong(kind) => kind.to_string(),
        Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let mac = platform == Platform::Mac;
    let expected = if mac { format!("a link to {}", run_folder::REAL) } else { Kind::Folder.to_string() };
    let mut text = format!("/run is {actual}");
    for (path, fault) in causes {
        text.push_str(&format!("; {} {fault}", path.display()));
    }
    let finding = Finding::fail("run-folder", text).compared(expected, actual);
    if mac {
        finding.hints(run_folder::cures(causes))
    } else {
        finding.hint("systemd mounts it at boot: boot again")
    }
}

fn store(platform: Platform, standing: volume::Standing) -> Finding {
    let point = volume::POINT;
    let id = "store-volume";
    match standing {
        volume::Standing::Removable => {
            let text = format!(
                "the store is on a medium that can be taken out: macOS lets no daemon run what is on {point}"
            );
            Finding::warn(id, text).hint(FULL_DISK_ACCESS)
        }
        volume::Standing::NoStore => {
            let text =
                format!("there is no store, and nothing says that a volume is to be mounted at {point}");
            let finding = Finding::fail(id, text).compared("a mounted store", "none");
            if platform == Platform::Mac {
                finding.hint("an upgrade of macOS may have removed the lines of /etc/fstab and /etc/synthetic.conf: run the repair of Nix's installer")
            } else {
                finding.hint("mount the volume that /nix is on")
            }
        }
        volume::Standing::Away | volume::Standing::Right => {
            let finding = Finding::fail(id, format!("{point} is not mounted"))
                .compared("a mounted store", "not mounted");
            if platform == Platform::Mac {
                finding.fixable().hint(
                    "it may come up to three minutes after the boot; or start what mounts it: nix-recover",
                )
            } else {
                finding.hint(format!("sudo mount {point}"))
            }
        }
    }
}

/// Where a program that is on such a volume is allowed to run (nix-darwin#1792).
pub(super) const FULL_DISK_ACCESS: &str = "allow it in System Settings > Privacy & Security > Full Disk Access, or keep the store on the internal disk";

fn current(platform: Platform, standing: &system::Standing) -> Finding {
    let (id, link) = ("current-system", system::CURRENT);
    let expected = "the system of the profile";
    let finding = match standing {
        system::Standing::Right => Finding::ok(id, format!("{link} is right")),
        system::Standing::Missing => {
            Finding::fail(id, format!("{link} is missing")).compared(expected, "missing")
        }
        system::Standing::Dangling(reason) => {
            Finding::fail(id, format!("{link} leads nowhere: {reason}")).compared(expected, "dangling")
        }
        system::Standing::Stale(path) => return stale(platform, path),
        system::Standing::NotALink(kind) => {
            let text = format!("{link} is {kind}, which no program may replace");
            return Finding::fail(id, text)
                .compared(expected, kind)
                .hint(format!("look what it is, and take it away: {link}"));
        }
        system::Standing::NoFolder(reason) => {
            return Finding::fail(id, format!("{link} cannot be: {reason}")).compared(expected, "no /run");
        }
        system::Standing::Unreadable(reason) => {
            return Finding::fail(id, format!("{link} cannot be looked at: {reason}"))
                .compared(expected, "unreadable");
        }
    };
    finding.fixable().hint(fix(platform, "fix-current-system"))
}

fn stale(platform: Platform, path: &std::path::Path) -> Finding {
    let text = format!("{} leads to {}, not to the system of the profile", system::CURRENT, path.display());
    let status = if platform == Platform::Mac { Status::Fail } else { Status::Warn };
    let finding =
        Finding::new(status, "current-system", text).compared("the system of the profile", path.display());
    if platform == Platform::Mac {
        finding
            .fixable()
            .hint("a switch goes on, or has ended half-way; the next boot takes the system of the profile")
            .hint(activate())
            .hint(format!("or the link alone: {}", fix(platform, "fix-current-system")))
    } else {
        finding
            .hint("nixos-rebuild boot leaves it so until the next boot, and nixos-rebuild test after it")
            .hint(format!("to run it now: sudo {}/bin/switch-to-configuration test", profile::SYSTEM))
    }
}

fn root(platform: Platform, standing: &gc_root::Standing) -> Finding {
    let at = gc_root::CURRENT;
    let actual = match standing {
        gc_root::Standing::Right | gc_root::Standing::NoFolder => "right".to_owned(),
        gc_root::Standing::Missing => "missing".to_owned(),
        gc_root::Standing::Wrong(path) => format!("a link to {}", path.display()),
        gc_root::Standing::NotALink(kind) => kind.to_string(),
        gc_root::Standing::Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let text = format!("{at} is {actual}: the system that runs may be collected");
    Finding::warn("gc-root", text)
        .compared(system::CURRENT, actual)
        .fixable()
        .hint(fix(platform, "fix-current-system"))
}

fn static_link(platform: Platform, standing: &etc::Standing) -> Finding {
    let actual = match standing {
        etc::Standing::Right => "right".to_owned(),
        etc::Standing::NoFiles(reason) => format!("of no use, since the system has no files: {reason}"),
        etc::Standing::Missing => "missing".to_owned(),
        etc::Standing::Dangling(reason) => format!("a link that leads nowhere: {reason}"),
        etc::Standing::Stale(path) => format!("a link to the files of another system, {}", path.display()),
        etc::Standing::NotALink(kind) => kind.to_string(),
        etc::Standing::Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let finding = Finding::fail("etc-static", format!("{} is {actual}", etc::STATIC))
        .compared("the files of the system", actual);
    if platform == Platform::Mac {
        finding.hint(PERMITTED).hint(activate())
    } else {
        finding.hint(rebuild(platform))
    }
}

fn files(odd: &[etc::Odd]) -> Finding {
    let replaced: Vec<_> = odd.iter().filter(|odd| matches!(odd.state, State::Replaced(_))).collect();
    let named = |odd: &[&etc::Odd]| {
        let more = odd.len().saturating_sub(NAMED);
        let first: Vec<_> = odd.iter().take(NAMED).map(|odd| odd.path.display().to_string()).collect();
        if more == 0 { first.join(", ") } else { format!("{} and {more} more", first.join(", ")) }
    };
    if replaced.is_empty() {
        let all: Vec<_> = odd.iter().collect();
        let text = format!("{} not linked to the files of the system", named(&all));
        return Finding::warn("etc-files", text).hint(PERMITTED).hint(activate());
    }
    let text = format!(
        "{} was put in the place of the system's file, as an upgrade of macOS does",
        named(&replaced)
    );
    let moves = replaced.iter().map(|odd| {
        let path = odd.path.display();
        format!("sudo mv {path} {path}.before-nix-darwin")
    });
    let finding = Finding::fail("etc-files", text).compared("links to /etc/static", "files");
    finding.hint("the activation stops at it; move it away, then activate").hints(moves).hint(activate())
}

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
