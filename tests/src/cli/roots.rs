//! `lab roots`: builds what is missing.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use lab::{Release, root};

/// Build the root file systems that are missing, and say where they are.
#[derive(Debug, Args)]
pub(crate) struct Roots {
    /// Only of these; all without one. `host` needs none
    release: Vec<Release>,
}

impl Roots {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let asked = |suite: &str| {
            self.release.is_empty() || self.release.iter().any(|release| release.name() == suite)
        };
        let roots: Vec<_> = Release::roots().into_iter().filter(|(_, suite)| asked(suite)).collect();
        for root in root::ensure_all(&roots)? {
            writeln!(std::io::stdout(), "{}", root.display()).context("writing the answer")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
