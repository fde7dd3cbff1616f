//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "wait-for-path waits until every PATH is there, and then ends or executes CMD in its own place: it puts any job that \
         needs a late mount behind that mount, without a shell in between. It listens to mounts and to names that appear, so \
         it wakes at once and otherwise sleeps; a look without a cause is taken every 30 seconds, and every second where \
         the kernel is known to tell nothing.",
        "A PATH is absolute; one that is not is refused. A link counts by what it leads to. With --mounted a path counts only \
         on a file system that is mounted on the path itself or on a folder above it, / apart: /nix/store is there as a bare \
         folder while the volume is not. All paths must be there at the same time.",
        "What keeps a path from being looked at is an error at once and not waited out: a folder that may not be searched, \
         links in a circle, a name that is too long.",
        "At the start, if it has to wait, and at the end it says what it waits for and how long that took; in between nothing \
         but a line on a terminal. --timeout 0 looks once. A signal ends it as it ends any program.",
        "CMD without a slash is looked for in PATH, as execvp(3) does. Environment, open descriptors, blocked signals and \
         what SIGPIPE does are the caller's own. With --json the object is printed only where CMD is not executed.",
    ],
    files: &[("/proc/self/mountinfo", "Linux: listened to, not read.")],
    exits: &[
        (Exit::Ok, "Every path is there. With CMD the exit code is that of CMD."),
        (
            Exit::Failed,
            "A path cannot be looked at, or CMD cannot be executed, for another reason than those below.",
        ),
        (Exit::Undecided, "The time was up, and a path was not there."),
        (Exit::Unavailable, "CMD is not there; or the kernel does not tell mount points (before Linux 5.8)."),
        (Exit::NoPermission, "A folder on the way may not be searched, or CMD may not be executed."),
        (
            Exit::Config,
            "Links in a circle, a name that is too long, or a CMD of a format that is unknown here.",
        ),
    ],
    examples: &[
        (
            "wait-for-path --mounted /nix/store -- /usr/local/bin/app --serve",
            "Start app once the volume is mounted.",
        ),
        ("wait-for-path --timeout infinity /run/app/socket", "Wait for a socket, however long it takes."),
        ("wait-for-path --timeout 0 --mounted /nix", "Is it mounted? Exit 4 if not."),
    ],
    see_also: &["execvp(3)", "inotify(7)", "systemd.path(5)", "launchd.plist(5)"],
};
