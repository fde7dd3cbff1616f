//! recover-activation with the real fix-current-system and fix-launch-daemons, on a tree of a Mac with a launchd that is
//! played. The programs run as a user, and reach root through a sudo that is played but really changes the user: so what
//! they may write is what the kernel lets them.

use std::process::ExitCode;

#[path = "recovery/activation.rs"]
mod activation;
#[path = "recovery/jobs.rs"]
mod jobs;
#[path = "recovery/link.rs"]
mod link;
#[path = "recovery/mac.rs"]
mod mac;
#[path = "recovery/person.rs"]
mod person;
#[path = "recovery/rights.rs"]
mod rights;
#[path = "recovery/store.rs"]
mod store;

fn main() -> ExitCode {
    // The played sudo has the set-user-id bit, and becomes root as the real one does.
    if nix::unistd::geteuid().is_root() && nix::unistd::setuid(nix::unistd::Uid::from_raw(0)).is_err() {
        return ExitCode::FAILURE;
    }
    let tests = [link::TESTS, store::TESTS, jobs::TESTS, activation::TESTS, rights::TESTS, person::TESTS];
    launchd_stand_in::run(&tests.concat())
}
