//! Lists as `systemctl show` prints them: words between spaces, a word with anything odd in it in double quotes, with
//! escapes in the manner of C (`shell_maybe_quote()`, systemd src/basic/escape.c).

/// The words. What releases before 247 print for an odd one, `[unprintable]`, stays as it is.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(first) = letters.next() {
        match first {
            ' ' => {}
            '"' => words.push(quoted(&mut letters)),
            _ => {
                let mut word = String::from(first);
                while let Some(letter) = letters.next_if(|letter| *letter != ' ') {
                    word.push(letter);
                }
                words.push(word);
            }
        }
    }
    words
}

/// What stands before the closing quote.
fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some('r') => word.push('\r'),
                Some('a') => word.push('\u{7}'),
                Some('b') => word.push('\u{8}'),
                Some('f') => word.push('\u{c}'),
                Some('v') => word.push('\u{b}'),
                Some(letter) if letter.is_digit(8) => word.push(octal(letter, letters)),
                Some(letter) => word.push(letter),
                None => {}
            },
            letter => word.push(letter),
        }
    }
    word
}

fn octal(first: char, letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> char {
    let mut value = first.to_digit(8).unwrap_or_default();
    for _ in 0..2 {
        let Some(digit) = letters.next_if(|letter| letter.is_digit(8)) else { break };
        value = value * 8 + digit.to_digit(8).unwrap_or_default();
    }
    char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_taken_out_of_their_quotes() {
        let text = r#""/etc/n.service.d/a b.conf" /etc/al.conf "/etc/n.service.d/nl\nx.conf" "q\"\\\033""#;
        assert_eq!(
            split(text),
            ["/etc/n.service.d/a b.conf", "/etc/al.conf", "/etc/n.service.d/nl\nx.conf", "q\"\\\u{1b}"]
        );
    }

    #[test]
    fn nothing_and_an_open_quote_do_not_panic() {
        assert!(split("").is_empty() && split("  ").is_empty());
        assert_eq!(split("a \"b"), ["a", "b"]);
        assert_eq!(split("\"\\"), [""]);
    }
}
