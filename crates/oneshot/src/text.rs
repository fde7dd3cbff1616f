//! Words from outside, made safe to print.

use std::fmt::Write as _;

/// The string without control characters (they become `\u{…}`), so that a name cannot move the cursor or start a
/// line of its own in the journal.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The string in quotes, as it stands in a message.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

/// The string as one word of a shell's, so that a command in a hint can be pasted whatever somebody called a file.
#[must_use]
pub fn word(text: &str) -> String {
    let text = printable(text);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:=,%".contains(&byte));
    if is_plain && !text.is_empty() { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The last `most` bytes of an output as one line, cut at a character.
#[must_use]
pub fn tail(bytes: &[u8], most: usize) -> String {
    let start = bytes.len().saturating_sub(most);
    let text = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default());
    printable(&text.trim().replace('\n', "; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(printable("a\x1b[31m\nb"), "a\\u{1b}[31m\\u{a}b");
        assert_eq!(quoted("tim"), "\"tim\"");
    }

    #[test]
    fn a_word_is_one_whatever_stands_in_it() {
        assert_eq!(word("/home/tim/web@1.service"), "/home/tim/web@1.service");
        for (text, quoted) in [
            ("a b", "'a b'"),
            ("", "''"),
            ("~", "'~'"),
            ("x; rm -rf ~", "'x; rm -rf ~'"),
            ("it's", "'it'\\''s'"),
            ("a\\x2d$(id)\n", "'a\\x2d$(id)\\u{a}'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }

    #[test]
    fn a_tail_is_one_line_even_when_cut_inside_a_character() {
        assert_eq!(tail("x\u{e9}\ny\n".as_bytes(), 4), "\u{fffd}; y");
    }
}
