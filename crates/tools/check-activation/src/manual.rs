//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "After a boot /run/current-system should lead to the system of the profile, and on a Mac launchd should have loaded \
         and started what that system wants. check-activation looks at each part and prints one line a finding: status, id, \
         text, and the name of the failure shape, followed by hints with the cause and the command that mends it: /run, \
         the volume of the store, the profile, the link, the root for the garbage collector, /etc/static and the files of \
         /etc, each job of the system, mendutils' own jobs, and the login shell.",
        "The jobs are those that the system has definitions of, whatever their labels are. Of each is looked at: its copy in \
         /Library/LaunchDaemons or LaunchAgents, its program, whether it is loaded, disabled or blocked, whether it was \
         started, and how its last run ended. launchctl is run twice a domain, and once more for each job that is not in \
         order. Only root may ask which jobs System Settings has switched off.",
        "While the store is away nothing that hangs on it is judged: mend that first. A line of a log is told only where the \
         log was written in this boot.",
        "On NixOS there is no launchd, and the rest is looked at. A link that leads to another system than the profile is a \
         warning there, because nixos-rebuild boot and test leave it so.",
        "--shell prints lines for the start-up file of a shell. They ask the shell itself whether the link is right, so that \
         nothing is started while it is; where it is not they run check-activation --once, which says in two lines what is \
         wrong and what mends it, once a boot and cause. They also define nix-recover where it is not on the path. Keep them \
         outside of the store: a file that is a link into it is gone when they are needed.",
        "It changes nothing and needs no rights.",
    ],
    files: &[
        ("/run/current-system", "The link to the system that runs."),
        ("/nix/var/nix/profiles/system", "The system that should run."),
        ("/etc/synthetic.conf, /etc/fstab", "Who says that /run is a link and that /nix is a volume."),
        (
            "/Library/LaunchDaemons, /Library/LaunchAgents, ~/Library/LaunchAgents",
            "Copies of the definitions of jobs.",
        ),
        ("/usr/local/libexec/mendutils", "Where the programs are on a Mac."),
        (
            "/var/log/nix-boot-activation.log, /var/log/determinate-nix-init.log",
            "Logs, if they are of this boot.",
        ),
    ],
    exits: &[
        (Exit::Ok, "Nothing failed; warnings and skips may have been printed."),
        (
            Exit::Failed,
            "At least one finding failed; with --once: something was said, or had been said before.",
        ),
        (Exit::Undecided, "launchd does not answer, or not in a way that can be read."),
        (Exit::Unavailable, "There is no Nix here, or on a Mac no launchctl."),
    ],
    examples: &[
        ("check-activation", "Check everything."),
        ("check-activation --quiet --offline", "Say only what is wrong, and look at files alone."),
        (
            "sudo check-activation --json",
            "Check everything, with the switches of System Settings, for monitoring.",
        ),
        ("check-activation --once=", "Say in two lines what is wrong with the link, if anything."),
        ("check-activation --shell zsh | sudo tee -a /etc/zlogin", "Let login shells tell of it."),
    ],
    see_also: &[
        "fix-current-system(8)",
        "fix-launch-daemons(8)",
        "recover-activation(8)",
        "launchctl(1)",
        "synthetic.conf(5)",
    ],
};
