//! What the manual page says beyond the options.

use oneshot::Exit;
use oneshot::manual::Manual;

/// The page.
pub const MANUAL: Manual = Manual {
    description: &[
        "A compose provider's exit code says little: podman-compose ends with 0 although nothing was started, and never ends \
         where a container that others wait for is unhealthy or has no image. apply-and-verify runs the provider, bounded, and \
         judges the containers themselves while it works and after: every service of the effective configuration must have all \
         of its containers running, healthy where there is a check, alive, not restarted, and up for --stable seconds, or have \
         ended with 0 where that is its work (a service that others wait for with service_completed_successfully, or \
         --oneshot).",
        "A service that is unhealthy, has exited, is restarted or was killed ends the run at once, with its name, what its health \
         check last said and the end of its log. The containers are left as they are.",
        "A project that is as it was last verified is looked at and otherwise left alone: the provider is not run.",
        "It is made for ExecStart= of a oneshot unit of a user, which needs KillMode=process: conmon, without which a container is \
         lost, may be in the control group of the unit that started it.",
    ],
    files: &[
        ("$XDG_RUNTIME_DIR/mendutils/apply-and-verify.PROJECT.lock", "Held while it runs."),
        ("$XDG_RUNTIME_DIR/mendutils/evidence/UNIT/", "What the run proved, where it ran in a unit."),
        (
            "$XDG_STATE_HOME/mendutils/stacks/PROJECT.json",
            "The state that was last verified; readable by the owner alone.",
        ),
    ],
    exits: &[
        (Exit::Ok, "Every service is verified; what was in order is unchanged."),
        (Exit::Failed, "A service failed, the provider failed, or a signal ended the run."),
        (
            Exit::Contradicted,
            "The provider reported success, and a service has no container or was never started; or rolled back.",
        ),
        (Exit::Undecided, "A service, or the provider, was still on its way when the time was up."),
        (Exit::Unavailable, "podman, a provider, a helper of podman or the manager of the user is missing."),
        (Exit::Busy, "Another run works on the same project."),
        (Exit::Config, "A file is missing, or the provider refuses the configuration."),
    ],
    examples: &[
        ("apply-and-verify --project home --file compose.yaml", "Bring a project up."),
        ("apply-and-verify --dry-run --project home --file compose.yaml", "Say what would be done."),
        (
            "systemctl --user enable --now podman-stack@home.service",
            "Do it at each start of the user's manager.",
        ),
    ],
    see_also: &[
        "podman(1)",
        "podman-compose(1)",
        "podman-inspect(1)",
        "systemd.kill(5)",
        "check-user-session(8)",
    ],
};
