//! What stands where a definition is to be.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use launchd::{Definition, definition};
use nix_host::store;
use oneshot::Root;

use crate::facts::{Executable, Installed, Wanted};
use crate::scope::Scope;

/// Write access for anybody but the owner, which launchd refuses with 122.
const WRITABLE: u32 = 0o022;

/// Looks at the copy of a definition, which is never followed: a link into the store leads nowhere at boot.
pub(crate) fn installed(root: &Root, scope: &Scope, wanted: &Wanted) -> Result<Installed> {
    let path = root.join(&wanted.place);
    let about = match fs::symlink_metadata(&path) {
        Ok(about) => about,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Installed::Missing);
        }
        Err(error) => return Err(error).with_context(|| format!("looking at {}", path.display())),
    };
    if about.is_symlink() {
        return Ok(Installed::Differs);
    }
    if !about.is_file() {
        return Ok(Installed::Taken(nix_host::link::Kind::of(&about).to_string()));
    }
    let is_same = u64::try_from(wanted.bytes.len()).is_ok_and(|length| length == about.len())
        && fs::read(&path).with_context(|| format!("reading {}", path.display()))? == wanted.bytes;
    let is_right = (about.uid(), about.gid()) == scope.owner && about.mode() & WRITABLE == 0;
    Ok(match (is_same, is_right) {
        (true, true) => Installed::Same,
        (true, false) => {
            Installed::Loose(format!("{}:{} {:04o}", about.uid(), about.gid(), about.mode() & 0o7777))
        }
        (false, _) => Installed::Differs,
    })
}

/// Whether the program of a job can be executed now.
pub(crate) fn executable(root: &Root, definition: &Definition) -> Executable {
    let Some(program) = definition.executable().map(Path::new).filter(|path| path.is_absolute()) else {
        return Executable::NoPath;
    };
    match nix_host::link::end(&oneshot::Resolver::new(root), program) {
        Ok(end) => match fs::metadata(root.join(end.path)) {
            Ok(about) if about.is_file() && about.permissions().mode() & 0o111 != 0 => Executable::Ready,
            _ => Executable::NotExecutable,
        },
        Err(_) if program.starts_with(store::STORE) && !root.join(store::STORE).is_dir() => {
            Executable::NoVolume
        }
        Err(_) => Executable::Missing,
    }
}

/// A definition that stands in the folder of the copies.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The name of its file.
    pub(crate) name: String,
    /// Its label.
    pub(crate) label: String,
    /// What launchd executes.
    pub(crate) executable: Option<String>,
}

/// All that stand there and can be read; the others are nobody's that this program knows of.
pub(crate) fn standing(root: &Root, scope: &Scope) -> Result<Vec<Standing>> {
    let mut found = Vec::new();
    for name in root.list(&scope.place)?.into_iter().filter(|name| launchd::folder::is_definition(name)) {
        let bytes = definition::bytes(&root.join(scope.place.join(&name)));
        let parsed = bytes.ok().flatten().and_then(|bytes| Definition::parse(&bytes).ok());
        if let Some(definition) = parsed {
            let executable = definition.executable().map(str::to_owned);
            found.push(Standing { name, label: definition.label, executable });
        }
    }
    Ok(found)
}
