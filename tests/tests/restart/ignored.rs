//! Failures that the unit declares harmless, and those that systemd keeps to itself.

use super::row::{FAILED, IGNORED, Kind, Row, Verdict, WORKED};

/// It worked, and still there is something to be said.
const STOP_FAILED: Verdict = Verdict { exit: 0, shapes: &["SF11"] };

macro_rules! rae {
    ($lines:literal) => {
        concat!("Type=oneshot\nRemainAfterExit=yes\n", $lines, "\n")
    };
}

const DASH: &str = rae!("ExecStart=-/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'");
const STATUS: &str = rae!("SuccessExitStatus=1\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'");

pub(crate) const ROWS: &[Row] = &[
    Row::new("oneshot RAE '-' prefix", DASH, IGNORED),
    Row::new("oneshot RAE '-' prefix, pinned, was active", DASH, IGNORED).before("active; bad").kind(Kind::Pinned),
    Row::new("oneshot RAE '-' prefix, accepted", DASH, WORKED).options(&["--accept-ignored"]),
    Row::new("oneshot RAE '-' prefix, good", DASH, WORKED).before(""),
    Row::new("oneshot RAE SuccessExitStatus=1", STATUS, IGNORED),
    Row::new("oneshot RAE SuccessExitStatus=1, accepted", STATUS, WORKED).options(&["--accept-ignored"]),
    Row::new("oneshot RAE SuccessExitStatus=1, good", STATUS, WORKED).before(""),
    Row::new("oneshot RAE on-failure + SuccessExitStatus=1", rae!("Restart=on-failure\nSuccessExitStatus=1\nExecStart=/bin/false"), IGNORED),
    Row::new("oneshot RAE first '-' fails, 2nd ok", rae!("ExecStart=-/bin/false\nExecStart=/bin/true"), IGNORED),
    Row::new("oneshot RAE ExecStartPost=- fails", rae!("ExecStart=/bin/true\nExecStartPost=-/bin/false"), IGNORED),
    Row::new("oneshot RAE ExecStartPre=- fails", rae!("ExecStart=/bin/true\nExecStartPre=-/bin/false"), IGNORED),
    Row::new("oneshot RAE, `ExecStart=-` path does not exist", rae!("ExecStart=-/nonexistent"), IGNORED),
    Row::new("oneshot RAE was failed; ExecStart=-…, ExecStartPost ok", rae!("ExecStartPre=/bin/sh -c 'test ! -e %t/lab/once/%p || exit 0; touch %t/lab/once/%p; exit 1'\nExecStart=-/bin/false\nExecStartPost=/bin/true"), IGNORED)
        .before("failed"),
    // Nothing can see it but a program in the unit, and `--lint`.
    Row::new("oneshot RAE, `sh -c '…; true'` hides the exit code", rae!("ExecStart=/bin/sh -c 'false; true'"), WORKED),
    Row::new("oneshot RAE, `sh -c '…; true'`, evidence says 1", rae!("ExecStart=/bin/sh -c '/usr/local/bin/witness 1; true'"), Verdict { exit: 3, shapes: &[] }),
    Row::new("oneshot RAE ExecStop fails, start ok", rae!("ExecStart=/bin/true\nExecStop=/bin/false"), STOP_FAILED).before("active"),
    Row::new("oneshot RAE ExecStop and ExecStart fail", rae!("ExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\nExecStop=/bin/false"), FAILED)
        .before("active; bad"),
    Row::new("forking SuccessExitStatus=1 RAE", "Type=forking\nRemainAfterExit=yes\nSuccessExitStatus=1\nExecStart=/bin/sh -c 'exit 1'\n", IGNORED),
];
