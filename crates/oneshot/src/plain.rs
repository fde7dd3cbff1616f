//! Reading a file that somebody else may write to and swap: nothing but a regular file, without waiting, and not more of it
//! than the caller can bear.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// No file that is read like this has more: unit files and their like.
pub const MOST_BYTES: u64 = 1024 * 1024;

/// Opens a regular file whose path has no link at its end. Between a look and the opening it may have become a link, a
/// pipe or a device: the first is refused, the others hold nobody up.
pub fn open(path: &Path) -> io::Result<File> {
    regular(options().custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?)
}

/// The text of a regular file, links to it followed; other bytes than UTF-8 become U+FFFD.
pub fn text(path: &Path) -> io::Result<String> {
    let file = options().custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let bytes = bytes(regular(file)?)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// All of an open file, or an error where that is more than [`MOST_BYTES`].
pub fn bytes(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MOST_BYTES) {
        return Ok(bytes);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MOST_BYTES} bytes")))
}

/// The file itself, if it is a regular one.
pub fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use nix::sys::stat::Mode;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_pipe_holds_nobody_up_and_a_link_is_followed_only_where_that_is_meant() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let at = |name: &str| tree.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRWXU)?;
        fs::write(at("file"), "text")?;
        symlink("file", at("link"))?;
        symlink("pipe", at("other"))?;
        for name in ["pipe", "link", "other", ".", "gone"] {
            assert!(open(&at(name)).is_err(), "{name}");
        }
        assert_eq!(bytes(open(&at("file"))?)?, b"text");
        assert_eq!((text(&at("file"))?, text(&at("link"))?), ("text".to_owned(), "text".to_owned()));
        for name in ["pipe", "other", ".", "gone"] {
            assert!(text(&at(name)).is_err(), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_file_is_read_up_to_the_bound() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let path = tree.path().join("file");
        let file = File::create(&path)?;
        file.set_len(MOST_BYTES)?;
        assert_eq!(bytes(open(&path)?)?.len(), usize::try_from(MOST_BYTES)?);
        file.set_len(1 << 40)?;
        assert!(bytes(open(&path)?).is_err() && text(&path).is_err());
        Ok(())
    }
}
