//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "podman auto-update exits 0 when it rolled back, calls a container updated that came up unhealthy, says nothing of one \
         that does not run, and waits for a restart for ever. update-and-verify runs it once, bounded, keeps its errors, and \
         then watches every container that it touched, and every other one on the same image, until it is running, healthy, \
         alive and up for --stable seconds, or is known to be bad. The units that go down with a restarted one are looked at \
         too.",
        "As root it works on root's containers and the system's units, as anybody else on the caller's own containers and the \
         units of the caller's manager.",
        "A container of a compose project is looked after where its label io.containers.autoupdate asks for it and its unit \
         (label PODMAN_SYSTEMD_UNIT, set by apply-and-verify) has ExecReload=: podman cannot update it, because it finds no \
         unit for a container in a pod of podman-compose, and because a restart of the unit does not make a container anew. \
         Its image is pulled (policy registry), and where the name then stands for another image than the container runs, the \
         unit is reloaded. One call of podman for all of them pulls; the unit is left alone where nothing is newer.",
        "A rollback is kept in a file, because the next run of podman auto-update shows nothing of it: as long as the \
         container runs that image, every run warns of it.",
    ],
    files: &[
        ("$XDG_RUNTIME_DIR/mendutils/update-and-verify.lock", "Held while it runs; of root: /run/mendutils."),
        ("$XDG_RUNTIME_DIR/mendutils/evidence/UNIT/", "What the run proved, where it ran in a unit."),
        (
            "$XDG_STATE_HOME/mendutils/rollbacks.json",
            "The containers that were rolled back; in $STATE_DIRECTORY where that is set, of root in /var/lib/mendutils.",
        ),
    ],
    exits: &[
        (Exit::Ok, "Everything that was touched is good, or nothing is newer."),
        (
            Exit::Failed,
            "Something failed or is not good afterwards, or a signal ended the run; wins over all others.",
        ),
        (
            Exit::Contradicted,
            "Something was rolled back and is good on its old image, or what podman calls done is not: a container on its old \
             image, a dependent unit that is down.",
        ),
        (Exit::Undecided, "podman or a container was not done when the time was up."),
        (Exit::Unavailable, "podman, systemd or the service manager of the user is missing."),
        (Exit::Busy, "Another run is at work."),
        (Exit::Config, "An expected unit does not exist."),
    ],
    examples: &[
        ("update-and-verify", "Update what has the policy, and verify it."),
        ("update-and-verify --dry-run", "Say what would be updated."),
        ("update-and-verify --expect web db", "Fail where web.service or db.service is not looked at."),
        ("systemctl --user enable --now update-and-verify.timer", "Do it daily."),
    ],
    see_also: &[
        "podman-auto-update(1)",
        "podman-systemd.unit(5)",
        "apply-and-verify(8)",
        "restart-and-verify(8)",
    ],
};
