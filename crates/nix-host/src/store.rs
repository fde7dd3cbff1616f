//! Paths of the Nix store (Nix manual, "Store Path").

use std::path::{Component, Path, PathBuf};

/// The default store directory; the one of every NixOS, and of Home Manager's binary caches.
pub const STORE: &str = "/nix/store";

/// Letters of a hash: `e`, `o`, `t` and `u` are left out (Nix `src/libutil/base-nix-32.cc`).
const LETTERS: &str = "0123456789abcdfghijklmnpqrsvwxyz";

/// Length of a hash.
const HASH: usize = 32;

/// A path in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorePath<'a> {
    /// 32 letters.
    pub hash: &'a str,
    /// What follows the hash, such as `home-manager-generation`.
    pub name: &'a str,
    /// What follows the store object; empty for the object itself.
    pub rest: &'a Path,
}

/// Reads an absolute path, which is not looked at. `None` for one that is not in the store.
#[must_use]
pub fn parse(path: &Path) -> Option<StorePath<'_>> {
    let inside = path.strip_prefix(STORE).ok()?;
    let mut components = inside.components();
    let Component::Normal(object) = components.next()? else { return None };
    let (hash, name) = object.to_str()?.split_once('-')?;
    let is_hash = hash.len() == HASH && hash.chars().all(|letter| LETTERS.contains(letter));
    let rest = components.as_path();
    let climbs = rest.components().any(|part| part == Component::ParentDir);
    (is_hash && !name.is_empty() && !climbs).then_some(StorePath { hash, name, rest })
}

/// Whether a path is in the store, where nothing changes.
#[must_use]
pub fn is_store_path(path: &Path) -> bool {
    parse(path).is_some()
}

impl StorePath<'_> {
    /// The store object, without what follows it.
    #[must_use]
    pub fn object(&self) -> PathBuf {
        Path::new(STORE).join(format!("{}-{}", self.hash, self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    #[test]
    fn an_object_has_a_hash_and_a_name() {
        let path = format!("/nix/store/{HASH}-home-manager-files/.config/systemd/user/a.service");
        let parsed = parse(Path::new(&path)).map(|it| (it.name.to_owned(), it.rest.to_owned(), it.object()));
        assert_eq!(
            parsed,
            Some((
                "home-manager-files".to_owned(),
                PathBuf::from(".config/systemd/user/a.service"),
                PathBuf::from(format!("/nix/store/{HASH}-home-manager-files"))
            ))
        );
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        let upper = HASH.to_uppercase();
        for path in [
            "/nix/store".to_owned(),
            "/nix/store/.links".to_owned(),
            format!("/nix/store/{HASH}"),
            format!("/nix/store/{HASH}-"),
            format!("/nix/store/{upper}-x"),
            format!("/nix/store/e{}-x", HASH.get(1..).unwrap_or_default()),
            format!("/nix/store/0{HASH}-x"),
            format!("/nix/store/{HASH}-x/../../../etc/passwd"),
            format!("/nix/store2/{HASH}-x"),
            format!("nix/store/{HASH}-x"),
        ] {
            assert!(!is_store_path(Path::new(&path)), "{path}");
        }
        assert!(is_store_path(Path::new(&format!("/nix/store/{HASH}-unit-a.service"))));
    }
}
