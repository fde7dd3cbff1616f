//! What logs say of this boot. A log that was last written before it says nothing that counts.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use activation::Trouble;
use anyhow::Result;
use nix_host::boot::Boot;
use oneshot::resolve::Place;
use oneshot::text::tail;
use oneshot::{Resolver, Root};

use crate::decide::system::{BOOT_LOG, STORE_LOG};

/// Of a line so many bytes are told.
const MOST: usize = 200;

/// The end of a log, in which its last line is.
const END: u64 = 4096;

/// The last line of each log that the troubles concern, where it is of this boot.
pub fn read(root: &Root, boot: &Boot, troubles: &[Trouble]) -> Result<Vec<(PathBuf, String)>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for trouble in troubles {
        match trouble {
            Trouble::Current(_) => paths.push(BOOT_LOG.into()),
            Trouble::Volume(_) => paths.push(STORE_LOG.into()),
            Trouble::Job(job, _) => {
                let named = [&job.definition.standard_error, &job.definition.standard_out];
                paths.extend(named.into_iter().flatten().map(PathBuf::from));
            }
            _ => {}
        }
    }
    paths.sort_unstable();
    paths.dedup();
    let resolver = Resolver::new(root);
    Ok(paths
        .into_iter()
        .filter_map(|path| Some((last(&resolver, boot, &path)?, path)))
        .map(|(line, path)| (path, line))
        .collect())
}

/// Its last line; `None` for a log that is older, empty, or not to be read by this user.
fn last(resolver: &Resolver<'_>, boot: &Boot, path: &Path) -> Option<String> {
    if !path.is_absolute() {
        return None;
    }
    let Place::Found(found) = resolver.follow(path) else { return None };
    if !found.about.is_file() || !boot.has_seen(found.about.mtime()) {
        return None;
    }
    // Between the look and this it may have become a FIFO, which must not hold anybody up.
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let mut file =
        File::options().read(true).custom_flags(flags.bits()).open(resolver.root().join(&found.path)).ok()?;
    file.seek(SeekFrom::Start(found.about.len().saturating_sub(END))).ok()?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes).ok()?;
    let line = bytes.split(|byte| *byte == b'\n').rfind(|line| !line.trim_ascii().is_empty())?;
    Some(tail(line, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_a_log_of_this_boot_counts() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let log = tree.path().join("var/log/nix-boot-activation.log");
        fs::create_dir_all(tree.path().join("var/log"))?;
        fs::write(&log, "[1] INFO: start\n[2] ERROR: no \u{1b}[31mprofile\n\n")?;
        let written = fs::metadata(&log)?.mtime();
        let root = Root::new(tree.path());
        let troubles = [Trouble::Current(nix_host::system::Standing::Missing)];
        let read = |started| read(&root, &Boot { id: None, started }, &troubles);
        let line = "[2] ERROR: no \\u{1b}[31mprofile".to_owned();
        assert_eq!(read(written)?, [(PathBuf::from(BOOT_LOG), line)]);
        assert_eq!(read(written + 1)?, []);
        fs::write(&log, "")?;
        assert_eq!(read(written)?, []);
        Ok(())
    }
}
