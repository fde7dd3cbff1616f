//! The definitions of launchd jobs beside the programs: launchd can read them, and they call the programs as those are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use launchd::Definition;
use xtask::programs;

/// Where the programs are on a Mac.
const PLACE: &str = "/usr/local/libexec/mendutils/";

/// All of them.
fn definitions() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for name in programs::names() {
        for kind in ["daemons", "agents"] {
            let Ok(entries) = fs::read_dir(programs::sources(name).join("launchd").join(kind)) else {
                continue;
            };
            for entry in entries {
                found.push(entry?.path());
            }
        }
    }
    Ok(found)
}

/// Gives a command line to the parser of its program, and what stands after `--` to that of the next one.
fn is_understood(words: &[String]) -> Result<()> {
    let (first, rest) = words.split_first().context("no program")?;
    let name = first.strip_prefix(PLACE).with_context(|| format!("{first} is not in {PLACE}"))?;
    let program = programs::all().into_iter().find(|program| program.name == name);
    let program = program.with_context(|| format!("{name} is no program"))?;
    program.command.try_get_matches_from(words).with_context(|| format!("{name} refuses {rest:?}"))?;
    match rest.iter().position(|word| word == "--") {
        Some(at) => is_understood(rest.get(at + 1..).unwrap_or_default()),
        None => Ok(()),
    }
}

fn is_right(path: &Path) -> Result<()> {
    let bytes = launchd::definition::bytes(path)?.context("it is not there")?;
    let job = Definition::parse(&bytes)?;
    ensure!(
        path.file_name().is_some_and(|name| *name == *format!("{}.plist", job.label)),
        "its label is {}",
        job.label
    );
    ensure!(job.program.is_none() && job.run_at_load && !job.disabled && !job.launch_only_once, "{job:?}");
    is_understood(&job.arguments)
}

#[test]
fn every_job_can_be_read_and_its_program_takes_its_arguments() -> Result<()> {
    let definitions = definitions()?;
    ensure!(definitions.len() >= 2, "{definitions:?}");
    for path in definitions {
        is_right(&path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[test]
fn a_command_line_that_no_program_takes_is_found_out() {
    let of = |words: &[&str]| is_understood(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let wait = format!("{PLACE}wait-for-path");
    let fix = format!("{PLACE}fix-launch-daemons");
    assert!(of(&[&wait, "/nix/store", "--", &fix, "--advisory"]).is_ok());
    assert!(of(&[&wait, "/nix/store", "--", &fix, "--unknown"]).is_err());
    assert!(of(&[&wait, "--unknown", "--", &fix]).is_err());
    assert!(of(&["/usr/bin/fix-launch-daemons"]).is_err());
}
