//! Oneshot units that fail as they should, and what is done to them on the way.

use super::row::{DISTURBED, FAILED, FORGOTTEN, FORGOTTEN_CONDITION, IGNORED, Row, Verdict, WORKED};

const PLAIN: &str = "Type=oneshot\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n";
const RAE: &str =
    "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n";
const IGNORES: &str = "Type=oneshot\nRemainAfterExit=yes\nExecStart=-/bin/false\n";
const SLOW: &str =
    "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 1.5; test ! -e %t/lab/bad/%p'\n";

pub(crate) const ROWS: &[Row] = &[
    Row::new("oneshot RAE, good", RAE, WORKED).before(""),
    Row::new("oneshot RAE, good, was failed", RAE, WORKED).before("failed; good"),
    Row::new("oneshot RAE, good, was active", RAE, WORKED).before("active"),
    Row::new("oneshot pinned, good", PLAIN, WORKED).before("").kind(super::row::Kind::Pinned),
    // The journal proves it.
    Row::new("oneshot, good, forgotten, without evidence", PLAIN, WORKED).before(""),
    Row::new("oneshot, good, forgotten, with evidence", GOOD_WITNESS, WORKED).before(""),
    Row::new("oneshot RAE `--start`, good, was inactive", RAE, WORKED).before("").options(&["--start"]),
    Row::new("oneshot", PLAIN, FAILED),
    Row::new("oneshot RAE", RAE, FAILED),
    Row::new("oneshot RAE, was active", RAE, FAILED).before("active; bad"),
    Row::new("oneshot RAE, was failed", RAE, FAILED).before("failed"),
    Row::new("oneshot RAE, is activating(start)", SLOW, FAILED).before("bad; $ctl start --no-block $u; in_state start"),
    Row::new("oneshot RAE first ok, 2nd fails", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStart=/bin/false\n", FAILED),
    Row::new("oneshot RAE ExecStartPost fails", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStartPost=/bin/false\n", FAILED),
    Row::new("oneshot RAE ExecStartPre fails", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStartPre=/bin/false\n", FAILED),
    Row::new("oneshot RAE, ExecStart path does not exist", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/nonexistent\n", FAILED),
    Row::new("oneshot RAE, start limit hit (burst 1, 2nd start)", "[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=60\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/false\n", FAILED)
        .before("fails $ctl start $u"),
    Row::new("oneshot RAE, third restart within StartLimitBurst=2", "[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=60\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/false\n", FAILED)
        .before("fails $ctl start $u; fails $ctl restart $u"),
    Row::new("oneshot RAE TimeoutStartSec=1, command needs 5 s", "Type=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=1\nExecStart=/bin/sleep 5\n", FAILED),
    Row::new("failed oneshot with CollectMode=inactive-or-failed", "[Unit]\nCollectMode=inactive-or-failed\n[Service]\nType=oneshot\nExecStart=/bin/false\n", FAILED)
        .before("fails $ctl start $u"),
    Row::new("oneshot RAE, another `stop` during the restart", SLOW, DISTURBED)
        .meanwhile("in_state start; $ctl stop $u"),
    // Both jobs become one, which waits for the second run.
    Row::new("oneshot RAE, a second `restart` during the restart", SLOW, FAILED)
        .meanwhile("in_state start; fails $ctl restart $u"),
    Row::new("oneshot RAE, an outsider runs reset-failed of it while ExecStart runs", SLOW, FAILED)
        .meanwhile("in_state start; $ctl reset-failed $u"),
    // Nothing runs; the run that brought it up is judged.
    Row::new("`start` of an already active (exited) RAE oneshot", RAE, WORKED)
        .before("active")
        .options(&["--start"]),
    Row::new("`start` of an already active RAE oneshot whose failure was ignored", IGNORES, IGNORED)
        .before("bad; $ctl start $u")
        .options(&["--start"]),
    Row::new("oneshot noRAE SuccessExitStatus=1", "Type=oneshot\nSuccessExitStatus=1\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n", FORGOTTEN),
    Row::new("oneshot noRAE '-' prefix", "Type=oneshot\nExecStart=-/bin/sh -c 'sleep 0.3; exit 1'\n", FORGOTTEN),
    Row::new("oneshot noRAE '-' prefix, evidence says 1", "Type=oneshot\nExecStart=-/usr/local/bin/witness 1\n", FORGOTTEN),
];

/// `witness CODE` leaves the evidence of a program that ended so.
const GOOD_WITNESS: &str = "Type=oneshot\nExecStart=/usr/local/bin/witness 0\n";

/// Systemd forgets a unit that is inactive. Without evidence, and for a user who may not read the journal, nothing is
/// proven then.
const GONE: Verdict = Verdict { exit: 3, shapes: &["SF3"] };

/// Where the journal cannot be read.
pub(crate) const WITHOUT_JOURNAL: &[Row] = &[
    Row::new("oneshot RAE, good, no journal", RAE, WORKED).before(""),
    Row::new("oneshot RAE, no journal", RAE, FAILED),
    Row::new("oneshot, good, forgotten, without evidence, no journal", PLAIN, GONE).before(""),
    Row::new("oneshot, good, forgotten, with evidence, no journal", GOOD_WITNESS, WORKED).before(""),
    Row::new(
        "oneshot, forgotten, evidence says 1, no journal",
        "Type=oneshot\nExecStart=-/usr/local/bin/witness 1\n",
        FORGOTTEN,
    ),
    Row::new(
        "ConditionPathExists false, no journal",
        "[Unit]\nConditionPathExists=/nonexistent\n[Service]\nType=oneshot\nExecStart=/bin/true\n",
        FORGOTTEN_CONDITION,
    ),
];
