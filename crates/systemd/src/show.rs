//! The text that `systemctl show` and `loginctl show-user` print: `Key=value` lines, one block an object, an empty
//! line between two blocks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::unit::exec::Exec;
use crate::words;

/// The properties of one object. An empty value counts as absent: older releases leave such a line out, newer ones
/// print it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    values: BTreeMap<&'a str, &'a str>,
    commands: Vec<(&'a str, Exec)>,
}

/// Every block of an output, in its order. A line without `=` is a further line of a value that holds a newline
/// (such as a multi-line `Environment`), which nothing here asks for: it is left out. The commands of `Exec…=` are
/// asked for; their arguments hold any character, so that they are cut out by their ends before lines mean anything.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut current: Option<Block<'_>> = None;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((key, exec, after)) = command(rest) {
            current.get_or_insert_default().commands.push((key, exec));
            rest = after;
            continue;
        }
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.is_empty() {
            blocks.extend(current.take());
            continue;
        }
        let block = current.get_or_insert_default();
        if let Some((key, value)) = line.split_once('=')
            && !value.is_empty()
        {
            block.values.insert(key, value);
        }
    }
    blocks.extend(current);
    blocks
}

/// The command that a text begins with, and what follows it; its value ends with the first line that makes it whole.
fn command(text: &str) -> Option<(&str, Exec, &str)> {
    let (key, value) = text.split_once('=').filter(|(key, _)| key.starts_with("Exec"))?;
    if !value.starts_with("{ ") {
        return None;
    }
    let ends = value.match_indices(" }\n").map(|(at, _)| at + 2).chain([value.len()]);
    ends.filter_map(|end| value.split_at_checked(end)).find_map(|(whole, after)| {
        Some((key, Exec::parse(whole)?, after.strip_prefix('\n').unwrap_or(after)))
    })
}

impl<'a> Block<'a> {
    /// The commands, each with the name of its list, such as `ExecStart`.
    pub(crate) fn commands(&self) -> &[(&'a str, Exec)] {
        &self.commands
    }
}

impl Block<'_> {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).copied()
    }

    pub(crate) fn owned(&self, key: &str) -> String {
        self.text(key).unwrap_or_default().to_owned()
    }

    pub(crate) fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A list of words, such as units.
    pub(crate) fn words(&self, key: &str) -> Vec<String> {
        let words = self.text(key).unwrap_or_default().split_ascii_whitespace();
        words.map(str::to_owned).collect()
    }

    /// A list of paths.
    pub(crate) fn paths(&self, key: &str) -> Vec<PathBuf> {
        words::split(self.text(key).unwrap_or_default()).into_iter().map(PathBuf::from).collect()
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
    fn a_command_with_newlines_and_braces_forges_no_property() {
        let text = "Result=exit-code\nExecStart={ path=/a ; argv[]=/a -c ; status=0 }\n\nResult=odd\n ; \
                    ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=7 ; code=exited ; status=2 }\n\
                    ExecStop={ broken\nId=a.service\n\nId=b.service\n";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 2);
        let first = blocks.first().cloned().unwrap_or_default();
        assert_eq!((first.text("Result"), first.text("Id")), (Some("exit-code"), Some("a.service")));
        let commands: Vec<_> = first.commands().iter().map(|(key, exec)| (*key, exec.status)).collect();
        assert_eq!(commands, [("ExecStart", 2)]);
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
