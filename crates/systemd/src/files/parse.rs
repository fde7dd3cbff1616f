//! The syntax of unit files (systemd.syntax(7)).

use std::path::{Path, PathBuf};

use serde::Serialize;

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The file, without the root.
    pub file: PathBuf,
    /// Where the assignment begins, counted from 1.
    pub line: usize,
    /// Without its brackets; empty before the first section, where systemd ignores the line.
    pub section: String,
    /// Left of `=`.
    pub key: String,
    /// Right of `=`, continued lines joined by a space; empty for a reset.
    pub value: String,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}: {}={}", self.file.display(), self.line, self.key, self.value)
    }
}

/// Every assignment of a file. Like systemd it passes over what is neither a section, an assignment nor a comment.
#[must_use]
pub fn parse(file: &Path, text: &str) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut section = String::new();
    for (line, text) in logical_lines(text) {
        let text = text.trim();
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = text.split_once('=') {
            settings.push(Setting {
                file: file.to_owned(),
                line,
                section: section.clone(),
                key: key.trim_end().to_owned(),
                value: value.trim_start().to_owned(),
            });
        }
    }
    settings
}

/// Lines with their continuations: a backslash at the end becomes a space, and comment lines in between vanish.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (begin, mut whole) = open.take().unwrap_or_else(|| (number + 1, String::new()));
        match unfinished(line) {
            Some(part) => {
                whole.push_str(part);
                whole.push(' ');
                open = Some((begin, whole));
            }
            None => {
                whole.push_str(line);
                lines.push((begin, whole));
            }
        }
    }
    lines.extend(open);
    lines
}

/// The line without its backslash when it goes on; an escaped backslash at the end does not count.
fn unfinished(line: &str) -> Option<&str> {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if backslashes % 2 == 1 { line.strip_suffix('\\') } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(usize, String, String, String)> {
        let parsed = parse(Path::new("/f"), text);
        parsed.into_iter().map(|set| (set.line, set.section, set.key, set.value)).collect()
    }

    #[test]
    fn comments_continuations_and_resets_are_read_as_systemd_does() {
        let text = "# c\n[Unit]\n  ; c\nDescription = A \\\n# inside\n  B\n\n[Service]\nExecStart=\nExecStart=/bin/true\n";
        let (unit, service) = ("Unit".to_owned(), "Service".to_owned());
        assert_eq!(
            values(text),
            [
                (4, unit, "Description".to_owned(), "A    B".to_owned()),
                (9, service.clone(), "ExecStart".to_owned(), String::new()),
                (10, service, "ExecStart".to_owned(), "/bin/true".to_owned()),
            ]
        );
    }

    #[test]
    fn noise_is_passed_over_and_never_panics() {
        assert!(values("noise\n[\n]\n\\\n").is_empty());
        assert_eq!(values("K=v").first().map(|set| set.1.clone()), Some(String::new()));
        assert_eq!(values("[S]\nK=a\\\\\nL=b\\").len(), 2);
    }
}
