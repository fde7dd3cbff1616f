//! The measuring itself, in the machine: every candidate once a round, so that what slows the host slows all alike.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

/// Runs a command line and prints the peak memory of it, in KiB, on standard error.
const PEAK: &str = "/bench/peak";

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_micros(200);

/// Rounds that are not counted.
const WARM_UP: usize = 20;

/// Runs each command line once a round and prints a JSON array of samples.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// Leave out the memory of what the programs start.
    #[arg(long)]
    alone: bool,
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
            samples.push(Sample { least, median, mean, memory: self.memory(command)? });
        }
        let text = serde_json::to_string(&samples).context("writing what was measured")?;
        writeln!(std::io::stdout(), "{text}").context("writing to standard output")?;
        Ok(ExitCode::SUCCESS)
    }

    fn memory(&self, line: &str) -> Result<i64> {
        if self.alone { memory_alone(line) } else { memory(line) }
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

/// The peak of one run. Linux counts what the process was before it executed the program (`ru_maxrss`, getrusage(2)),
/// so the parent is a C program that is as small as one can be.
fn memory(line: &str) -> Result<i64> {
    let output =
        Command::new(PEAK).args(line.split(' ')).output().with_context(|| format!("running {PEAK}"))?;
    ensure!(output.status.success(), "measuring the memory of {line}: {}", output.status);
    String::from_utf8_lossy(&output.stderr).trim().parse().context("reading the memory")
}

/// The peak of one run without what it starts, which wait4(2) counts in: looked at while it runs, so that the last moments
/// are not seen.
fn memory_alone(line: &str) -> Result<i64> {
    let mut child = command(line).spawn().with_context(|| format!("running {line}"))?;
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().with_context(|| format!("waiting for {line}"))?.is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|mark| mark.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(mark.unwrap_or_default());
        std::thread::sleep(LOOK);
    }
    ensure!(peak > 0, "measuring the memory of {line}: it was over before it was looked at");
    Ok(peak)
}
