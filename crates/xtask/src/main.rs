//! `cargo xtask`: what is made from the programs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use oneshot::{Exit, refuse};
use xtask::{completions, distribution, executable, man};

/// Man pages, completions, and what is shipped.
#[derive(Debug, Parser)]
#[command(name = "xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write a man page of section 8 for each program into DIR, which is made
    Man {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Write completions for bash, zsh and fish into DIR, which is made
    Completions {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Fail unless each FILE is a static executable; on macOS: linked to libraries of /usr/lib only
    StaticCheck {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Build the programs for a target and pack them with all that belongs to them into DIR, which is made
    Dist {
        /// As rustc names it, several times for several; by default musl (macOS: its own) of this machine
        #[arg(long = "target", value_name = "TARGET")]
        targets: Vec<String>,
        /// Build nothing and take the programs from this folder
        #[arg(long, value_name = "DIR")]
        bin: Option<PathBuf>,
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().task.run() {
        Ok(()) => Exit::Ok.into(),
        Err(error) => {
            writeln!(std::io::stderr(), "xtask: {error:#}").ok();
            oneshot::exit::of(&error).into()
        }
    }
}

impl Task {
    fn run(self) -> Result<()> {
        match self {
            Self::Man { folder } => man::write(&folder),
            Self::Completions { folder } => completions::write(&folder),
            Self::StaticCheck { files } => check(&files),
            Self::Dist { targets, bin, folder } => dist(targets, bin, &folder),
        }
    }
}

/// Looks at all of them before it fails.
fn check(files: &[PathBuf]) -> Result<()> {
    let mut wrong = Vec::new();
    for file in files {
        let reasons = executable::reasons(file)?;
        wrong.extend(reasons.iter().map(|reason| format!("{} {reason}", file.display())));
    }
    if wrong.is_empty() { Ok(()) } else { Err(refuse(Exit::Failed, wrong.join("; "))) }
}

fn dist(mut targets: Vec<String>, programs: Option<PathBuf>, folder: &std::path::Path) -> Result<()> {
    if targets.is_empty() {
        targets.push(distribution::own_target());
    }
    if programs.is_some() && targets.len() > 1 {
        return Err(refuse(Exit::Usage, "--bin names the programs of one target, so give one --target"));
    }
    for target in targets {
        let request = distribution::Request { target, programs: programs.clone(), folder: folder.to_owned() };
        let path = distribution::make(&request)?;
        writeln!(std::io::stdout(), "{}", path.display()).context("writing to standard output")?;
    }
    Ok(())
}
