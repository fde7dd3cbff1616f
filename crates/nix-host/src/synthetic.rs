//! synthetic.conf(5): what macOS makes at `/`, whose own volume nobody can write: `/nix` to mount the store on, and the
//! link `/run`.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use oneshot::Resolver;
use oneshot::text::quoted;

use crate::content::{self, Content};
use crate::link::{self, Kind};

/// The file.
pub const FILE: &str = "/etc/synthetic.conf";

/// A folder of further ones.
pub const FOLDER: &str = "/etc/synthetic.d";

/// Such a file has a few lines; one larger than this is something else.
const MOST: u64 = 64 * 1024;

/// The mode without which nix-darwin saw the file passed over (nix-darwin#401, #1265).
const MODE: u32 = 0o644;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Line in the file, from 1.
    pub line: usize,
    /// First column: the name at `/`.
    pub name: String,
    /// Second column: what the link leads to; `None` makes an empty folder.
    pub target: Option<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds, or why that is not known.
    pub content: Result<Lines, Fault>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Its lines, without comments.
    pub entries: Vec<Entry>,
    /// Whether the last line ends with a newline; `apfs.util` crashes where it does not (nix-installer
    /// `src/action/macos/create_synthetic_objects.rs`).
    pub is_ended: bool,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
}

/// Why macOS does not make what is wanted at `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file is not there.
    NoFile,
    /// Something else stands in its place.
    NotAFile(Kind),
    /// It is far too long.
    TooLong,
    /// It could not be read: why.
    Unreadable(String),
    /// It has another mode than 0644.
    Mode(u32),
    /// It belongs to another than root.
    Owner(u32),
    /// The last line has no newline.
    NotEnded,
    /// No line has the name.
    NotDeclared,
    /// The columns of this line are not separated by a tab.
    NoTab(usize),
    /// This line makes something else of the name: what.
    Other(usize, Option<String>),
    /// More than one line has the name; which one counts is undefined.
    Twice(Vec<usize>),
}

/// All files: [`FILE`] first, even where it is not there, then those of [`FOLDER`].
pub fn read(resolver: &Resolver<'_>) -> Result<Vec<Manifest>> {
    let folder = resolver.root().list(FOLDER)?;
    let paths = folder.into_iter().map(|name| Path::new(FOLDER).join(name));
    Ok([PathBuf::from(FILE)].into_iter().chain(paths).map(|path| one(resolver, path)).collect())
}

fn one(resolver: &Resolver<'_>, path: PathBuf) -> Manifest {
    // On a Mac /etc is a link itself.
    let real = link::end(resolver, &path).map(|end| end.path).ok();
    let real = real.or_else(|| resolver.place(&path)).unwrap_or_else(|| path.clone());
    let content = match content::read(&resolver.root().join(real), MOST) {
        Content::Missing => Err(Fault::NoFile),
        Content::Other(kind) => Err(Fault::NotAFile(kind)),
        Content::TooLong => Err(Fault::TooLong),
        Content::Unreadable(reason) => Err(Fault::Unreadable(reason)),
        Content::Bytes(bytes, about) => {
            let text = String::from_utf8_lossy(&bytes);
            let is_ended = text.is_empty() || text.ends_with('\n');
            Ok(Lines { entries: parse(&text), is_ended, mode: about.mode() & 0o7777, uid: about.uid() })
        }
    };
    Manifest { path, content }
}

/// The lines of a file. Columns are separated by a tab and by nothing else.
#[must_use]
pub fn parse(text: &str) -> Vec<Entry> {
    let lines =
        text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    let entries = lines.map(|(number, line)| {
        let mut columns = line.split('\t');
        let name = columns.next().unwrap_or_default().to_owned();
        let target = columns.next().filter(|target| !target.is_empty()).map(str::to_owned);
        Entry { line: number + 1, name, target }
    });
    entries.collect()
}

/// Why macOS does not make `name` at `/`: a link to `target`, or a folder; the file to be mended with each. Nothing where
/// the files are right.
#[must_use]
pub fn faults(manifests: &[Manifest], name: &str, target: Option<&str>) -> Vec<(PathBuf, Fault)> {
    let declares = |manifest: &&Manifest| {
        manifest.content.as_ref().is_ok_and(|lines| lines.entries.iter().any(|entry| is_about(entry, name)))
    };
    let declaring: Vec<_> = manifests.iter().filter(declares).collect();
    let mut faults = Vec::new();
    for manifest in &declaring {
        let Ok(lines) = &manifest.content else { continue };
        let found = of_lines(lines, name, target);
        faults.extend(found.into_iter().map(|fault| (manifest.path.clone(), fault)));
    }
    if let [_, further, ..] = declaring.as_slice() {
        faults.push((further.path.clone(), Fault::Twice(Vec::new())));
    }
    if declaring.is_empty() {
        let fault = match manifests.first().map(|manifest| &manifest.content) {
            Some(Err(fault)) => fault.clone(),
            Some(Ok(_)) => Fault::NotDeclared,
            None => Fault::NoFile,
        };
        faults.push((PathBuf::from(FILE), fault));
    }
    faults
}

/// Whether a line is about the name, one whose columns are separated wrongly included.
fn is_about(entry: &Entry, name: &str) -> bool {
    entry.name.split_ascii_whitespace().next() == Some(name)
}

fn of_lines(lines: &Lines, name: &str, target: Option<&str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let about: Vec<_> = lines.entries.iter().filter(|entry| is_about(entry, name)).collect();
    for entry in &about {
        if entry.name != name {
            faults.push(Fault::NoTab(entry.line));
        } else if entry.target.as_deref().map(without_slashes) != target.map(without_slashes) {
            faults.push(Fault::Other(entry.line, entry.target.clone()));
        }
    }
    if about.len() > 1 {
        faults.push(Fault::Twice(about.iter().map(|entry| entry.line).collect()));
    }
    if !lines.is_ended {
        faults.push(Fault::NotEnded);
    }
    if lines.mode != MODE {
        faults.push(Fault::Mode(lines.mode));
    }
    if lines.uid != 0 {
        faults.push(Fault::Owner(lines.uid));
    }
    faults
}

/// A target is relative to `/`, whether it says so or not.
fn without_slashes(target: &str) -> &str {
    target.trim_matches('/')
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => out.write_str("is missing"),
            Self::NotAFile(kind) => write!(out, "is {kind}"),
            Self::TooLong => write!(out, "is longer than {MOST} bytes"),
            Self::Unreadable(reason) => write!(out, "cannot be read: {reason}"),
            Self::Mode(mode) => write!(out, "has the mode {mode:04o} instead of {MODE:04o}"),
            Self::Owner(uid) => write!(out, "belongs to uid {uid} instead of root"),
            Self::NotEnded => out.write_str("has no newline at its end"),
            Self::NotDeclared => out.write_str("has no line for it"),
            Self::NoTab(line) => write!(out, "has no tab between the columns of line {line}"),
            Self::Other(line, Some(target)) => write!(out, "leads to {} in line {line}", quoted(target)),
            Self::Other(line, None) => write!(out, "makes an empty folder of it in line {line}"),
            Self::Twice(lines) if lines.is_empty() => out.write_str("names it once more than another file"),
            Self::Twice(lines) => {
                let lines: Vec<_> = lines.iter().map(usize::to_string).collect();
                write!(out, "names it more than once, in lines {}", lines.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
