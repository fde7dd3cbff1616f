//! `wait-for-path`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(wait_for_path::run)
}
