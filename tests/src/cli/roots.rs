//! `lab roots`: builds what is missing.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use lab::{Release, root};

/// Build the root file systems that are missing, and say where they are.
#[derive(Debug, Args)]
pub(crate) struct Roots {
    /// Only these; all without one
    release: Vec<Release>,
}

impl Roots {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let releases = if self.release.is_empty() { Release::tested() } else { self.release.clone() };
        for release in releases {
            let place = match release {
                Release::Host => "the host's own /usr".to_owned(),
                Release::Debian(suite) => root::ensure(suite)?.display().to_string(),
            };
            writeln!(std::io::stdout(), "{release}\t{place}").context("writing the answer")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
