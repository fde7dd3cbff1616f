//! Units that go on running: systemctl says 0 as soon as they are ready, or as soon as they have been started.

use super::row::{DIED, DIED_RETRIES, FAILED, Row, WORKED};

pub(crate) const ROWS: &[Row] = &[
    Row::new("Type=simple, good", "ExecStart=/bin/sleep 600\n", WORKED),
    Row::new("Type=exec, good, was active", "Type=exec\nExecStart=/bin/sleep 600\n", WORKED).before("active"),
    Row::new(
        "Type=notify, good",
        "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep 600'\n",
        WORKED,
    ),
    Row::new("Type=forking, good", "Type=forking\nExecStart=/bin/sh -c 'sleep 600 &'\n", WORKED),
    Row::new("Type=simple, exits 1 after 0.3 s", "ExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n", DIED),
    Row::new("Type=exec, exits 1 after 0.3 s", "Type=exec\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n", DIED),
    Row::new(
        "simple Restart=on-failure",
        "Restart=on-failure\nRestartSec=5\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n",
        DIED_RETRIES,
    ),
    Row::new(
        "simple Restart=always, comes back at once",
        "Restart=always\nRestartSec=0\nExecStart=/bin/sh -c 'sleep 0.7; exit 1'\n",
        DIED_RETRIES,
    ),
    Row::new("Type=simple, exits 1 at once", "ExecStart=/bin/false\n", DIED),
    Row::new("simple RAE", "RemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n", DIED),
    Row::new(
        "simple, ExecStartPost waits for main death",
        "ExecStart=/bin/sh -c 'sleep 0.3; exit 1'\nExecStartPost=/bin/sh -c 'sleep 1; kill -0 $MAINPID'\n",
        FAILED,
    ),
    Row::new(
        "notify, ready then exit 1",
        "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'systemd-notify --ready; sleep 0.3; exit 1'\n",
        DIED,
    ),
    Row::new(
        "notify, exit 1 w/o ready",
        "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'sleep 0.3; exit 1'\n",
        FAILED,
    ),
    Row::new("forking exit 1", "Type=forking\nExecStart=/bin/sh -c 'exit 1'\n", FAILED),
    Row::new(
        "forking RAE exit 1",
        "Type=forking\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'exit 1'\n",
        FAILED,
    ),
];
