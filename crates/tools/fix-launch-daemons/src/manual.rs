//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "fix-launch-daemons takes the definitions in Library/LaunchDaemons of a nix-darwin system, whatever their labels, and \
         has launchd run them: each has a copy of the same bytes in /Library/LaunchDaemons that is root's and nobody else's to \
         write, is not disabled, is loaded, and was started where its definition says so. What is in order is not touched, \
         and costs two calls of launchctl for all jobs together.",
        "Of a job that is not loaded it asks, in this order: is the copy right, is it disabled, can its program run. Then it \
         loads it, and tells what launchd says if it does not take it. Exit 5 of launchctl stands for many causes: the job \
         is looked at again, Background Task Management is asked whether it holds it back, and it is tried again for five \
         seconds. A job in launchd's penalty box is loaded anew.",
        "A job whose definition has changed is unloaded, waited for until launchd has it no more, and loaded from the new \
         copy. The jobs that mount and serve the store are never unloaded, nor is the job that this very process belongs \
         to: they have their new definition from the next boot on.",
        "Agents are loaded only into a domain that is there. While nobody is logged in at the screen their copies are put in \
         place, and that is all; it is no failure.",
        "A job that macOS keeps from running in the background is named together with the switch. No program can do more.",
        "An answer of launchctl that cannot be read is never taken for a good one.",
    ],
    files: &[
        ("/nix/var/nix/profiles/system", "Leads to the system whose jobs are wanted, if no other is named."),
        ("/Library/LaunchDaemons, /Library/LaunchAgents, ~/Library/LaunchAgents", "Hold the copies."),
        ("/private/var/db/mendutils/fix-launch-daemons.UID.lock", "Held while something is changed."),
    ],
    exits: &[
        (Exit::Ok, "Every job is as it should be, or is none of this session."),
        (Exit::Failed, "A job is not as it should be, and why is told."),
        (Exit::Contradicted, "A step was taken, and launchd says otherwise."),
        (Exit::Undecided, "The time was up, or launchctl did not answer."),
        (Exit::Unavailable, "There is no launchctl: this is no macOS."),
        (Exit::Busy, "The store is not mounted yet, or another run is at it."),
        (Exit::Config, "The system cannot be found, or a definition of it cannot be used."),
    ],
    examples: &[
        ("sudo fix-launch-daemons", "Mend the daemons of the system."),
        ("fix-launch-daemons --dry-run", "Say what would be done."),
        (
            "fix-launch-daemons --advisory --system-config \"$systemConfig\"",
            "In an activation script that is not to end here.",
        ),
        ("fix-launch-daemons --user-agents", "Mend one's own agents."),
    ],
    see_also: &["launchctl(1)", "launchd.plist(5)", "fix-current-system(8)", "wait-for-path(8)"],
};
