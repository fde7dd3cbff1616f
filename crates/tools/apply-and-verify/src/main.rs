//! `apply-and-verify`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(apply_and_verify::run)
}
