//! `fix-unit-provenance`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(fix_unit_provenance::run)
}
