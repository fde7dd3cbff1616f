//! `lab bench`: whole processes, side by side in one run, on a healthy runtime directory.

mod measure;
mod table;

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::{Machine, Release, TIM, host};

pub(crate) use measure::{Measure, print_memory};

use super::test;
use table::Row;

/// Where the results are kept.
const PAGE: &str = "docs/performance.md";

/// What is measured: a name, the file, and its command line in the machine.
const CANDIDATES: [(&str, &str); 5] = [
    ("a static C program that only exits (musl)", "/bench/exit"),
    ("`fix-runtime-dir 1000`, healthy directory", "/bench/fix-runtime-dir 1000"),
    ("`fix-runtime-dir --prepare 1000`", "/bench/fix-runtime-dir --prepare 1000"),
    ("`check-user-session --json tim`, healthy session", "/bench/check-user-session --json tim"),
    ("the shell script that it replaces (bash, stat)", "/bench/chown-runtime-dir.sh"),
];

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
        let scratch = tempfile::tempdir().context("making a folder")?;
        let exit = scratch.path().join("exit");
        compile(&host::workspace().join("tests/bench/exit.c"), &exit)?;
        let rows = self.measure(&folder, &exit)?;
        let page = table::page(&rows, self.rounds)?;
        host::say(&page)?;
        if self.write {
            let path = host::workspace().join(PAGE);
            std::fs::write(&path, page).with_context(|| format!("writing {PAGE}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, folder: &Path, exit: &Path) -> Result<Vec<Row>> {
        let mut builder = Machine::builder(Release::Host)
            .wsl(true)
            .programs()
            .linger(TIM.name)
            .copy(host::lab_program()?, "/bench/lab")
            .copy(exit, "/bench/exit")
            .copy(host::workspace().join("tests/bench/chown-runtime-dir.sh"), "/bench/chown-runtime-dir.sh");
        for program in ["fix-runtime-dir", "check-user-session"] {
            builder = builder.copy(folder.join(program), format!("/bench/{program}"));
        }
        let machine = builder.boot()?;
        machine.wait_for("user@1000.service", "active", std::time::Duration::from_secs(20))?;
        let rounds = self.rounds.to_string();
        let mut command = vec!["/bench/lab", "measure", &rounds];
        command.extend(CANDIDATES.iter().map(|(_, line)| *line));
        let output = machine.root(&command).deadline(std::time::Duration::from_secs(540)).ok()?;
        let samples: Vec<measure::Sample> =
            serde_json::from_str(&output.stdout).context("reading what was measured")?;
        ensure!(
            samples.len() == CANDIDATES.len(),
            "{} results for {} candidates",
            samples.len(),
            CANDIDATES.len()
        );
        CANDIDATES
            .iter()
            .zip(samples)
            .map(|((name, line), sample)| {
                let file = line.split(' ').next().unwrap_or_default();
                let size = std::fs::metadata(machine.path(file))
                    .with_context(|| format!("looking at {file}"))?
                    .len();
                Ok(Row { name, size, sample })
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
