//! `check-unit-provenance`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(check_unit_provenance::run)
}
