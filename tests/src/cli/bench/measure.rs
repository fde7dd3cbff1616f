//! The measuring itself, in the machine: every candidate once a round, so that what slows the host slows all alike.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// Rounds that are not counted.
const WARM_UP: usize = 20;

/// Runs each command line once a round and prints a JSON array of samples.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    rounds: usize,
    commands: Vec<String>,
}

/// What one candidate cost, in microseconds from fork to wait.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) mean: f64,
    /// Peak resident memory, in KiB.
    pub(crate) memory: i64,
}

impl Measure {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut times = vec![Vec::with_capacity(self.rounds); self.commands.len()];
        for round in 0..self.rounds + WARM_UP {
            for (command, times) in self.commands.iter().zip(&mut times) {
                let time = once(command)?;
                if round >= WARM_UP {
                    times.push(time);
                }
            }
        }
        let mut samples = Vec::new();
        for (command, mut times) in self.commands.iter().zip(times) {
            times.sort_by(f64::total_cmp);
            let count = u32::try_from(times.len()).context("counting rounds")?;
            let mean = times.iter().sum::<f64>() / f64::from(count);
            let least = times.first().copied().context("no rounds")?;
            let median = times.get(times.len() / 2).copied().context("no rounds")?;
            samples.push(Sample { least, median, mean, memory: memory(command)? });
        }
        let text = serde_json::to_string(&samples).context("writing what was measured")?;
        writeln!(std::io::stdout(), "{text}").context("writing to standard output")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn command(line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn once(line: &str) -> Result<f64> {
    let mut command = command(line);
    let started = Instant::now();
    let status = command.status().with_context(|| format!("running {line}"))?;
    let time = started.elapsed().as_secs_f64() * 1e6;
    ensure!(status.success(), "running {line}: {status}");
    Ok(time)
}

/// The peak of one run: `ru_maxrss` is that of the largest child so far, so each is measured by a process of its own.
fn memory(line: &str) -> Result<i64> {
    let own = std::env::current_exe().context("finding this program")?;
    let output = Command::new(own).args(["measure-memory", line]).output().context("measuring memory")?;
    ensure!(output.status.success(), "measuring the memory of {line}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).trim().parse().context("reading the memory")
}

/// Prints the peak resident memory of one run, in KiB (getrusage(2)).
pub(crate) fn print_memory(line: &str) -> Result<ExitCode> {
    once(line)?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("reading the usage of the child")?;
    writeln!(std::io::stdout(), "{}", usage.max_rss()).context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}
