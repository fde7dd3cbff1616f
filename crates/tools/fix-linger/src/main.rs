//! `fix-linger`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(fix_linger::run)
}
