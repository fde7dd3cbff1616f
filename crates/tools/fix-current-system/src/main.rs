//! `fix-current-system`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(fix_current_system::run)
}
