//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "Compares units as check-unit-provenance does, and repairs what can be repaired without a decision: a file or a wrong \
         link in the place of a link of the current generation, a missing link, and a manager that has not read its files. \
         It needs no new generation and no activation, so that a link that drifted comes back although the configuration \
         did not change.",
        "A link is made beside its place and renamed onto it, so that no unit is ever missing. A file that differs from the \
         shipped one is copied first, beside its place as NAME.backup, or into the folder of --backup-dir. Nothing is written \
         through a parent that is a link, into a folder of somebody else, or to what the generation does not ship.",
        "The manager reads its files at most once. Everything is read back, and what did not last is exit 3. Units that still \
         run what was read before are named, and go on. With --restart those of them that are as shipped again are restarted in \
         one job, and each is judged as restart-and-verify judges it. Nothing else is ever started, stopped or reset. Masks, stronger \
         files and drop-ins of others are named and left alone, drop-ins unless --remove-foreign names them.",
    ],
    files: &[
        ("~/.config/systemd/user", "Where links of Home Manager are put back."),
        (
            "/etc/systemd/system, /etc/systemd/user",
            "Where those of NixOS are, if it is a folder and not in the store.",
        ),
    ],
    exits: &[
        (Exit::Ok, "All is as shipped, or is now."),
        (Exit::Failed, "Something is not as shipped and was left alone, or a step failed."),
        (Exit::Contradicted, "A step was taken and did not last, or a restart was called done and was not."),
        (Exit::Undecided, "A reload or a restart was not over when the time was up; it goes on."),
        (Exit::Unavailable, "There is no systemctl, or this is no Linux."),
        (Exit::Busy, "Another run is at it."),
        (Exit::NoPermission, "The caller may not write there."),
        (Exit::Config, "There is no current generation, or it is not clear which one is."),
    ],
    examples: &[
        ("fix-unit-provenance --dry-run", "Say what would be done."),
        ("fix-unit-provenance", "Repair the caller's own units."),
        ("fix-unit-provenance --user=tim web-stack.service", "As root: one unit of tim's."),
        (
            "fix-unit-provenance --restart web-stack.service",
            "The same for one unit, and run it anew if it is up.",
        ),
        ("fix-unit-provenance --reload", "Only have the manager read its files, if it needs to."),
    ],
    see_also: &["check-unit-provenance(8)", "restart-and-verify(8)", "systemctl(1)", "systemd.unit(5)"],
};
