//! Targets, and several units at once.

use super::row::{FAILED, Kind, MEMBER, Row, WORKED};

const MEMBER_UNIT: &str = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n";
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
];
