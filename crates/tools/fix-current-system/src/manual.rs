//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "fix-current-system waits until the Nix store is there, links /run/current-system to the system that the profile \
         leads to, and the root of the garbage collector to that link, and reads both back. It is for the boot of a Mac \
         with nix-darwin, where /run is emptied and the store is mounted late, and for NixOS. What is right is not written.",
        "The system is the one that the file systemConfig of the profile's system names, which has to be that very system. \
         A profile without the file, as on NixOS, has to lead to a system in the store. Where the two differ, or the file \
         holds anything but one store path, nothing is linked.",
        "A link that is missing or leads nowhere is made. One that leads to another system, and works, is only told of, \
         unless --stale is given: a switch that was not activated to its end leaves it so. --stale=former-boot replaces it \
         only where it was made before this boot. On NixOS another system is nothing wrong, as an older generation may \
         have been booted.",
        "It activates nothing, runs no check, loads no job and needs no permission of macOS. While the store stays away it \
         asks launchd once to run the daemon that mounts it.",
    ],
    files: &[
        ("/run/current-system", "The link."),
        ("/nix/var/nix/profiles/system", "The profile; its file systemConfig is read."),
        ("/nix/var/nix/gcroots/current-system", "The root; made where its folder is there."),
        ("/etc/synthetic.conf", "Read on a Mac, to tell why /run is not there, and whether /nix is a mount."),
        ("/etc/fstab", "Read, to tell whether /nix is a mount."),
        (
            "/run/mendutils/fix-current-system.lock",
            "Held while something is waited for or changed; on a Mac in /private/var/db/mendutils.",
        ),
    ],
    exits: &[
        (Exit::Ok, "The link leads to the system of the profile, or on NixOS to another one."),
        (
            Exit::Failed,
            "The link leads to another system and --stale was not given, something else stands in its place, or it \
             could not be made.",
        ),
        (Exit::Contradicted, "It was made, and is not there any more."),
        (Exit::Undecided, "The store was not there when the time was up."),
        (Exit::Busy, "Another run waits or works."),
        (Exit::NoPermission, "Something is to be done, and only root may."),
        (Exit::Config, "/run is not there on a Mac, or nobody can tell which system should run."),
    ],
    examples: &[
        ("fix-current-system", "Make the link where it is missing."),
        (
            "fix-current-system --stale=former-boot --log-file /var/log/nix-boot-activation.log",
            "At boot: also where it leads to another system since before.",
        ),
        ("fix-current-system --dry-run --stale", "Say what would be done, without waiting."),
    ],
    see_also: &["wait-for-path(8)", "nix-store(1)", "synthetic.conf(5)", "launchd.plist(5)"],
};
