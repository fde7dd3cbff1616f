//! Targets, and several units at once.

use super::row::{FAILED, Kind, MEMBER, Row, Verdict, WORKED};

const MEMBER_UNIT: &str = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n";
/// Slower than the program waits.
const SLOW: &str = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 60\n";
const NOTHING: &str = "touch $run/lab/bad/$stem-x";

pub(crate) const ROWS: &[Row] = &[
    Row::new(
        "restart grp.target, Wants=X, X works",
        "[Unit]\nWants=%p-x.service\nAfter=%p-x.service\n",
        WORKED,
    )
    .before("")
    .kind(Kind::Target(MEMBER_UNIT)),
    Row::new("restart grp.target, Wants=X, X fails", "[Unit]\nWants=%p-x.service\n", MEMBER)
        .before(NOTHING)
        .kind(Kind::Target(MEMBER_UNIT)),
    Row::new(
        "restart grp.target, Wants+After=X, X fails",
        "[Unit]\nWants=%p-x.service\nAfter=%p-x.service\n",
        MEMBER,
    )
    .before(NOTHING)
    .kind(Kind::Target(MEMBER_UNIT)),
    Row::new(
        "restart grp.target, Requires+After=X, X fails",
        "[Unit]\nRequires=%p-x.service\nAfter=%p-x.service\n",
        FAILED,
    )
    .before(NOTHING)
    .kind(Kind::Target(MEMBER_UNIT)),
    Row::new("restart grp.target, Requires (no After), X fails", "[Unit]\nRequires=%p-x.service\n", FAILED)
        .before(NOTHING)
        .kind(Kind::Target(MEMBER_UNIT)),
    // Without the After= that a target has by default systemctl returns at once, and the start goes on.
    Row::new(
        "restart grp.target, Wants=X (no After), X is still starting when the time is up",
        "[Unit]\nDefaultDependencies=no\nWants=%p-x.service\n",
        Verdict { exit: 4, shapes: &["SF12"] },
    )
    .before("")
    .options(&["--timeout=3"])
    .kind(Kind::Target(SLOW)),
];
