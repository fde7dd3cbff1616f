//! The harness: a test binary that is also the stand-in.

use std::error::Error;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a test returns.
pub type Outcome = Result<(), Box<dyn Error>>;

/// A test and its name.
pub type Test = (&'static str, fn() -> Outcome);

/// Tests by the paths of their functions.
#[macro_export]
macro_rules! trials {
    ($($test:path),+ $(,)?) => { &[$((stringify!($test), $test as fn() -> $crate::Outcome)),+] };
}

/// Runs the tests, or answers as the tool that the binary was started as.
#[must_use]
pub fn run(tests: &[Test]) -> ExitCode {
    if let Some(exit) = crate::answer() {
        return exit;
    }
    let trial = |(name, test): &Test| {
        let test = *test;
        Trial::test(*name, move || test().map_err(|error| Failed::from(error.to_string())))
    };
    libtest_mimic::run(&Arguments::from_args(), tests.iter().map(trial).collect()).exit_code()
}
