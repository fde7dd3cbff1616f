//! A tar archive that is the same bytes for the same files: sorted, owned by root, with one time for all.

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

/// 1980-01-01, as reproducible archives have it where nothing else is said; GNU tar warns of 1970.
const TIME: u64 = 315_532_800;

/// <https://reproducible-builds.org/specs/source-date-epoch/>
const TIME_VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// A file of the archive.
pub(super) struct File {
    path: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl File {
    pub(super) fn program(path: String, bytes: Vec<u8>) -> Self {
        Self { path, bytes, mode: 0o755 }
    }

    pub(super) fn data(path: String, bytes: Vec<u8>) -> Self {
        Self { path, bytes, mode: 0o644 }
    }
}

/// Packs the files below one folder.
pub(super) fn pack(folder: &str, mut files: Vec<File>) -> Result<Vec<u8>> {
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let time = time()?;
    // The name and the time of gzip's own header stay empty.
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    for file in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(file.mode);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(u64::try_from(file.bytes.len()).context("packing a file")?);
        archive
            .append_data(&mut header, format!("{folder}/{}", file.path), file.bytes.as_slice())
            .with_context(|| format!("packing {}", file.path))?;
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).context("packing")
}

fn time() -> Result<u64> {
    match std::env::var(TIME_VARIABLE) {
        Ok(value) => value.parse().with_context(|| format!("reading {TIME_VARIABLE}={value}")),
        Err(_) => Ok(TIME),
    }
}
