//! Mends `/run/user/UID` so that the user's systemd session works.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(fix_runtime_dir::run)
}
