//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "systemctl restart exits 0 for many units that failed or never ran: a reset-failed on the way, a - before a \
         command, an unmet condition, a program that dies a moment later. restart-and-verify restarts the units in one \
         transaction and then judges each by all signals: what systemctl says, a new invocation, the state, the result, \
         the conditions, the end of every command, the same once more after --stable seconds, the evidence that a program \
         of the suite leaves, and the journal of the run where the manager has forgotten the unit. One that is missing is \
         enough to fail.",
        "It never runs reset-failed, takes exact names only, and ends by --timeout: a job that goes on is left alone and \
         named. The members of a target are judged one by one. A unit that is not up is started, as systemctl does.",
        "With --start only what is not up is started; what is up is judged by its last run and reported as not run again. \
         With --lint nothing is restarted: each setting that makes the unit's exit code untrustworthy is reported with \
         file and line.",
    ],
    files: &[
        (
            "/run/mendutils/evidence",
            "Read: what programs of the suite left of their runs as system services.",
        ),
        ("/run/user/UID/mendutils/evidence", "The same of a user's services."),
    ],
    exits: &[
        (Exit::Ok, "Every unit ran anew and works; with --start, or was up and its last run was good."),
        (Exit::Failed, "A unit failed, and systemctl said so; with --lint, something was found."),
        (Exit::Contradicted, "systemctl said that it worked, and it did not."),
        (Exit::Undecided, "The job was not over when the time was up; it goes on."),
        (Exit::Unavailable, "There is no service manager to ask, or a program of systemd is missing."),
        (Exit::Busy, "Another job cancelled this one, or somebody restarted the unit meanwhile."),
        (Exit::NoPermission, "The manager does not let this user do it."),
        (Exit::Config, "A unit is masked, missing or has a bad setting, or there is no such user."),
    ],
    examples: &[
        ("restart-and-verify app", "Restart app.service and prove that it works."),
        (
            "restart-and-verify --user --stable 10 web.service db.service",
            "Two of the caller's own, watched for 10 s.",
        ),
        ("restart-and-verify --machine tim@ app.service", "As root, a unit of tim's manager."),
        ("restart-and-verify --lint app.service", "What could make its exit code lie?"),
    ],
    see_also: &["systemctl(1)", "systemd.service(5)", "fix-linger(8)"],
};
