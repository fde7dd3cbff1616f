//! `lab shell`: a machine for a person.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use lab::{Machine, Release, host};

/// Boot a machine and open a root shell in it; it is gone when the shell ends.
#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// host, bookworm, trixie or forky
    #[arg(long, default_value = "host")]
    release: Release,
    /// Make WSL's mounts first
    #[arg(long)]
    wsl: bool,
    /// Without WSL's guiApplications
    #[arg(long, requires = "wsl")]
    no_gui: bool,
    /// Let this user linger
    #[arg(long, value_name = "USER")]
    linger: Vec<String>,
    /// Install the programs and their units
    #[arg(long)]
    programs: bool,
    /// With podman, on bookworm, trixie or forky
    #[arg(long)]
    podman: bool,
    /// Run this instead of a shell
    #[arg(last = true)]
    command: Vec<String>,
}

impl Shell {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut builder = Machine::builder(self.release).wsl(self.wsl).gui(!self.no_gui);
        for user in &self.linger {
            builder = builder.linger(user);
        }
        if self.programs {
            builder = builder.programs();
        }
        if self.podman {
            builder = builder.podman();
        }
        host::install(&[host::MACHINE, host::ROOTS])?;
        let machine = builder.boot()?;
        let mut command: Vec<&str> = self.command.iter().map(String::as_str).collect();
        if command.is_empty() {
            host::say(&format!("{machine:?}"))?;
            command = vec!["/bin/sh", "-l"];
        }
        let terminal = std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned());
        let status = machine.root(&command).env("TERM", &terminal).interactive()?;
        machine.stop()?;
        Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)))
    }
}
