//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "After a boot of a Mac with nix-darwin the link /run/current-system may be missing, and jobs may not be loaded. \
         recover-activation looks whether all is as the system profile says. Where it is, nothing is written. Where it is \
         not, it goes from the smallest step to the largest, looks again after each, and stops as soon as all is in order.",
        "Level 0 asks launchd for the daemon that mounts the store, whoever installed it, and waits for the volume. Level \
         1 runs fix-current-system. Level 2 runs fix-launch-daemons. Level 3 runs the activate of the system.",
        "What needs root is run through sudo -n, by exact command lines that --print-sudoers gives as a rule, and only if \
         the program and each folder above it belong to root and nobody else may write to them. Missing rights are told \
         and never waited for; with --ask or --yes on a terminal sudo may ask for a password, once (sudo -v).",
        "A full activation is run only in a session at the screen, by itself once a boot at most, and never by itself \
         where it may take grants away: activate and Home Manager execute tccutil reset SystemPolicyAppBundles where macOS \
         denies them to touch an application that they copied. Nothing is known that tells beforehand whether macOS \
         would, and does not ask itself. So it is read whether any script of the activation has such a command, and \
         whether there is any such application. Where both are there the command is told, for a terminal that may.",
        "A link that leads to another system than the profile, and works, is replaced only where a person agrees.",
        "Called as nix-recover it does what --ask does. It needs no session at the screen for levels 0 to 2, and works \
         over SSH.",
    ],
    files: &[
        ("/run/current-system", "Read, and linked by fix-current-system."),
        (
            "/nix/var/nix/profiles/system/activate",
            "Read for what it does to grants, and run as root at level 3.",
        ),
        (
            "~/.local/log/nix-activation-recovery.log",
            "What is said, unless all is in order; bounded. Of root: /var/log.",
        ),
        (
            "~/.local/state/mendutils/recover-activation.boot",
            "The boot in which a full activation was run by itself.",
        ),
        (
            "~/.local/state/mendutils/recover-activation.lock",
            "Held while something is done. Of root: /var/lib/mendutils.",
        ),
        (
            "/Library/LaunchAgents/org.nixos.activation-recovery.plist",
            "Starts it at each login at the screen.",
        ),
    ],
    exits: &[
        (Exit::Ok, "The system of the profile is active, at the end."),
        (Exit::Failed, "It is not; what is left is told."),
        (Exit::Contradicted, "A step was reported done, and what it was for is as before."),
        (Exit::Undecided, "The store, or a program that was run, did not come to an end in time."),
        (
            Exit::Unavailable,
            "No system was ever activated here, a program is missing, or nobody can be asked.",
        ),
        (Exit::Busy, "Another recovery is at work, or another run of what it needs."),
        (
            Exit::NoPermission,
            "sudo does not let it, or others than root could have written what is to be run.",
        ),
    ],
    examples: &[
        ("nix-recover", "Explain what is wrong, ask before each step, and do it."),
        ("recover-activation --dry-run", "Say which steps would be taken."),
        ("recover-activation --level 1", "Go no further than the link."),
        ("recover-activation --print-sudoers tim", "Print the rule for sudo that a login of tim needs."),
    ],
    see_also: &[
        "launchctl(1)",
        "sudoers(5)",
        "fix-current-system(8)",
        "fix-launch-daemons(8)",
        "check-activation(8)",
    ],
};
