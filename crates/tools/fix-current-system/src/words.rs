//! How each state is told.

use std::path::Path;

use nix_host::link::Kind;
use nix_host::profile::Doubt;
use nix_host::run_folder::{self, RUN, Standing};
use nix_host::system::CURRENT;
use nix_host::volume::{DAEMONS, Expectation, POINT};
use nix_host::{Platform, profile};
use oneshot::{Exit, Finding};
use path_wait::Missing;

use crate::facts::Facts;
use crate::step::Step;

pub(crate) fn right(wanted: &Path) -> Finding {
    Finding::ok("current-system", format!("{CURRENT} leads to {}", wanted.display()))
}

/// `/run` is not what the platform has there.
pub(crate) fn run(facts: &Facts, standing: &Standing) -> Finding {
    if facts.platform != Platform::Mac {
        let text = format!("{RUN} {standing}, and should be a folder: nothing can be linked there");
        return Finding::fail("run-folder", text).hint(format!("findmnt {RUN}; ls -ld {RUN}"));
    }
    let causes = run_folder::causes(&facts.manifests);
    let mut text = format!("{RUN} {standing}, and should be a link to {}", run_folder::REAL);
    for (path, fault) in &causes {
        text.push_str(&format!("; {} {fault}", path.display()));
    }
    if causes.is_empty() {
        text.push_str("; the files say so, and it was not made yet");
    }
    Finding::fail("run-folder", text).shape("LF11").exits(Exit::Config).hints(run_folder::cures(&causes))
}

/// Nobody can say which system should run.
pub(crate) fn doubt(facts: &Facts, doubt: &Doubt) -> Finding {
    let at = facts.profile.at.display();
    let text = format!("which system should run cannot be told by {at}, so nothing is linked: {doubt}");
    let finding = Finding::fail("system-profile", text).exits(Exit::Config);
    let rebuild = match facts.platform {
        Platform::Mac => "sudo darwin-rebuild switch",
        Platform::NixOs | Platform::Other => "nixos-rebuild switch",
    };
    match doubt {
        Doubt::NoProfile(_) => finding.hint(format!("make a system: {rebuild}")),
        Doubt::Refused(_) | Doubt::Differs { .. } => finding
            .hint(format!("look at it: cat -v {at}/{}; readlink -f {at}", profile::SYSTEM_CONFIG))
            .hint(format!("check the store: sudo nix-store --verify-path \"$(readlink -f {at})\""))
            .hint(format!("make the system anew: {rebuild}")),
        Doubt::NotInStore(_) | Doubt::NoSystem(_) => {
            finding.hint(format!("look who set it: ls -l {at}*")).hint(format!("make a system: {rebuild}"))
        }
    }
}

/// LF10, and nobody wants it repaired.
pub(crate) fn stale(facts: &Facts, former: &Path, wanted: &Path) -> Finding {
    let activate = match facts.platform {
        Platform::Mac => "sw/bin/darwin-rebuild activate",
        Platform::NixOs | Platform::Other => "bin/switch-to-configuration switch",
    };
    let text = format!(
        "{CURRENT} leads to {}, and the profile to {}: a switch was made and not activated to its end",
        former.display(),
        wanted.display()
    );
    let mut finding = Finding::fail("current-system", text)
        .compared(wanted.display(), former.display())
        .shape("LF10")
        .fixable()
        .hint(format!("activate it: sudo {}/{activate}", wanted.display()))
        .hint("only the link: sudo fix-current-system --stale");
    for path in &facts.orphans {
        finding = finding.hint(format!("no job of the profile's system: {}", path.display()));
    }
    finding
}

/// The same, of a link that an activation has made since the boot, where only the boot is asked about.
pub(crate) fn of_this_boot(former: &Path, wanted: &Path) -> Finding {
    let text = format!(
        "{CURRENT} was linked to {} since the boot, and is left so; the profile leads to {}",
        former.display(),
        wanted.display()
    );
    Finding::ok("current-system", text)
}

/// The same on NixOS, where it is nothing bad.
pub(crate) fn other_generation(former: &Path, wanted: &Path) -> Finding {
    let text = format!("{} runs, and the next boot starts {}", former.display(), wanted.display());
    Finding::ok("current-system", text)
}

/// A job that nothing removes any more, once the link leads to a system without it.
pub(crate) fn orphan(path: &Path) -> Finding {
    let path = path.display();
    Finding::warn("orphaned-job", format!("{path} is of the former system, and nothing removes it any more"))
        .about(path.to_string())
        .hint(format!("sudo launchctl bootout system {path}; sudo rm {path}"))
}

pub(crate) fn no_link(kind: Kind) -> Finding {
    Finding::fail("current-system", format!("{CURRENT} is {kind}, which is not replaced"))
        .hint(format!("look what it is, and move it away: sudo mv {CURRENT} {CURRENT}.old"))
}

pub(crate) fn unreadable(reason: &str) -> Finding {
    Finding::fail("current-system", format!("{CURRENT} cannot be looked at: {reason}"))
}

pub(crate) fn no_root(path: &Path, reason: &str) -> Finding {
    let path = path.display();
    let text = format!("{path} does not keep the system from being collected: {reason}");
    Finding::fail("gc-root", text).hint(format!("sudo mv {path} {path}.old, and run this again"))
}

/// A root that could not be made does not keep the system from running.
pub(crate) fn root_failed(path: &Path, error: &anyhow::Error) -> Finding {
    let text = format!("{} could not be linked, so the system may be collected: {error:#}", path.display());
    Finding::fail("gc-root", text).exits(oneshot::exit::of(error))
}

/// The step was taken without an error, and the state says otherwise.
pub(crate) fn contradicted(step: &Step) -> Finding {
    let text = format!("it was done and does not last: {step}; something undoes it");
    Finding::fail("current-system", text).exits(Exit::Contradicted)
}

/// The time is up, and the store is not there (LF4).
pub(crate) fn away(missing: &[Missing], expected: &[Expectation], platform: Platform) -> Finding {
    let missing: Vec<_> = missing.iter().map(Missing::to_string).collect();
    let text = format!("the store is not there: {}", missing.join("; "));
    let mut finding = Finding::fail("store-volume", text).shape("LF4").exits(Exit::Undecided);
    for Expectation { file, line } in expected {
        finding = finding.hint(format!("{file}, line {line} says that {POINT} is a mount"));
    }
    if platform != Platform::Mac {
        return finding.hint(format!("mount {POINT}; systemctl status nix.mount"));
    }
    for label in DAEMONS {
        finding = finding.hint(format!("what launchd says of it: sudo launchctl print system/{label}"));
    }
    finding
        .hint("by hand: sudo /usr/local/bin/determinate-nixd init, or: sudo diskutil mount -mountPoint /nix \"Nix Store\"")
        .hint("System Settings > General > Login Items & Extensions: it must be allowed in the background")
}

/// Nobody could be asked for the store.
pub(crate) fn no_daemon(words: &[String]) -> Finding {
    Finding::warn(
        "store-daemon",
        format!("no daemon could be asked to mount the store: {}", words.join("; ")),
    )
}

/// What is said is not kept; that is no reason not to work.
pub(crate) fn no_log(error: &anyhow::Error) -> Finding {
    Finding::warn("log-file", format!("nothing is kept of this run: {error:#}"))
}
