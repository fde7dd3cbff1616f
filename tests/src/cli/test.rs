//! `lab test`: everything that there is to run, and how much that was.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use lab::{Release, host, programs, root, skip};

use super::count::Count;

/// Prepare the host, build the workspace and the roots, run every test, and count.
///
/// With CI=true a test that cannot run is a failure. The lab's tests run a second time on the static programs, when
/// those are built.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Only the tests whose name has this
    filter: Option<String>,
}

impl Test {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        prepare()?;
        let skips = env::temp_dir().join(format!("lab-skips.{}", std::process::id()));
        let mut total = self.ring(&["--workspace"], None, &skips)?;
        if let Some(folder) = static_programs()? {
            host::say(&format!("once more, on {}", folder.display()))?;
            total = total.add(self.ring(&["--package=lab"], Some(&folder), &skips)?);
        }
        let skipped = take_lines(&skips)?;
        for need in &skipped {
            host::say(&format!("skipped: {need}"))?;
        }
        total.skip(skipped.len());
        host::say(&total.to_string())?;
        Ok(if total.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// One run of cargo, with its doc tests.
    fn ring(&self, packages: &[&str], folder: Option<&Path>, skips: &Path) -> Result<Count> {
        let runs: &[&[&str]] = if has_nextest() {
            &[&["nextest", "run", "--no-fail-fast", "--no-tests=pass"], &["test", "--doc", "--no-fail-fast"]]
        } else {
            &[&["test", "--no-fail-fast"]]
        };
        let mut total = Count::default();
        for arguments in runs {
            let mut cargo = cargo();
            cargo
                .args(*arguments)
                .args(packages)
                .args(&self.filter)
                .env(skip::BUILD, "1")
                .env(skip::SKIPS, skips);
            if env::var_os("CI").is_some_and(|value| value == "true") {
                cargo.env(skip::STRICT, "1");
            }
            if let Some(folder) = folder {
                cargo.env("MENDUTILS_BIN", folder);
            }
            total = total.add(follow(cargo)?);
        }
        Ok(total)
    }
}

pub(super) fn prepare() -> Result<()> {
    match host::lacks().as_slice() {
        [] => host::install(&[host::MACHINE, host::ROOTS, host::TESTS])?,
        lacks => host::say(&format!("no machine can run here, it needs {}", lacks.join(", ")))?,
    }
    build()?;
    if host::lacks().is_empty() {
        root::ensure_all(&Release::roots())?;
    }
    Ok(())
}

/// Builds the programs that a machine gets.
pub(super) fn build() -> Result<()> {
    let status = cargo().args(["build", "--quiet", "--workspace"]).status().context("running cargo build")?;
    if !status.success() {
        bail!("running cargo build: {status}");
    }
    Ok(())
}

/// The cargo that runs this, in the source tree.
pub(super) fn cargo() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(host::workspace()).stdin(Stdio::null());
    command
}

fn has_nextest() -> bool {
    let output = cargo().args(["nextest", "--version"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// Shows what cargo says and counts along. Its exit code counts as a failure when no test says so.
fn follow(mut cargo: Command) -> Result<Count> {
    let arguments: Vec<String> = cargo.get_args().map(OsStr::to_string_lossy).map(Into::into).collect();
    let name = format!("running cargo {}", arguments.join(" "));
    let (reader, writer) = std::io::pipe().context("making a pipe")?;
    let errors = writer.try_clone().context("duplicating a descriptor")?;
    let mut child = cargo.stdout(writer).stderr(errors).spawn().with_context(|| name.clone())?;
    // It holds the writing end.
    drop(cargo);
    let mut count = Count::default();
    for line in BufReader::new(reader).lines() {
        let line = line.with_context(|| name.clone())?;
        writeln!(std::io::stderr(), "{line}").context("writing to standard error")?;
        count.read(&line);
    }
    let status = child.wait().with_context(|| name.clone())?;
    if !status.success() && count.is_good() {
        bail!("{name}: {status}");
    }
    Ok(count)
}

/// The release build for musl, when every program is in it.
pub(super) fn static_programs() -> Result<Option<PathBuf>> {
    if env::var_os("MENDUTILS_BIN").is_some() {
        return Ok(None);
    }
    let folder = static_folder()?;
    Ok(lab::have_programs_in(&folder)?.then_some(folder))
}

/// Where the release build for musl goes.
pub(super) fn static_folder() -> Result<PathBuf> {
    let profile = programs()?;
    let target = profile.parent().unwrap_or(&profile);
    Ok(target.join(format!("{}-unknown-linux-musl/release", env::consts::ARCH)))
}

/// The lines of a file that is not needed any more.
fn take_lines(path: &Path) -> Result<Vec<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    fs::remove_file(path).with_context(|| format!("removing {}", path.display()))?;
    Ok(text.lines().map(str::to_owned).collect())
}
