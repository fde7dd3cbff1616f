//! `restart-and-verify`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(restart_and_verify::run)
}
