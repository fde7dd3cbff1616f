//! `check-user-session`: see the manual page.

use std::process::ExitCode;

fn main() -> ExitCode {
    oneshot::run(check_user_session::run)
}
