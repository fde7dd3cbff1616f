//! Building the programs for a target with the cargo that runs this.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};
use oneshot::{Exit, refuse};

use crate::programs;

/// The folder of the release build, made now.
pub(super) fn programs(target: &str) -> Result<PathBuf> {
    refuse_without_std(target)?;
    let mut cargo = tool("CARGO", "cargo");
    cargo.args(["build", "--release", "--locked", "--target", target]);
    for name in programs::names() {
        cargo.args(["--package", name]);
    }
    // The release profile aborts on a panic, so nothing ever unwinds; the tables would be a tenth of a program.
    if env::var_os("RUSTFLAGS").is_none() {
        cargo.env("RUSTFLAGS", "-C force-unwind-tables=no");
    }
    let status = cargo.status().context("running cargo build")?;
    if !status.success() {
        bail!("building for {target}: cargo ended with {status}");
    }
    Ok(target_folder()?.join(target).join("release"))
}

/// A compiler without the standard library of a target fails with a page of errors; this says what to do.
fn refuse_without_std(target: &str) -> Result<()> {
    let mut rustc = tool("RUSTC", "rustc");
    rustc.args(["--print", "target-libdir", "--target", target]);
    let output = output(&mut rustc)?;
    if !output.status.success() {
        return Err(refuse(Exit::Usage, format!("rustc knows no target {target}")));
    }
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if Path::new(&folder).exists() {
        return Ok(());
    }
    Err(refuse(
        Exit::Unavailable,
        format!(
            "building for {target} needs its standard library in {folder}: run \"rustup target add {target}\", or build \
             the programs elsewhere and name their folder with --bin"
        ),
    ))
}

/// Where cargo builds, configuration included.
fn target_folder() -> Result<PathBuf> {
    let output = output(tool("CARGO", "cargo").args(["metadata", "--no-deps", "--format-version=1"]))?;
    let about: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    let folder = about.get("target_directory").and_then(|folder| folder.as_str());
    Ok(folder.context("reading cargo metadata: it names no target directory")?.into())
}

/// Cargo tells its children which cargo and rustc they are to use.
fn tool(variable: &str, name: &str) -> Command {
    let program: OsString = env::var_os(variable).unwrap_or_else(|| name.into());
    let mut command = Command::new(program);
    command.current_dir(programs::workspace());
    command
}

fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("running {}", command.get_program().display()))
}
