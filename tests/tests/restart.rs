//! `restart-and-verify` against every row of the tables of what `systemctl restart` says and what was true: plain units,
//! units that restart themselves, services, conditions, targets, and the unscoped `reset-failed`.
//!
//! A release has one machine, in which three managers work at the same time: tim's, the system's, and ann's for what would
//! disturb the others.

use std::process::ExitCode;

#[path = "restart/conditions.rs"]
mod conditions;
#[path = "restart/configuration.rs"]
mod configuration;
#[path = "restart/ignored.rs"]
mod ignored;
#[path = "restart/lint.rs"]
mod lint;
#[path = "restart/manager.rs"]
mod manager;
#[path = "restart/oneshot.rs"]
mod oneshot;
#[path = "restart/reset.rs"]
mod reset;
#[path = "restart/retries.rs"]
mod retries;
#[path = "restart/row.rs"]
mod row;
#[path = "restart/run.rs"]
mod run;
#[path = "restart/services.rs"]
mod services;
#[path = "restart/several.rs"]
mod several;

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("every_row_of_the_tables_gets_the_right_verdict", run::tables)
        .run()
}
