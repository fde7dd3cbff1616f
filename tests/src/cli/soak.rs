//! `lab soak`: the race between the stray mount and the runtime directory, boot after boot.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use lab::skip;

use super::test::{cargo, prepare};

/// How often the race is run, for `tests/race.rs`.
const SOAK: &str = "MENDUTILS_SOAK";

/// Boot the stray-mount configuration again and again on every release, and fail when one session does not work.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How many boots on each release
    #[arg(long, value_name = "N", default_value_t = 50)]
    boots: u32,
}

impl Soak {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        prepare()?;
        let status = cargo()
            .args(["test", "--package=lab", "--test=race"])
            .env(SOAK, self.boots.to_string())
            .env(skip::BUILD, "1")
            .env(skip::STRICT, "1")
            .status()
            .context("running cargo test")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
