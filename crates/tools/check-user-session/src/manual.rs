//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "A user's session rests on /run/user/UID, on the service manager user@UID.service and on the bus in that \
         directory. check-user-session looks at each of them and at what is known to break them: mounts from \
         /etc/fstab, overrides of user-runtime-dir@.service, mounts that hide each other, another WSL distribution \
         with the same uid, files that forbid logins. It prints one line a finding: status, id, text, and the name of \
         the failure shape where it is a known one, followed by hints with the command or the stanza that cures it.",
        "It changes nothing. It may be run as root or as the user, with or without a bus, and at boot; what cannot be \
         seen then is a skip with its reason. Environment variables alone prove nothing: it connects to the bus and to \
         the manager, and looks who listens.",
        "On NixOS it also compares the mounts with those of the next system: a switch that drops or changes the mount \
         of the runtime directory ends the session that asks for it.",
    ],
    files: &[
        ("/run/user/UID", "The directory, its owner, group, mode and mounts."),
        ("/proc/self/mountinfo", "The mounts."),
        ("/etc/fstab", "Entries in the way of the directory."),
        ("/etc/systemd/system/user-runtime-dir@.service.d", "Overrides; all other places of unit files too."),
        ("/nix/var/nix/profiles/system", "The next system, unless --next names another."),
        ("/var/lib/systemd/linger", "Who lingers."),
    ],
    exits: &[
        (Exit::Ok, "Nothing failed; warnings and skips may have been printed."),
        (Exit::Failed, "At least one finding failed."),
        (Exit::Undecided, "The manager was on its way, and nothing else failed."),
        (Exit::Config, "No such user name."),
    ],
    examples: &[
        ("check-user-session", "Check the caller's own session."),
        ("sudo check-user-session --quiet tim", "Say what is wrong with tim's, with root's view."),
        (
            "check-user-session --wait 30 1000",
            "Succeed as soon as the session is in order, for half a minute.",
        ),
        ("check-user-session --next ./result tim", "Is it safe to switch to the system that was built?"),
    ],
    see_also: &["fix-runtime-dir(8)", "fix-linger(8)", "user@.service(5)", "pam_systemd(8)", "loginctl(1)"],
};
