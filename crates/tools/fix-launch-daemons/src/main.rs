//! `fix-launch-daemons`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(fix_launch_daemons::run)
}
