//! `check-activation`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(check_activation::run)
}
