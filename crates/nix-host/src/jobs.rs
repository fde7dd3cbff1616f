//! Definitions of launchd jobs that systems ship, and those that a former system left in `/Library`. nix-darwin removes what
//! the system that `/run/current-system` leads to has and the new one has not (`modules/system/launchd.nix`): where the link
//! was set without that, what only the former one had stays for ever.

use std::path::{Path, PathBuf};

use anyhow::Result;
use oneshot::Resolver;

use crate::link;

/// Where a system has them, and where they are copied to, below `/`.
pub const FOLDERS: [&str; 2] = ["Library/LaunchDaemons", "Library/LaunchAgents"];

/// Installed definitions that the one system ships and the other does not.
pub fn orphans(resolver: &Resolver<'_>, former: &Path, wanted: &Path) -> Result<Vec<PathBuf>> {
    let mut orphans = Vec::new();
    for folder in FOLDERS {
        let place = Path::new("/").join(folder);
        let (former, wanted) = (former.join(folder), wanted.join(folder));
        let [former, wanted, installed] = [&former, &wanted, &place].map(|folder| names(resolver, folder));
        orphans.extend(left(&former?, &wanted?, &installed?).into_iter().map(|name| place.join(name)));
    }
    Ok(orphans)
}

/// The names that the former system has, that the wanted one has not, and that are there.
fn left(former: &[String], wanted: &[String], installed: &[String]) -> Vec<String> {
    let is_left = |name: &&String| !wanted.contains(name) && installed.contains(name);
    former.iter().filter(is_left).cloned().collect()
}

fn names(resolver: &Resolver<'_>, folder: &Path) -> Result<Vec<String>> {
    let Ok(folder) = link::folder(resolver, folder) else { return Ok(Vec::new()) };
    let mut names = resolver.root().list(folder)?;
    names.retain(|name| name.ends_with(".plist"));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Root;
    use std::fs;

    #[test]
    fn only_what_the_former_system_left_is_an_orphan() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for path in [
            "former/Library/LaunchDaemons/kept.plist",
            "former/Library/LaunchDaemons/left.plist",
            "former/Library/LaunchDaemons/gone.plist",
            "former/Library/LaunchAgents/agent.plist",
            "former/Library/LaunchAgents/note.txt",
            "wanted/Library/LaunchDaemons/kept.plist",
            "Library/LaunchDaemons/kept.plist",
            "Library/LaunchDaemons/left.plist",
            "Library/LaunchDaemons/foreign.plist",
            "Library/LaunchAgents/agent.plist",
            "Library/LaunchAgents/note.txt",
        ] {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(path, "")?;
        }
        let root = Root::new(tree.path());
        let found = orphans(&Resolver::new(&root), Path::new("/former"), Path::new("/wanted"))?;
        assert_eq!(
            found,
            ["/Library/LaunchDaemons/left.plist", "/Library/LaunchAgents/agent.plist"].map(PathBuf::from)
        );
        Ok(())
    }
}
