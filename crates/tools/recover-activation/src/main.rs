//! `recover-activation`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(recover_activation::run)
}
