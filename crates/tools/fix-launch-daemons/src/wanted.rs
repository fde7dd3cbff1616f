//! The definitions that the configuration has.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use launchd::{Definition, definition};
use oneshot::resolve::Place;
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
    let mut found = Read::default();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for name in root.list(&folder)? {
        if !is_definition(&name) {
            continue;
        }
        match one(&resolver, scope, &folder, &name) {
            Ok(wanted) => match labels.insert(wanted.definition.label.clone(), name.clone()) {
                None => found.wanted.push(wanted),
                // launchd has one job of a label: which of the two would be chance.
                Some(other) => found.bad.push((name, format!("its Label is that of {other}"))),
            },
            Err(error) => found.bad.push((name, format!("{error:#}"))),
        }
    }
    Ok(found)
}

/// launchd reads what ends so, and passes over hidden files.
pub(crate) fn is_definition(name: &str) -> bool {
    name.ends_with(".plist") && !name.starts_with('.')
}

fn one(resolver: &Resolver<'_>, scope: &Scope, folder: &Path, name: &str) -> Result<Wanted> {
    let source = folder.join(name);
    let path = match resolver.follow(&source) {
        Place::Found(found) if found.about.is_file() => found.path,
        Place::Found(_) | Place::Null => anyhow::bail!("it is no regular file"),
        Place::Missing(at) => anyhow::bail!("it leads to {}, which is not there", at.display()),
        Place::Loop(_) => anyhow::bail!("it leads in a circle"),
        Place::Unreadable(_, reason) => anyhow::bail!("{reason}"),
    };
    let bytes = definition::bytes(&resolver.root().join(path))?.context("it is gone")?;
    let definition = Definition::parse(&bytes)?;
    Ok(Wanted { source, place: scope.place.join(name), bytes, definition })
}
