//! fstab(5): which mounts the host declares, with their lines.

use anyhow::Result;
use oneshot::Root;

use crate::octal::unescape;

/// The file.
pub const FSTAB: &str = "/etc/fstab";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Line in the file, from 1.
    pub line: usize,
    /// First field.
    pub source: String,
    /// Second field: the mount point.
    pub point: String,
    /// Third field.
    pub fstype: String,
    /// Fourth field.
    pub options: String,
}

/// All entries of the file at `path`, none where there is no file.
pub fn read(root: &Root, path: &str) -> Result<Vec<Entry>> {
    Ok(root.read(path)?.as_deref().map(parse).unwrap_or_default())
}

/// All entries of a text; comments and lines without a mount point are passed over, as mount(8) does.
#[must_use]
pub fn parse(text: &str) -> Vec<Entry> {
    let lines = text.lines().enumerate();
    let entries = lines.filter_map(|(number, line)| {
        let mut fields = line.split_ascii_whitespace();
        let source = fields.next().filter(|source| !source.starts_with('#'))?;
        let point = fields.next()?;
        Some(Entry {
            line: number + 1,
            source: unescape(source).into_owned(),
            point: without_trailing_slash(&unescape(point)).to_owned(),
            fstype: fields.next().unwrap_or("auto").to_owned(),
            options: fields.next().unwrap_or("defaults").to_owned(),
        })
    });
    entries.collect()
}

fn without_trailing_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        trimmed => trimmed,
    }
}

/// Whether `path` is `ancestor` or stands below it.
#[must_use]
pub fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_line_and_lose_their_escapes() {
        let text =
            "# generated\n\ntmpfs /mnt/wslg/run/user/1000/ tmpfs defaults 0 0\n/dev/a /a\\040b\nlonely\n";
        let entries = parse(text);
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].line, entries[0].point.as_str()), (3, "/mnt/wslg/run/user/1000"));
        assert_eq!((entries[1].point.as_str(), entries[1].fstype.as_str()), ("/a b", "auto"));
    }

    #[test]
    fn below_means_whole_components() {
        assert!(is_at_or_below("/mnt/wslg/x", "/mnt/wslg"));
        assert!(is_at_or_below("/mnt/wslg", "/mnt/wslg"));
        assert!(!is_at_or_below("/mnt/wslgx", "/mnt/wslg"));
    }
}
