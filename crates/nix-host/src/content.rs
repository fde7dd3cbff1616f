//! Reading a small file that may be anything: nothing is opened that is no regular file, and no more is read than allowed.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::link::Kind;

/// What a file holds, or why that is not known.
#[derive(Debug)]
pub(crate) enum Content {
    /// Nothing is there.
    Missing,
    /// Something else than a regular file.
    Other(Kind),
    /// It has more bytes than allowed.
    TooLong,
    /// All of its bytes, and what the kernel says of it.
    Bytes(Vec<u8>, Metadata),
    /// It could not be read: why.
    Unreadable(String),
}

/// Reads at most this many bytes. The last name of the path is not followed, those before it are: resolve them first.
pub(crate) fn read(path: &Path, most: u64) -> Content {
    try_read(path, most).unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Content::Missing,
        _ => Content::Unreadable(error.to_string()),
    })
}

fn try_read(path: &Path, most: u64) -> std::io::Result<Content> {
    let kind = Kind::of(&fs::symlink_metadata(path)?);
    if kind != Kind::File {
        return Ok(Content::Other(kind));
    }
    // Between the look and this it may have become a FIFO, which must not hold us.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Ok(Content::Other(Kind::of(&about)));
    }
    let mut bytes = Vec::new();
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let is_too_long = u64::try_from(read).is_ok_and(|read| read > most);
    Ok(if is_too_long { Content::TooLong } else { Content::Bytes(bytes, about) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_a_small_regular_file_is_read() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |name: &str| tree.path().join(name);
        fs::write(at("four"), "four")?;
        fs::create_dir(at("folder"))?;
        symlink("four", at("link"))?;
        std::os::unix::net::UnixListener::bind(at("socket"))?;
        assert!(matches!(read(&at("four"), 4), Content::Bytes(bytes, _) if bytes == b"four"));
        assert!(matches!(read(&at("four"), 3), Content::TooLong));
        assert!(matches!(read(&at("folder"), 4), Content::Other(Kind::Folder)));
        assert!(matches!(read(&at("link"), 4), Content::Other(Kind::Link)));
        assert!(matches!(read(&at("socket"), 4), Content::Other(Kind::Special)));
        assert!(matches!(read(&at("none"), 4), Content::Missing));
        assert!(matches!(read(&at("four/none"), 4), Content::Missing));
        Ok(())
    }
}
