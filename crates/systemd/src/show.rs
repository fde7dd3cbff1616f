//! The text that `systemctl show` and `loginctl show-user` print: `Key=value` lines, one block an object, an empty
//! line between two blocks.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The properties of one object. An empty value counts as absent: older releases leave such a line out, newer ones
/// print it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block<'a>(BTreeMap<&'a str, &'a str>);

/// Every block of an output, in its order. A line without `=` is a further line of a value that holds a newline
/// (such as a multi-line `Environment`), which nothing here asks for: it is left out.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut current = None;
    for line in text.lines() {
        if line.is_empty() {
            blocks.extend(current.take());
            continue;
        }
        let block = current.get_or_insert_with(Block::default);
        if let Some((key, value)) = line.split_once('=')
            && !value.is_empty()
        {
            block.0.insert(key, value);
        }
    }
    blocks.extend(current);
    blocks
}

impl Block<'_> {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).copied()
    }

    pub(crate) fn owned(&self, key: &str) -> String {
        self.text(key).unwrap_or_default().to_owned()
    }

    pub(crate) fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A list of paths. systemd itself prints `[unprintable]` for a path with a space, which is kept as it is.
    pub(crate) fn paths(&self, key: &str) -> Vec<PathBuf> {
        self.text(key)
            .map(|value| value.split_ascii_whitespace().map(PathBuf::from).collect())
            .unwrap_or_default()
    }

    pub(crate) fn number<N: std::str::FromStr>(&self, key: &str) -> Option<N> {
        self.text(key).and_then(|value| value.parse().ok())
    }

    /// `yes` or `no`; `None` for anything else.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.text(key) {
            Some("yes") => Some(true),
            Some("no") => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_split_at_empty_lines() {
        let text = "Id=a.service\nResult=success\n\nId=b.service\nResult=\n";
        let blocks = blocks(text);
        let ids: Vec<_> = blocks.iter().map(|block| (block.text("Id"), block.text("Result"))).collect();
        assert_eq!(ids, [(Some("a.service"), Some("success")), (Some("b.service"), None)]);
    }

    #[test]
    fn nothing_gives_no_block_and_noise_does_not_panic() {
        assert!(blocks("").is_empty());
        assert!(blocks("\n\n").is_empty());
        assert_eq!(blocks("no equal sign\n=\n").len(), 1);
    }

    #[test]
    fn a_number_out_of_range_is_absent() {
        let text = "MainPID=99999999999999999999\nStatus=-1\nMain=7\n";
        let all = blocks(text);
        let block = all.first().cloned().unwrap_or_default();
        assert_eq!(
            (block.number::<u32>("MainPID"), block.number::<u32>("Status"), block.number::<u32>("Main")),
            (None, None, Some(7))
        );
    }
}
