//! `reset-failed` without a unit: how a failure becomes success while it is still on its way. It hits every unit of the
//! manager that is on its way just then, so these rows run one after another, in a manager of their own.

use super::row::{FAILED, Kind, RESET, RESET_BY_ITSELF, Row};

/// `[Service]` whose work fails on demand, and which resets every failure afterwards.
macro_rules! resets {
    ($lines:literal) => {
        concat!(
            "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n",
            "ExecStopPost=/bin/systemctl --user reset-failed\n",
            $lines,
            "\n"
        )
    };
}

const WITNESS: &str = "Type=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/bin/witness 1\n\
                       ExecStopPost=/bin/systemctl --user reset-failed\n";

pub(crate) const ROWS: &[Row] = &[
    Row::new("ExecStopPost reset-failed (unscoped), pinned", resets!(""), RESET_BY_ITSELF)
        .before("active; bad")
        .kind(Kind::Pinned),
    Row::new("the same, unit not pinned", resets!(""), RESET).before("active; bad"),
    Row::new("the same, not pinned, evidence says 1", WITNESS, RESET_BY_ITSELF).before(""),
    Row::new("the same, pinned, evidence says 1", WITNESS, RESET_BY_ITSELF).before("").kind(Kind::Pinned),
    Row::new("ExecStartPre fails + the same ExecStopPost (S05)", resets!("ExecStartPre=/bin/sh -c 'test ! -e %t/lab/bad/%p'"), RESET)
        .before("active; bad"),
    Row::new("Restart=on-failure + the same ExecStopPost", resets!("Restart=on-failure\nRestartSec=1"), RESET)
        .before("active; bad"),
    Row::new("`start` with the T03 unit", resets!(""), RESET).options(&["--start"]),
    Row::new("ExecStopPost through a shell, pinned", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n\
         ExecStopPost=/bin/sh -c 'systemctl --user reset-failed || true'\n", RESET_BY_ITSELF)
        .kind(Kind::Pinned),
    Row::new("ExecStopPost `reset-failed other.service` (scoped)",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/false\nExecStopPost=-/bin/systemctl --user reset-failed other.service\n", FAILED),
    // Another party, as sd-switch at every switch: it must hit the moment after the failure.
    Row::new("an outsider runs reset-failed after the failure, in ExecStopPost",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\nExecStopPost=/bin/sleep 1\n", RESET)
        .kind(Kind::Pinned)
        .meanwhile("in_state stop-post; $ctl reset-failed"),
    Row::new("an outsider runs unscoped reset-failed while ExecStart still runs",
        "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 1.5; exit 1'\n", FAILED)
        .meanwhile("in_state start; $ctl reset-failed"),
];
