//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// Parts of fix-runtime-dir(8).
pub const MANUAL: Manual = Manual {
    description: &[
        "Brings /run/user/UID into the state that systemd would have made: a directory that belongs to the user and the \
         user's primary group with mode 0700, on one tmpfs that is mounted nosuid and nodev and has limits for its size \
         and its inodes. It judges what it sees, never a version, and mends in place, so that sockets and files stay.",
        "The mount of a live session is never taken away or remounted, and nothing of it is restarted; only owner, group, mode and WSLg links are mended \
         under it. A directory of another user, a symbolic link, a foreign file system and a control group that another \
         WSL distribution holds are named and left alone.",
        "Where it mends or refuses it also names the root cause it must not touch: an entry in /etc/fstab, an override of \
         user-runtime-dir@.service, a version of WSL.",
    ],
    files: &[
        ("/run/user/UID", "The directory that is mended."),
        (
            "/proc/1/mountinfo",
            "Which mounts the service manager sees there; not read where statmount(2) shows that all is in order.",
        ),
        ("/etc/passwd", "Name and primary group; then the name service and getent(1)."),
        ("/etc/fstab", "Read for the cause, never written."),
        ("/etc/systemd/logind.conf", "RuntimeDirectorySize= and RuntimeDirectoryInodesMax=, with drop-ins."),
        ("/etc/wsl.conf", "automount.root: where WSL keeps its mounts."),
        ("/run/mendutils/fix-runtime-dir.UID.lock", "One repair of a directory at a time."),
        (
            "user-runtime-dir@.service.d/50-mendutils.conf",
            "The drop-in that runs the program at every login, before user@UID.service.",
        ),
    ],
    exits: &[
        (
            Exit::Ok,
            "The directory is in order, or there is nothing to do: no systemd, no such uid, nobody logged in.",
        ),
        (Exit::Failed, "The directory is of a kind that is left alone, or user@UID.service failed again."),
        (Exit::Contradicted, "It was mended but does not stay so."),
        (Exit::Undecided, "--start-manager: the bus does not answer in time."),
        (
            Exit::Busy,
            "Another run is at work, a mount is in use, or another distribution holds the control group.",
        ),
        (Exit::Config, "No such user name, or another mount namespace than that of PID 1."),
    ],
    examples: &[
        ("fix-runtime-dir 1000", "Mend the directory of uid 1000."),
        ("fix-runtime-dir --dry-run tim", "Say what would be done."),
        ("fix-runtime-dir --start-manager tim", "Mend it, start user@UID.service and wait for its bus."),
    ],
    see_also: &[
        "check-user-session(8)",
        "fix-linger(8)",
        "pam_systemd(8)",
        "logind.conf(5)",
        "user-runtime-dir@.service(5)",
    ],
};
