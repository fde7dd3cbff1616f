//! The system profile, and which system is the one that should run.
//!
//! nix-darwin writes the system's own store path into the file `systemConfig` of the system, without a newline
//! (`modules/system/default.nix`), and links what it says at boot; it is the same as the folder that the profile leads
//! to. NixOS has no such file: there the folder alone is the answer.

use std::fmt;
use std::path::{Path, PathBuf};

use oneshot::Resolver;
use oneshot::text::quoted;

use crate::content::{self, Content};
use crate::link::{self, Kind};
use crate::store;

/// The profile of the system (Nix manual, "Profiles").
pub const SYSTEM: &str = "/nix/var/nix/profiles/system";

/// The file of a nix-darwin system that holds its own path.
pub const SYSTEM_CONFIG: &str = "systemConfig";

/// Files that every system has, and no profile of packages does: NixOS's, nix-darwin's.
pub const MARKS: [&str; 2] = ["nixos-version", "darwin-version"];

/// A store path has at most 211 letters after the hash (Nix `src/libstore/path.cc`); this leaves room and no more.
const MOST: u64 = 4096;

/// The profile as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The link.
    pub at: PathBuf,
    /// The folder that it leads to, without any link, or why there is none.
    pub system: Result<PathBuf, String>,
    /// Whether that folder is a system.
    pub is_system: bool,
    /// What its `systemConfig` says.
    pub said: Said,
}

/// What `systemConfig` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There is no such file.
    Nothing,
    /// The folder that its path leads to, without any link.
    System(PathBuf),
    /// It cannot be used.
    Refused(Refusal),
}

/// Why the content of `systemConfig` is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something else stands in its place.
    NotAFile(Kind),
    /// It holds nothing but white space.
    Empty,
    /// It holds more than one line.
    Lines,
    /// It holds control characters, or bytes that are no UTF-8.
    Garbage,
    /// It is longer than any path.
    TooLong,
    /// The path is not that of a store object: the path.
    NotInStore(String),
    /// The path leads to no folder: why.
    Gone(String),
    /// It could not be read: why.
    Unreadable(String),
}

/// Why nobody can say which system should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The profile leads to no folder: why.
    NoProfile(String),
    /// It leads to a folder that is no object of the store.
    NotInStore(PathBuf),
    /// It leads to a folder that is no system.
    NoSystem(PathBuf),
    /// `systemConfig` is refused.
    Refused(Refusal),
    /// `systemConfig` names another system than the one it stands in.
    Differs {
        /// What it names.
        said: PathBuf,
        /// The one it stands in.
        real: PathBuf,
    },
}

/// Reads a profile; [`SYSTEM`] is the usual one.
#[must_use]
pub fn read(resolver: &Resolver<'_>, at: &Path) -> Profile {
    let system = link::folder(resolver, at);
    let (is_system, said) = match &system {
        Ok(folder) => {
            let has = |mark: &str| link::end(resolver, &folder.join(mark)).is_ok();
            (MARKS.iter().any(|mark| has(mark)), said(resolver, &folder.join(SYSTEM_CONFIG)))
        }
        Err(_) => (false, Said::Nothing),
    };
    Profile { at: at.to_owned(), system, is_system, said }
}

/// The system that should run: its store path, without any link.
pub fn wanted(profile: &Profile) -> Result<PathBuf, Doubt> {
    let real = profile.system.clone().map_err(Doubt::NoProfile)?;
    if !is_object(&real) {
        return Err(Doubt::NotInStore(real));
    }
    match &profile.said {
        Said::Refused(refusal) => Err(Doubt::Refused(refusal.clone())),
        Said::System(said) if *said != real => Err(Doubt::Differs { said: said.clone(), real }),
        Said::System(_) => Ok(real),
        Said::Nothing if profile.is_system => Ok(real),
        Said::Nothing => Err(Doubt::NoSystem(real)),
    }
}

fn said(resolver: &Resolver<'_>, file: &Path) -> Said {
    let text = match content::read(&resolver.root().join(file), MOST) {
        Content::Missing => return Said::Nothing,
        Content::Other(kind) => return Said::Refused(Refusal::NotAFile(kind)),
        Content::TooLong => return Said::Refused(Refusal::TooLong),
        Content::Unreadable(reason) => return Said::Refused(Refusal::Unreadable(reason)),
        Content::Bytes(bytes, _) => path(&bytes),
    };
    match text.and_then(|path| link::folder(resolver, &path).map_err(Refusal::Gone)) {
        Ok(folder) => Said::System(folder),
        Err(refusal) => Said::Refused(refusal),
    }
}

/// The store object that the bytes of a `systemConfig` name.
pub fn path(bytes: &[u8]) -> Result<PathBuf, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::Garbage)?.trim_ascii();
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    if text.contains(['\n', '\r']) {
        return Err(Refusal::Lines);
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::Garbage);
    }
    let path = PathBuf::from(text);
    if is_object(&path) { Ok(path) } else { Err(Refusal::NotInStore(text.to_owned())) }
}

/// Whether it is a path of a store object itself, and of nothing in it.
fn is_object(path: &Path) -> bool {
    store::parse(path).is_some_and(|parsed| parsed.object().as_os_str() == path.as_os_str())
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile(kind) => write!(out, "{SYSTEM_CONFIG} is {kind}"),
            Self::Empty => write!(out, "{SYSTEM_CONFIG} is empty"),
            Self::Lines => write!(out, "{SYSTEM_CONFIG} has more than one line"),
            Self::Garbage => write!(out, "{SYSTEM_CONFIG} has bytes that no path has"),
            Self::TooLong => write!(out, "{SYSTEM_CONFIG} is longer than {MOST} bytes"),
            Self::NotInStore(path) => write!(out, "{SYSTEM_CONFIG} says {}, no store path", quoted(path)),
            Self::Gone(reason) => write!(out, "{SYSTEM_CONFIG} names a system that is gone: {reason}"),
            Self::Unreadable(reason) => write!(out, "reading {SYSTEM_CONFIG}: {reason}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProfile(reason) => write!(out, "it leads nowhere: {reason}"),
            Self::NotInStore(path) => write!(out, "it leads to {}, not in the store", path.display()),
            Self::NoSystem(path) => write!(out, "it leads to {}, which is no system", path.display()),
            Self::Refused(refusal) => refusal.fmt(out),
            Self::Differs { said, real } => {
                write!(out, "{SYSTEM_CONFIG} of {} says {}", real.display(), said.display())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use oneshot::Root;
    use std::fs;
    use std::os::unix::fs::symlink;

    const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
    const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";

    /// A profile that leads to the system A, whose `systemConfig` is made by the test.
    fn tree(make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(tempfile::TempDir, Profile)> {
        let tree = tempfile::tempdir()?;
        let at = |path: &str| tree.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(at(A))?;
        fs::create_dir_all(at("/nix/var/nix/profiles"))?;
        symlink("system-7-link", at(SYSTEM))?;
        symlink(A, at("/nix/var/nix/profiles/system-7-link"))?;
        make(&at(A))?;
        let root = Root::new(tree.path());
        let profile = read(&Resolver::new(&root), Path::new(SYSTEM));
        Ok((tree, profile))
    }

    fn with(text: &str) -> Result<Result<PathBuf, Doubt>> {
        Ok(wanted(&tree(|system| fs::write(system.join(SYSTEM_CONFIG), text))?.1))
    }

    #[test]
    fn the_file_and_the_folder_agree() -> Result<()> {
        for text in [A.to_owned(), format!("{A}\n"), format!(" {A}\r\n\n")] {
            assert_eq!(with(&text)?, Ok(PathBuf::from(A)), "{text:?}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_single_store_path_is_refused_with_its_reason() -> Result<()> {
        let refused = |refusal| Err(Doubt::Refused(refusal));
        assert_eq!(with("")?, refused(Refusal::Empty));
        assert_eq!(with(" \n")?, refused(Refusal::Empty));
        assert_eq!(with(&format!("{A}\n{B}"))?, refused(Refusal::Lines));
        assert_eq!(with(&format!("{A}\u{1b}[31m"))?, refused(Refusal::Garbage));
        assert_eq!(with(&"x".repeat(1 << 20))?, refused(Refusal::TooLong));
        assert_eq!(with(B)?, refused(Refusal::Gone(format!("{B} is not there; it may have been collected"))));
        for path in
            ["/etc", "nix/store/x", "/nix/store", &format!("{A}/etc"), &format!("{A}/../x"), &format!("{A}/")]
        {
            assert_eq!(with(path)?, refused(Refusal::NotInStore(path.to_owned())), "{path}");
        }
        assert_eq!(path(b"/nix/store/\xff"), Err(Refusal::Garbage));
        Ok(())
    }

    #[test]
    fn what_is_no_file_is_not_read() -> Result<()> {
        let (_, folder) = tree(|system| fs::create_dir(system.join(SYSTEM_CONFIG)))?;
        assert_eq!(folder.said, Said::Refused(Refusal::NotAFile(Kind::Folder)));
        let (_, link) = tree(|system| symlink("/etc/passwd", system.join(SYSTEM_CONFIG)))?;
        assert_eq!(link.said, Said::Refused(Refusal::NotAFile(Kind::Link)));
        Ok(())
    }

    #[test]
    fn a_file_that_names_another_system_is_in_doubt() -> Result<()> {
        let (_, profile) = tree(|system| {
            let other = system.with_file_name("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05");
            fs::create_dir(other).and_then(|()| fs::write(system.join(SYSTEM_CONFIG), B))
        })?;
        assert_eq!(wanted(&profile), Err(Doubt::Differs { said: B.into(), real: A.into() }));
        Ok(())
    }

    #[test]
    fn without_the_file_the_folder_counts_where_it_is_a_system() -> Result<()> {
        let (_, nixos) = tree(|system| fs::write(system.join("nixos-version"), "26.05"))?;
        assert_eq!(wanted(&nixos), Ok(PathBuf::from(A)));
        let (_, packages) = tree(|system| fs::create_dir(system.join("bin")))?;
        assert_eq!(wanted(&packages), Err(Doubt::NoSystem(A.into())));
        let (_, dangling) = tree(|system| fs::remove_dir(system))?;
        assert_eq!(
            wanted(&dangling),
            Err(Doubt::NoProfile(format!("{A} is not there; it may have been collected")))
        );
        let (_, elsewhere) = tree(|system| {
            let link = system.join("../../var/nix/profiles/system");
            fs::remove_file(&link)?;
            symlink("/nix/var", link)
        })?;
        assert_eq!(wanted(&elsewhere), Err(Doubt::NotInStore("/nix/var".into())));
        Ok(())
    }
}
