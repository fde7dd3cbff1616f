//! One look at every path: what is missing, and where to listen for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::Result;
use oneshot::resolve::{Place, Resolver};
use oneshot::{Exit, Root, refuse};

use crate::{Missing, Wanted, Why, platform};

/// What a look at all paths saw.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// What is not there; empty when everything is.
    pub(crate) missing: Vec<Missing>,
    /// The folders in which a change may bring it, without links, as this process reaches them.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// Those of them in which the next name is to appear.
    pub(crate) next: BTreeSet<PathBuf>,
}

/// Looks at everything.
pub(crate) fn all(root: &Root, wanted: &[Wanted]) -> Result<Sight> {
    let mut sight = Sight::default();
    for wanted in wanted {
        one(root, wanted, &mut sight)?;
    }
    Ok(sight)
}

fn one(root: &Root, wanted: &Wanted, sight: &mut Sight) -> Result<()> {
    let path = &wanted.path;
    // Of the real root the kernel knows best: of what lies below /proc it follows links that have no text.
    let seen = if root.is_real() { stat(path)? } else { Seen::Unknown };
    if seen == Seen::There && !wanted.mounted {
        return Ok(());
    }
    let resolver = Resolver::new(root);
    let why = match resolver.follow(path) {
        Place::Found(found) if seen == Seen::Missing => {
            // It has come just now, or it is written as a folder ("x/") and is none.
            if found.about.is_dir() { Why::From(found.path) } else { Why::NoFolder(found.path) }
        }
        Place::Found(found) => {
            if !wanted.mounted || platform::is_on_own_mount(root, &found.path)? {
                return Ok(());
            }
            Why::NotMounted(found.path)
        }
        // The same in every tree.
        Place::Null if !wanted.mounted && seen != Seen::Missing => return Ok(()),
        Place::Null => Why::NotMounted(path.clone()),
        Place::Missing(at) if fs::symlink_metadata(root.join(&at)).is_ok_and(|about| !about.is_dir()) => {
            Why::NoFolder(at)
        }
        Place::Missing(at) => Why::From(at),
        Place::Loop(at) => return Err(lost(&at, Error::from_raw_os_error(libc::ELOOP))),
        Place::Unreadable(at, error) => return Err(lost(&at, error)),
    };
    let (Why::From(at) | Why::NoFolder(at) | Why::NotMounted(at)) = &why;
    sight.next.insert(root.join(at.parent().unwrap_or(at)));
    sight.folders.extend(resolver.passed().iter().map(|folder| root.join(folder)));
    sight.missing.push(Missing { path: path.clone(), why });
    Ok(())
}

/// What the kernel says of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    There,
    Missing,
    Unknown,
}

fn stat(path: &Path) -> Result<Seen> {
    match fs::metadata(path) {
        Ok(_) => Ok(Seen::There),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Seen::Missing)
        }
        Err(error) => {
            // Which folder it is that cannot be looked into.
            match Resolver::new(&Root::default()).follow(path) {
                Place::Unreadable(at, error) => Err(lost(&at, error)),
                _ => Err(lost(path, error)),
            }
        }
    }
}

/// Why a path cannot be looked at, with its exit code.
fn lost(path: &Path, error: Error) -> anyhow::Error {
    let text = format!("looking at {}", path.display());
    if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENAMETOOLONG)) {
        return refuse(Exit::Config, format!("{text}: {error}"));
    }
    anyhow::Error::new(error).context(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use anyhow::bail;
    use oneshot::exit;

    /// `/store/a/etc/x` is there, `/etc` has links.
    fn tree() -> Result<(tempfile::TempDir, Root)> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("store/a/etc"))?;
        fs::write(tree.path().join("store/a/etc/x"), "x")?;
        fs::create_dir(tree.path().join("etc"))?;
        symlink("/store/a/etc", tree.path().join("etc/static"))?;
        symlink("/store/b", tree.path().join("etc/dangling"))?;
        symlink("../etc/around", tree.path().join("etc/around"))?;
        let root = Root::new(tree.path());
        Ok((tree, root))
    }

    fn look(root: &Root, path: &str) -> Result<Sight> {
        all(root, &[Wanted { path: PathBuf::from(path), mounted: false }])
    }

    fn why(root: &Root, path: &str) -> Result<Why> {
        match look(root, path)?.missing.pop() {
            Some(missing) => Ok(missing.why),
            None => bail!("{path} is there"),
        }
    }

    #[test]
    fn what_is_there_is_not_missing_and_needs_no_listening() -> Result<()> {
        let (_tree, root) = tree()?;
        for path in ["/", "/etc", "/etc/static", "/etc/static/x", "/etc/../store/a/etc/x", "/dev/null"] {
            let sight = look(&root, path)?;
            assert!(sight.missing.is_empty() && sight.folders.is_empty(), "{path}: {sight:?}");
        }
        Ok(())
    }

    #[test]
    fn the_first_name_that_is_missing_is_told_where_it_really_is() -> Result<()> {
        let (tree, root) = tree()?;
        let from = |path: &str| Why::From(PathBuf::from(path));
        let table = [
            ("/nix/store", from("/nix")),
            ("/etc/y", from("/etc/y")),
            ("/etc/static/y/z", from("/store/a/etc/y")),
            ("/etc/dangling", from("/store/b")),
            ("/etc/dangling/z", from("/store/b")),
            ("/etc/y/../static", from("/etc/y")),
            ("/etc/static/x/y", Why::NoFolder(PathBuf::from("/store/a/etc/x"))),
        ];
        for (path, expected) in table {
            assert_eq!(why(&root, path)?, expected, "{path}");
            // The kernel's own view, where links are not kept in the tree.
            let (real, real_root) = (tree.path().join(path.trim_start_matches('/')), Root::default());
            assert_eq!(look(&real_root, &real.to_string_lossy())?.missing.len(), 1, "{path}");
        }
        Ok(())
    }

    #[test]
    fn the_folders_of_links_and_of_what_they_lead_to_are_listened_to() -> Result<()> {
        let (tree, root) = tree()?;
        let below = |paths: &[&str]| paths.iter().map(|path| root.join(path)).collect::<BTreeSet<_>>();
        let sight = look(&root, "/etc/static/y/z")?;
        assert_eq!(sight.folders, below(&["/", "/etc", "/store", "/store/a", "/store/a/etc"]));
        assert_eq!(sight.next, below(&["/store/a/etc"]));
        let sight = look(&root, "/etc/dangling/z")?;
        assert_eq!(sight.folders, below(&["/", "/etc", "/store"]));
        let sight = look(&Root::default(), &tree.path().join("etc/y").to_string_lossy())?;
        assert!(sight.folders.contains(Path::new("/")) && sight.folders.contains(&tree.path().join("etc")));
        Ok(())
    }

    #[test]
    fn links_in_a_circle_and_names_that_are_too_long_are_wrong_configuration() -> Result<()> {
        let (tree, root) = tree()?;
        let long = format!("/etc/{}", "x".repeat(300));
        let real = Root::default();
        for path in ["/etc/around", "/etc/around/x", &long] {
            let error = look(&root, path).unwrap_err();
            assert_eq!(exit::of(&error), Exit::Config, "{error:#}");
            let path = tree.path().join(path.trim_start_matches('/'));
            let error = look(&real, &path.to_string_lossy()).unwrap_err();
            assert_eq!(exit::of(&error), Exit::Config, "{error:#}");
        }
        Ok(())
    }

    /// As root, with the rights of nobody: root itself may search any folder.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_may_not_be_searched_is_an_error_at_once_and_named() -> Result<()> {
        let (tree, root) = tree()?;
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        mode(tree.path(), 0o755)?;
        mode(&tree.path().join("store/a"), 0o000)?;
        let rights = oneshot::rights::AsUser::of(65_534, 65_534);
        let in_tree = look(&root, "/etc/static/x").unwrap_err();
        let real = look(&Root::default(), &tree.path().join("store/a/etc/x").to_string_lossy()).unwrap_err();
        drop(rights);
        mode(&tree.path().join("store/a"), 0o755)?;
        for error in [in_tree, real] {
            assert_eq!(exit::of(&error), Exit::NoPermission, "{error:#}");
            let text = format!("{error:#}");
            assert!(text.contains("store/a/etc: Permission denied"), "{text}");
        }
        Ok(())
    }
}
