//! Every path is joined on a root, so that a test can work on a tree.

use std::borrow::Cow;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Room for most files that are read, mountinfo included.
const ROOM: usize = 8192;

/// The directory that stands for `/`.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

impl Root {
    /// A root at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Whether this is the real root, where what the kernel and the service manager say counts.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.0.as_os_str() == "/"
    }

    /// The same as [`Root::join`], without a copy where this is the real root.
    pub fn at<'p>(&self, path: &'p Path) -> Cow<'p, Path> {
        if self.is_real() { Cow::Borrowed(path) } else { Cow::Owned(self.join(path)) }
    }

    /// An absolute path below this root.
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        if self.is_real() {
            return path.to_path_buf();
        }
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The text of a file, `None` where there is no such file; other bytes than UTF-8 become U+FFFD.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        let path = self.join(path);
        match read_whole(&path) {
            Ok(bytes) => Ok(Some(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            })),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// The names in a directory in the order of their bytes, none where there is no such directory.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<String>> {
        let path = self.join(path);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error).with_context(|| format!("listing {}", path.display())),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("listing {}", path.display()))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Whether something stands at a path, a dangling link included.
    pub fn has(&self, path: impl AsRef<Path>) -> Result<bool> {
        let path = self.join(path);
        match fs::symlink_metadata(&path) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("looking at {}", path.display())),
        }
    }
}

/// Files of /proc say that they are empty: with room to begin with, one is read in two calls and not in ten.
fn read_whole(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(ROOM);
    // Without "take" it would ask for the size first, and of /proc in vain.
    fs::File::open(path)?.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_path_stays_below_the_root() {
        assert_eq!(Root::new("/t").join("/etc/fstab"), Path::new("/t/etc/fstab"));
        assert_eq!(Root::default().join("/etc/fstab"), Path::new("/etc/fstab"));
    }

    #[test]
    fn a_missing_file_is_none_and_a_directory_is_an_error() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert!(root.read("/nothing")?.is_none());
        assert!(root.list("/nothing")?.is_empty());
        fs::create_dir(tree.path().join("d"))?;
        assert!(root.read("/d").is_err());
        Ok(())
    }
}
