//! Whether a full activation may take away what users granted to their programs.
//!
//! nix-darwin's `activate` and Home Manager's touch a file in every application that they once copied. Where macOS denies
//! that and somebody sits at the screen, they execute `tccutil reset SystemPolicyAppBundles`, which takes App Management
//! from every program, so that macOS asks again (nix-darwin `modules/system/applications.nix`, home-manager
//! `modules/targets/darwin/copyapps.nix`). Nothing is known that tells beforehand whether macOS would deny it, and does not
//! ask itself: so nothing is tried here. What can be known is read: whether anything that activate executes has such a
//! command, and whether there is any application to touch. Without one of them nothing can be taken away. Whether the right
//! is there stays unknown, and activate is then not run unasked.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nix_host::link::Kind;
use oneshot::Resolver;
use oneshot::resolve::Place;

mod script;

use script::Folder;

/// The homes of those who could have such applications.
const HOMES: &str = "/Users";

/// More than the scripts of any activation; what is beyond is not read, and counts as unknown.
const MOST_FILES: usize = 4096;
const MOST_BYTES: u64 = 4 << 20;

/// What a full activation may do to grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grants {
    /// Nothing: why.
    Safe(&'static str),
    /// It may take some away: why.
    AtRisk(String),
}

/// Reads what a program of the store would do: the program and all scripts of the store that it names, and those that they
/// name.
pub(crate) fn read(resolver: &Resolver<'_>, activate: &Path) -> Result<Grants> {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([activate.to_owned()]);
    let mut folders = BTreeSet::new();
    let mut resets = false;
    while let Some(path) = queue.pop_front() {
        let Place::Found(found) = resolver.follow(&path) else { continue };
        if !found.about.is_file() || !seen.insert(found.path.clone()) {
            continue;
        }
        if seen.len() > MOST_FILES {
            return Ok(Grants::AtRisk(format!("it names more than {MOST_FILES} files")));
        }
        let Some(text) = text(resolver, &found.path, found.about.len())? else { continue };
        let script = script::parse(&text);
        if let Some(line) = script.unknown {
            let name = found.path.display();
            return Ok(Grants::AtRisk(format!("{name} has {}", oneshot::text::quoted(&line))));
        }
        resets |= script.resets;
        folders.extend(script.folders);
        queue.extend(script.names);
    }
    if !resets {
        return Ok(Grants::Safe("nothing that it executes takes a grant away"));
    }
    for folder in folders {
        if let Some(reason) = bundles(resolver, &folder)? {
            return Ok(Grants::AtRisk(reason));
        }
    }
    Ok(Grants::Safe("there is no application that it would touch"))
}

/// The text of a file; `None` for what is no text.
fn text(resolver: &Resolver<'_>, path: &Path, length: u64) -> Result<Option<String>> {
    let real = resolver.root().join(path);
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        use std::io::Read as _;
        let mut file = fs::File::open(&real)?;
        let mut begin = vec![0; 4096];
        let many = file.read(&mut begin)?;
        begin.truncate(many);
        // No script has such a byte, and every executable has.
        if begin.contains(&0) {
            return Ok(None);
        }
        file.take(MOST_BYTES).read_to_end(&mut begin)?;
        Ok(Some(begin))
    };
    let bytes = match read() {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading {}", real.display())),
    };
    anyhow::ensure!(length < MOST_BYTES, "reading {}: it has {length} bytes", real.display());
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Why something in a folder of applications may be touched; `None` without any.
fn bundles(resolver: &Resolver<'_>, folder: &Folder) -> Result<Option<String>> {
    let places = match folder {
        Folder::Own(path) => vec![path.clone()],
        Folder::OfHome(path) => homes(resolver)?.into_iter().map(|home| home.join(path)).collect(),
    };
    for place in places {
        let place = match nix_host::Link::at(resolver, &place) {
            nix_host::Link::Missing | nix_host::Link::NoFolder(_) => continue,
            // A folder that is a link is one of old, which is replaced and not touched.
            nix_host::Link::To { .. } if matches!(folder, Folder::OfHome(_)) => continue,
            nix_host::Link::To { .. } | nix_host::Link::Other(Kind::Folder) => place,
            nix_host::Link::Other(_) => continue,
            nix_host::Link::Unreadable(reason) => return Ok(Some(unreadable(&place, &reason))),
        };
        let Place::Found(found) = resolver.follow(&place) else { continue };
        match fs::read_dir(resolver.root().join(&found.path)) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry.with_context(|| format!("listing {}", place.display()))?.file_name();
                    if Path::new(&name).extension().is_some_and(|end| end == "app") {
                        let bundle = place.join(&name);
                        return Ok(Some(format!("it would touch {}", bundle.display())));
                    }
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Ok(Some(unreadable(&place, &error.to_string()))),
        }
    }
    Ok(None)
}

fn homes(resolver: &Resolver<'_>) -> Result<Vec<PathBuf>> {
    Ok(resolver.root().list(HOMES)?.into_iter().map(|name| Path::new(HOMES).join(name)).collect())
}

fn unreadable(place: &Path, reason: &str) -> String {
    format!("looking into {}: {reason}", place.display())
}

#[cfg(test)]
mod tests;
