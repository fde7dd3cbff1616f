//! `lab bench`: whole processes, side by side in one run, on a healthy runtime directory.

mod measure;
mod page;
mod shells;
mod stacks;
mod table;
mod units;
mod waits;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::{Machine, Release, TIM, host};

pub(crate) use measure::Measure;
pub(crate) use shells::BenchShells;
pub(crate) use stacks::BenchStacks;
pub(crate) use units::BenchUnits;
pub(crate) use waits::BenchWaits;

use super::test;
use table::Row;

/// In tests/bench.
const C_PROGRAMS: [&str; 2] = ["exit", "peak"];
const SCRIPT: &str = "chown-runtime-dir.sh";
const PROGRAMS: [&str; 2] = ["fix-runtime-dir", "check-user-session"];

/// A name and its command line in the machine.
type Candidate = (&'static str, &'static str);

const EXIT: Candidate = ("a static C program that only exits (musl)", "/bench/exit");

/// What a login pays for, and what it paid before.
const LOGIN: [Candidate; 4] = [
    EXIT,
    ("`fix-runtime-dir 1000`, healthy directory", "/bench/fix-runtime-dir 1000"),
    ("`fix-runtime-dir --prepare 1000`", "/bench/fix-runtime-dir --prepare 1000"),
    ("the shell script that it replaces (bash, stat)", "/bench/chown-runtime-dir.sh"),
];

/// It asks systemd and logind; measured apart, because whatever runs after it finds cold caches.
const SESSION: [Candidate; 2] =
    [EXIT, ("`check-user-session --json tim`, healthy session", "/bench/check-user-session --json tim")];

/// Measure the static programs against the least that a process can cost, and against the shell.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How many rounds; in each every candidate runs once
    #[arg(long, value_name = "N", default_value_t = 2000)]
    rounds: usize,
    /// Write the result to docs/performance.md
    #[arg(long)]
    write: bool,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        host::install(&[host::MACHINE, host::BENCH])?;
        let Some(folder) = test::static_programs()? else {
            bail!(
                "measuring static programs: there are none, make them with cargo xtask dist or name their folder in MENDUTILS_BIN"
            );
        };
        // On the host's file system, as installed programs are: a tmpfs maps them page by page.
        let scratch = tempfile::tempdir_in(host::workspace().join("target")).context("making a folder")?;
        for name in C_PROGRAMS {
            compile(&host::workspace().join(format!("tests/bench/{name}.c")), &scratch.path().join(name))?;
        }
        let own = host::lab_program()?;
        let script = host::workspace().join("tests/bench").join(SCRIPT);
        let programs = PROGRAMS.map(|name| folder.join(name));
        for file in programs.iter().chain([&own, &script]) {
            let name = file.file_name().context("a program without a name")?;
            std::fs::copy(file, scratch.path().join(name))
                .with_context(|| format!("copying {}", file.display()))?;
        }
        let mut rows = self.measure(scratch.path(), &LOGIN)?;
        rows.extend(self.measure(scratch.path(), &SESSION)?);
        let text = table::section(&rows, self.rounds)?;
        host::say(&text)?;
        if self.write {
            page::put("Logins", &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, folder: &Path, candidates: &[Candidate]) -> Result<Vec<Row>> {
        let machine = Machine::builder(Release::Host)
            .wsl(true)
            .programs()
            .linger(TIM.name)
            .bind(folder, "/bench")
            .boot()?;
        machine.wait_for("user@1000.service", "active", Duration::from_secs(20))?;
        let rounds = self.rounds.to_string();
        let mut command = vec!["/bench/lab", "measure", &rounds];
        command.extend(candidates.iter().map(|(_, line)| *line));
        let output = machine.root(&command).deadline(Duration::from_secs(540)).ok()?;
        let samples: Vec<measure::Sample> =
            serde_json::from_str(&output.stdout).context("reading what was measured")?;
        ensure!(
            samples.len() == candidates.len(),
            "{} results for {} candidates",
            samples.len(),
            candidates.len()
        );
        let base = samples.first().context("nothing was measured")?.median;
        candidates
            .iter()
            .zip(samples)
            .map(|((name, line), sample)| {
                let file = line.split(' ').next().unwrap_or_default().trim_start_matches("/bench/");
                let size =
                    std::fs::metadata(folder.join(file)).with_context(|| format!("looking at {file}"))?.len();
                Ok(Row { name, size, times: sample.median / base, sample })
            })
            .collect()
    }
}

/// Both sides are static and of musl, so that the difference is the program's own.
fn compile(source: &Path, program: &Path) -> Result<()> {
    let status = Command::new("musl-gcc")
        .args(["-static", "-O2", "-s", "-o"])
        .args([program, source])
        .status()
        .context("running musl-gcc")?;
    ensure!(status.success(), "running musl-gcc: {status}");
    Ok(())
}
