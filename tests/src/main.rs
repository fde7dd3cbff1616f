//! `cargo lab`: boots a throwaway systemd by hand, builds its roots, and runs every test.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            writeln!(std::io::stderr(), "lab: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}
