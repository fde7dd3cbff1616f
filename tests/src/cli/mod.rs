//! The command line.

mod bench;
mod count;
mod demo;
mod roots;
mod shell;
mod soak;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use lab::stage;

/// A throwaway real systemd, and the tests that run on it.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Shell(shell::Shell),
    Roots(roots::Roots),
    Test(test::Test),
    Soak(soak::Soak),
    Bench(bench::Bench),
    BenchStacks(bench::BenchStacks),
    BenchShells(bench::BenchShells),
    BenchWaits(bench::BenchWaits),
    BenchUnits(bench::BenchUnits),
    #[command(hide = true)]
    Measure(bench::Measure),
    #[command(hide = true)]
    MachineSupervise,
    #[command(hide = true)]
    MachineInit,
    #[command(hide = true)]
    MachineEnter {
        entry: String,
    },
}

impl Cli {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Demo(demo) => demo.run(),
            Command::Shell(shell) => shell.run(),
            Command::Roots(roots) => roots.run(),
            Command::Test(test) => test.run(),
            Command::Soak(soak) => soak.run(),
            Command::Bench(bench) => bench.run(),
            Command::BenchStacks(bench) => bench.run(),
            Command::BenchShells(bench) => bench.run(),
            Command::BenchWaits(bench) => bench.run(),
            Command::BenchUnits(bench) => bench.run(),
            Command::Measure(measure) => measure.run(),
            Command::MachineSupervise => stage::supervise().map(|()| ExitCode::SUCCESS),
            Command::MachineInit => stage::init().map(|()| ExitCode::SUCCESS),
            Command::MachineEnter { entry } => stage::enter(&entry).map(ExitCode::from),
        }
    }
}
