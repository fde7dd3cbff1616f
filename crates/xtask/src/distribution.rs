//! The archive that is shipped for a target: static programs, man pages, completions, and the unit files of systemd or the
//! definitions of launchd's jobs. It is made to be unpacked below `/usr/local`.

mod archive;
mod build;

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oneshot::{Exit, refuse};

use crate::{completions, executable, man, programs};

use archive::File;

/// Where unit files stand beside a program, and where they go: systemd looks below `/usr/local` too (systemd.unit(5)).
const UNITS: [(&str, &str); 2] = [("units/system", "lib/systemd/system"), ("units/user", "lib/systemd/user")];

/// The same of the definitions of jobs. launchd looks in `/Library` alone: from below `/usr/local` they are copied there.
const DEFINITIONS: [(&str, &str); 2] =
    [("launchd/daemons", "Library/LaunchDaemons"), ("launchd/agents", "Library/LaunchAgents")];

/// Where the programs are on a Mac: the definitions name them by `/usr/local/libexec/mendutils`, which is there without the
/// store.
const LIBEXEC: &str = "libexec/mendutils";

/// What is to be made.
#[derive(Debug)]
pub struct Request {
    /// For which target, as rustc names it.
    pub target: String,
    /// Where the programs are, when something else has built them.
    pub programs: Option<PathBuf>,
    /// Where the archive goes.
    pub folder: PathBuf,
}

/// The target of this machine.
#[must_use]
pub fn own_target() -> String {
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-musl" };
    format!("{}-{system}", std::env::consts::ARCH)
}

/// Makes one archive and gives its path.
pub fn make(request: &Request) -> Result<PathBuf> {
    let built = match &request.programs {
        Some(folder) => folder.clone(),
        None => build::programs(&request.target)?,
    };
    let is_linux = request.target.contains("linux");
    let mut files = executables(&built, if is_linux { "bin" } else { LIBEXEC })?;
    files.extend(pages()?);
    files.extend(scripts());
    files.extend(beside(if is_linux { &UNITS } else { &DEFINITIONS })?);
    files.extend(documents()?);
    let name = format!("mendutils-{}-{}", env!("CARGO_PKG_VERSION"), request.target);
    let bytes = archive::pack(&name, files)?;
    fs::create_dir_all(&request.folder).with_context(|| format!("making {}", request.folder.display()))?;
    let path = request.folder.join(format!("{name}.tar.gz"));
    fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn executables(folder: &Path, to: &str) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in programs::names() {
        let path = folder.join(name);
        let reasons = executable::reasons(&path)?;
        if !reasons.is_empty() {
            return Err(refuse(Exit::Failed, format!("{} {}", path.display(), reasons.join(", "))));
        }
        files.push(File::program(format!("{to}/{name}"), read(&path)?));
    }
    Ok(files)
}

fn pages() -> Result<Vec<File>> {
    let pages = man::all()?;
    Ok(pages.into_iter().map(|(name, bytes)| File::data(format!("share/man/man8/{name}"), bytes)).collect())
}

/// Where bash-completion, zsh and fish look below a prefix.
fn scripts() -> Vec<File> {
    let scripts = programs::all();
    let scripts = scripts.iter().flat_map(completions::of);
    let file = |(name, bytes): (String, Vec<u8>)| {
        let folder = if name.starts_with('_') {
            "zsh/site-functions"
        } else if name.ends_with(".fish") {
            "fish/vendor_completions.d"
        } else {
            "bash-completion/completions"
        };
        File::data(format!("share/{folder}/{name}"), bytes)
    };
    scripts.map(file).collect()
}

/// What starts the programs, from beside each of them.
fn beside(folders: &[(&str, &str)]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in programs::names() {
        for (from, to) in folders {
            below(&programs::sources(name).join(from), to, &mut files)?;
        }
    }
    Ok(files)
}

fn documents() -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in ["LICENSE", "README.md"] {
        let path = programs::workspace().join(name);
        if path.exists() {
            files.push(File::data(format!("share/doc/mendutils/{name}"), read(&path)?));
        }
    }
    Ok(files)
}

fn below(folder: &Path, to: &str, files: &mut Vec<File>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("listing {}", folder.display())),
    };
    for entry in entries {
        let path = entry.with_context(|| format!("listing {}", folder.display()))?.path();
        let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
        let to = format!("{to}/{name}");
        if path.is_dir() {
            below(&path, &to, files)?;
        } else {
            files.push(File::data(to, read(&path)?));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
