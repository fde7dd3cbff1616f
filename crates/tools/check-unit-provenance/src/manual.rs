//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "A unit that Home Manager or NixOS manages is a link into the Nix store. It can drift from what the configuration \
         says: an editor leaves a regular file in place of the link, the link keeps leading to an old generation or to one \
         that was collected, a file in a stronger directory or a mask takes its place, a drop-in of somebody else merges \
         into it, or the manager never read the new version. check-unit-provenance compares three things: what the current \
         generation ships, what lies on the manager's own unit path, and what the manager has loaded. It prints one line a \
         finding: status, id, text, and the name of the failure shape, followed by hints with the command that cures it.",
        "The current generation of Home Manager is found by each of its pointers: the service of the NixOS module, the root \
         of the last activation, the profile. Where they disagree that is a finding, and the first of them is judged by.",
        "It does not rely on NeedDaemonReload, which compares times that are all the same in a Nix store. It compares the \
         unit file, the drop-ins and the commands that the manager has loaded with the disk, and the times at which files, \
         links and directories changed with the time of the last reload.",
        "podman-provenance-audit.timer, for the system manager and for those of users, heals with fix-unit-provenance and then runs \
         this check every 15 minutes; its service fails where the check does.",
        "It changes nothing, and needs neither a manager nor root for the user's own units.",
    ],
    files: &[
        ("/run/current-system/etc/systemd", "What NixOS ships."),
        ("~/.local/state/home-manager/gcroots/current-home", "The current generation of Home Manager."),
        ("~/.local/state/nix/profiles/home-manager", "The same, by its profile."),
        ("~/.config/systemd/user", "Where the links of Home Manager belong."),
        ("/etc/systemd/system, /etc/systemd/user", "Where those of NixOS belong."),
        (
            "podman-provenance-audit.service, .timer",
            "Units of the system manager and of users' managers that heal and check.",
        ),
        ("every other directory of the unit path", "What may be stronger, and drop-ins."),
    ],
    exits: &[
        (Exit::Ok, "Nothing failed; warnings and skips may have been printed."),
        (Exit::Failed, "At least one finding failed; with --strict also a warning."),
        (Exit::Config, "There is no current generation, or it is not clear which one is."),
    ],
    examples: &[
        ("check-unit-provenance", "Check all units that the generations ship to the caller."),
        ("check-unit-provenance web-stack.service", "Fail unless this unit is shipped and as shipped."),
        (
            "check-unit-provenance --user=tim --all --quiet",
            "As root: say what is wrong with tim's units, all of them.",
        ),
        ("check-unit-provenance --system --allow-drop-in 50-site.conf", "Accept the drop-ins of the site."),
        ("check-unit-provenance --offline --user=tim", "Look at the files alone, before tim's manager runs."),
    ],
    see_also: &[
        "fix-unit-provenance(8)",
        "check-user-session(8)",
        "systemctl(1)",
        "systemd.unit(5)",
        "systemd-delta(1)",
    ],
};
