//! Folders of definitions: where launchd looks for them, and what is in one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use oneshot::Resolver;
use oneshot::resolve::Place;

use crate::{Definition, definition};

/// Definitions of daemons (launchd.plist(5), "FILES").
pub const DAEMONS: &str = "/Library/LaunchDaemons";

/// Definitions of the agents of all users.
pub const AGENTS: &str = "/Library/LaunchAgents";

/// Those of a user's own, below the home directory.
pub const USER_AGENTS: &str = "Library/LaunchAgents";

/// A definition that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of its file.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub definition: Definition,
}

/// What a folder has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Definitions that can be used, by the names of their files.
    pub entries: Vec<Entry>,
    /// The others: the name of the file, and why.
    pub bad: Vec<(String, String)>,
}

/// launchd reads what ends so, and passes over hidden files.
#[must_use]
pub fn is_definition(name: &str) -> bool {
    name.ends_with(".plist") && !name.starts_with('.')
}

/// Reads a folder that has no link in its path; each file in it may be a link. Of two definitions with one label the first
/// is taken: launchd has one job of a label, and which of the two would be chance.
pub fn read(resolver: &Resolver<'_>, folder: &Path) -> Result<Folder> {
    let mut found = Folder::default();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for name in resolver.root().list(folder)?.into_iter().filter(|name| is_definition(name)) {
        match entry(resolver, folder.join(&name), &name) {
            Ok(entry) => match labels.insert(entry.definition.label.clone(), name.clone()) {
                None => found.entries.push(entry),
                Some(other) => found.bad.push((name, format!("its Label is that of {other}"))),
            },
            Err(error) => found.bad.push((name, format!("{error:#}"))),
        }
    }
    Ok(found)
}

fn entry(resolver: &Resolver<'_>, path: PathBuf, name: &str) -> Result<Entry> {
    let bytes = bytes(resolver, &path)?;
    let definition = Definition::parse(&bytes)?;
    Ok(Entry { name: name.to_owned(), bytes, definition })
}

/// The bytes of the regular file that a path leads to.
pub fn bytes(resolver: &Resolver<'_>, path: &Path) -> Result<Vec<u8>> {
    let path = match resolver.follow(path) {
        Place::Found(found) if found.about.is_file() => found.path,
        Place::Found(_) | Place::Null => bail!("it is no regular file"),
        Place::Missing(at) => bail!("it leads to {}, which is not there", at.display()),
        Place::Loop(_) => bail!("it leads in a circle"),
        Place::Unreadable(_, reason) => bail!("{reason}"),
    };
    definition::bytes(&resolver.root().join(path))?.context("it is gone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Root;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_no_definition_is_told_and_the_others_are_read() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let text = |label: &str| {
            format!("<plist version=\"1.0\"><dict><key>Label</key><string>{label}</string></dict></plist>")
        };
        fs::create_dir(tree.path().join("folder"))?;
        fs::create_dir(tree.path().join("folder/folder.plist"))?;
        for (name, content) in [
            ("a.plist", text("one")),
            ("b.plist", text("one")),
            ("bad.plist", "no list".to_owned()),
            (".hidden.plist", text("hidden")),
            ("other.txt", text("other")),
        ] {
            fs::write(tree.path().join("folder").join(name), content)?;
        }
        fs::write(tree.path().join("elsewhere"), text("linked"))?;
        symlink("/elsewhere", tree.path().join("folder/link.plist"))?;
        symlink("/gone", tree.path().join("folder/z.plist"))?;
        let root = Root::new(tree.path());
        let found = read(&Resolver::new(&root), Path::new("/folder"))?;
        let labels: Vec<_> = found.entries.iter().map(|entry| entry.definition.label.as_str()).collect();
        assert_eq!(labels, ["one", "linked"]);
        let bad: Vec<_> = found.bad.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(bad, ["b.plist", "bad.plist", "folder.plist", "z.plist"]);
        assert_eq!(found.bad.first().map(|(_, why)| why.as_str()), Some("its Label is that of a.plist"));
        Ok(())
    }
}
