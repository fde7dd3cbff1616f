//! `update-and-verify`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(update_and_verify::run)
}
