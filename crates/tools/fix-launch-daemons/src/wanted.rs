//! The definitions that the configuration has.

use anyhow::Result;
use launchd::folder;
use oneshot::{Exit, Resolver, Root, refuse};

use crate::facts::Wanted;
use crate::scope::Scope;

/// What was found in the folder of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Definitions that can be used, by the names of their files.
    pub(crate) wanted: Vec<Wanted>,
    /// The others: the name of the file, and why.
    pub(crate) bad: Vec<(String, String)>,
}

/// Reads them all. A folder that is not there is an error: no jobs at all is an empty folder.
pub(crate) fn read(root: &Root, scope: &Scope) -> Result<Read> {
    let resolver = Resolver::new(root);
    let folder = nix_host::link::folder(&resolver, &scope.source);
    let folder = folder.map_err(|reason| {
        refuse(Exit::Config, format!("reading the jobs of {}: {reason}", scope.source.display()))
    })?;
    let folder::Folder { entries, bad } = folder::read(&resolver, &folder)?;
    let wanted = entries.into_iter().map(|entry| Wanted {
        source: folder.join(&entry.name),
        place: scope.place.join(&entry.name),
        bytes: entry.bytes,
        definition: entry.definition,
    });
    Ok(Read { wanted: wanted.collect(), bad })
}
