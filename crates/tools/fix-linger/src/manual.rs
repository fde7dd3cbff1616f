//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "A user who lingers has a service manager from boot on and keeps it when the last session ends. fix-linger \
         enables that through systemd-logind, which starts the manager at once, and then reads back that logind says \
         so, that the user is present, and that user@UID.service is active. While logind does not run it creates the \
         file that logind reads when it starts.",
        "What is in order already is not written. Linger is never disabled, and never enabled for a user who does not \
         exist. A uid without an account is passed over.",
        "On NixOS the service linger-users.service disables at each boot and switch every user whose linger is false. \
         fix-linger reads the lists of that service and does not fight it: it names the option to set and exits 78, \
         unless --until-next-switch is given.",
        "A manager that failed is not started again: that is another fault than linger, and its cause is named. One \
         that was stopped is started.",
    ],
    files: &[
        (
            "/var/lib/systemd/linger/USER",
            "Empty; exists for a user who lingers. Created only while logind does not run.",
        ),
        ("/run/mendutils/fix-linger.UID.lock", "Held while something is changed."),
        ("/etc/systemd/system/linger-users.service", "Read, to learn what a NixOS configuration says."),
    ],
    exits: &[
        (Exit::Ok, "Every user lingers, or was passed over with a line."),
        (Exit::Failed, "A user lingers, but the manager failed."),
        (Exit::Contradicted, "logind reported success, and the user does not linger."),
        (Exit::Undecided, "The manager was still on its way when the time was up."),
        (Exit::Config, "No such user name, or the NixOS configuration disables it."),
    ],
    examples: &[
        ("fix-linger tim", "Let tim linger."),
        ("fix-linger --dry-run 1000 1001", "Say what would be done for two uids."),
        ("systemctl enable --now fix-linger@tim.service", "Do it at each boot."),
    ],
    see_also: &[
        "loginctl(1)",
        "systemd-logind.service(8)",
        "user@.service(5)",
        "fix-runtime-dir(8)",
        "check-user-session(8)",
    ],
};
