//! Units that can never be restarted, and command lines that cannot be meant.

use super::row::{CONFIGURATION, Kind, Row, Verdict};

const USAGE: Verdict = Verdict { exit: 2, shapes: &[] };

pub(crate) const ROWS: &[Row] = &[
    Row::new("masked", "", CONFIGURATION).before("").kind(Kind::Named("lab-masked.service")),
    Row::new("not found", "", CONFIGURATION).before("").kind(Kind::Named("lab-missing.service")),
    Row::new("not found, an instance", "", CONFIGURATION)
        .before("")
        .kind(Kind::Named("lab-missing@1.service")),
    Row::new("bad setting", "Type=oneshot\nRemainAfterExit=yes\n", CONFIGURATION).before(""),
    Row::new("bad setting: no absolute path", "Type=oneshot\nExecStart=./here\n", CONFIGURATION).before(""),
    Row::new("a glob that matches no unit in memory", "", USAGE)
        .before("")
        .kind(Kind::Named("lab-nothing*.service")),
    Row::new("a glob that matches", "", USAGE).before("").kind(Kind::Named("row?.service")),
    Row::new("a glob with brackets", "", USAGE).before("").kind(Kind::Named("row[12].service")),
];
