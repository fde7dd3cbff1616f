//! Units that do not run because they must not: conditions, asserts, `ExecCondition=`.

use super::row::{ASSERTION, CONDITION, FORGOTTEN_CONDITION, Kind, Row};

/// `[Unit]` with this line; the work fails on demand.
macro_rules! unit {
    ($line:literal) => {
        concat!(
            "[Unit]\n",
            $line,
            "\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n"
        )
    };
}

const EXEC: &str = "Type=oneshot\nRemainAfterExit=yes\nExecCondition=/bin/sh -c 'test ! -e %t/lab/blocked/%p'\n\
                    ExecStart=/bin/sh -c 'sleep 0.3; test ! -e %t/lab/bad/%p'\n";
const UNMET: &str = unit!("ConditionPathExists=!%t/lab/blocked/%p");
const REFUSED: &str = unit!("AssertPathExists=!%t/lab/blocked/%p");

pub(crate) const ROWS: &[Row] = &[
    Row::new("ConditionPathExists false", UNMET, CONDITION).before("blocked"),
    Row::new("ConditionPathExists false, pinned", UNMET, CONDITION).before("blocked").kind(Kind::Pinned),
    Row::new("oneshot RAE was active, then Condition unmet", UNMET, FORGOTTEN_CONDITION)
        .before("active; blocked"),
    Row::new("oneshot RAE was active, then Condition unmet, pinned", UNMET, CONDITION)
        .before("active; blocked")
        .kind(Kind::Pinned),
    Row::new("oneshot RAE was failed, then Condition unmet", UNMET, CONDITION).before("failed; blocked"),
    Row::new("AssertPathExists false", REFUSED, ASSERTION).before("blocked"),
    Row::new("oneshot RAE was failed, then Assert unmet", REFUSED, ASSERTION).before("failed; blocked"),
    Row::new("oneshot RAE ExecCondition fails (1)", EXEC, CONDITION).before("blocked"),
    Row::new("ExecCondition fails, pinned", EXEC, CONDITION).before("blocked").kind(Kind::Pinned),
    Row::new("oneshot RAE was failed, then ExecCondition exit 1", EXEC, CONDITION).before("failed; blocked"),
    Row::new("oneshot RAE was active, then ExecCondition exit 1", EXEC, CONDITION).before("active; blocked"),
];
