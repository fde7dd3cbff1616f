//! One run: look, judge, tell.

use anyhow::Result;
use oneshot::{Finding, Report};

use crate::arguments::Arguments;
use crate::decide::{self, Wish};
use crate::gather::{gather, whose};

/// Checks the units that were asked for.
pub fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let root = arguments.common.root();
    let whose = match whose(arguments, &root)? {
        Ok(whose) => whose,
        Err(reason) => {
            report.finding(Finding::skip("account", reason));
            return Ok(());
        }
    };
    let survey = gather(arguments, &root, &whose)?;
    let wish = Wish {
        owner: arguments.owner.kind(),
        is_named: !arguments.units.is_empty(),
        is_each: !arguments.units.is_empty() || arguments.common.verbose > 0,
        is_strict: arguments.strict,
        allowed: &arguments.allow_drop_in,
    };
    for finding in decide::findings(&survey, &wish) {
        report.finding(finding);
    }
    Ok(())
}
