//! Units that systemd starts again by itself. `DIRECT` is `RestartMode=direct`, which 252 does not know.

use super::row::{CONFIGURATION, FAILED, RETRIES, Row, UNDECIDED, WORKED};

/// `[Service]` with these lines, and a command that takes a moment.
macro_rules! failing {
    ($lines:literal) => {
        concat!(
            "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n",
            $lines,
            "\n"
        )
    };
}

/// The same with a start limit.
macro_rules! limited {
    ($burst:literal, $lines:literal) => {
        concat!(
            "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=",
            $burst,
            "\n[Service]\n",
            failing!($lines)
        )
    };
}

const WAITS: &str = failing!("Restart=on-failure\nRestartSec=5");

pub(crate) const ROWS: &[Row] = &[
    Row::new("oneshot RAE Restart=on-failure RestartSec=1", failing!("Restart=on-failure\nRestartSec=1"), RETRIES),
    Row::new("oneshot RAE Restart=on-failure RestartSec=30", failing!("Restart=on-failure\nRestartSec=30"), RETRIES),
    Row::new("oneshot RAE Restart=on-failure RestartSec=1, was active", failing!("Restart=on-failure\nRestartSec=1"), RETRIES)
        .before("active; bad"),
    Row::new("oneshot RAE Restart=on-failure, in auto-restart wait", WAITS, RETRIES)
        .before("bad; fails $ctl start $u; in_state auto-restart"),
    Row::new("oneshot RAE Restart=on-failure, in auto-restart wait: START", WAITS, RETRIES)
        .before("bad; fails $ctl start $u; in_state auto-restart")
        .options(&["--start"]),
    Row::new("`start` with Restart=on-failure", failing!("Restart=on-failure\nRestartSec=1"), RETRIES).options(&["--start"]),
    // The limit ends it while the program looks on.
    Row::new("oneshot RAE Restart=on-failure RestartSec=0", failing!("Restart=on-failure\nRestartSec=0"), FAILED),
    Row::new("oneshot RAE Restart=on-failure RestartSec=0 burst=2", limited!(2, "Restart=on-failure\nRestartSec=0"), FAILED),
    Row::new("oneshot RAE on-failure DIRECT RestartSec=1 burst=3", limited!(3, "Restart=on-failure\nRestartMode=direct\nRestartSec=1"), FAILED),
    Row::new("oneshot RAE on-failure DIRECT RestartSec=1 nolimit",
        concat!("[Unit]\nStartLimitIntervalSec=0\n[Service]\n", failing!("Restart=on-failure\nRestartMode=direct\nRestartSec=1")), UNDECIDED)
        .on_252(RETRIES)
        .options(&["--timeout=4"]),
    Row::new("oneshot RAE on-failure DIRECT, was active", limited!(3, "Restart=on-failure\nRestartMode=direct\nRestartSec=1"), FAILED)
        .before("active; bad"),
    Row::new("oneshot RAE on-failure DIRECT RestartSec=0 burst=3", limited!(3, "Restart=on-failure\nRestartMode=direct\nRestartSec=0"), FAILED),
    // 252 says that it failed, and tries again a second later: what is not over is no success.
    Row::new("oneshot RAE on-failure DIRECT fail once then ok",
        "Type=oneshot\nRemainAfterExit=yes\nRestart=on-failure\nRestartMode=direct\nRestartSec=1\nExecStart=/bin/sh -c 'sleep 0.3; test -e %t/lab/once/%p || { touch %t/lab/once/%p; exit 1; }'\n", WORKED)
        .on_252(RETRIES),
    Row::new("oneshot RAE on-failure DIRECT, in auto-restart", limited!(3, "Restart=on-failure\nRestartMode=direct\nRestartSec=3"), FAILED)
        .before("bad; $ctl start --no-block $u; in_state auto-restart"),
    Row::new("oneshot RAE on-failure DEBUG mode", failing!("Restart=on-failure\nRestartMode=debug\nRestartSec=1"), RETRIES),
    Row::new("oneshot RAE RestartForceExitStatus=1", failing!("RestartForceExitStatus=1\nRestartSec=1"), RETRIES).on_252(CONFIGURATION),
    Row::new("oneshot RAE on-failure RestartPreventExitStatus=1", failing!("Restart=on-failure\nRestartPreventExitStatus=1"), FAILED),
    Row::new("oneshot RAE TimeoutStartSec=1 on-failure DIRECT burst=2",
        "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=1\nRestart=on-failure\nRestartMode=direct\nRestartSec=1\nExecStart=/bin/sleep 5\n", FAILED),
    Row::new("notify on-failure DIRECT, exit 1 w/o ready burst=2",
        "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nType=notify\nNotifyAccess=all\nRestart=on-failure\nRestartMode=direct\nRestartSec=1\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n", FAILED),
];
