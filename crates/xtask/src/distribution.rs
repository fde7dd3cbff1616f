//! The archive that is shipped for a target: static programs, man pages, completions, unit files.

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
    let mut files = executables(&built)?;
    files.extend(pages()?);
    files.extend(scripts());
    if request.target.contains("linux") {
        files.extend(units()?);
    }
    files.extend(documents()?);
    let name = format!("mendutils-{}-{}", env!("CARGO_PKG_VERSION"), request.target);
    let bytes = archive::pack(&name, files)?;
    fs::create_dir_all(&request.folder).with_context(|| format!("making {}", request.folder.display()))?;
    let path = request.folder.join(format!("{name}.tar.gz"));
    fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn executables(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in programs::names() {
        let path = folder.join(name);
        let reasons = executable::reasons(&path)?;
        if !reasons.is_empty() {
            return Err(refuse(Exit::Failed, format!("{} {}", path.display(), reasons.join(", "))));
        }
        files.push(File::program(format!("bin/{name}"), read(&path)?));
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

/// systemd.unit(5): `/usr/local/lib/systemd` is searched too, so the archive may be unpacked there.
fn units() -> Result<Vec<File>> {
    let mut files = Vec::new();
    for name in programs::names() {
        for kind in ["system", "user"] {
            let folder = programs::sources(name).join("units").join(kind);
            below(&folder, &format!("lib/systemd/{kind}"), &mut files)?;
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
