//! Words, quotes and escapes (systemd.syntax(7), "Quoting"; `extract_first_word()`, src/basic/extract-word.c).

use std::iter::Peekable;
use std::str::Chars;

/// A word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// An argument, quotes and escapes resolved.
    Text(String),
    /// A bare `;`, which begins another command.
    Semicolon,
}

/// The words; `None` for an open quote or an unknown escape.
pub(super) fn split(line: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut letters = line.chars().peekable();
    loop {
        while letters.next_if(|letter| is_space(*letter)).is_some() {}
        if letters.peek().is_none() {
            return Some(words);
        }
        words.push(word(&mut letters)?);
    }
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

fn word(letters: &mut Peekable<Chars<'_>>) -> Option<Word> {
    let mut text = String::new();
    let mut quote = None;
    let mut is_plain = true;
    while let Some(letter) = letters.peek().copied() {
        if quote.is_none() && is_space(letter) {
            break;
        }
        letters.next();
        match letter {
            '\\' => {
                is_plain = false;
                escape(letters, &mut text)?;
            }
            '"' | '\'' if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                is_plain = false;
                quote = Some(letter);
            }
            letter => text.push(letter),
        }
    }
    if quote.is_some() {
        return None;
    }
    Some(if is_plain && text == ";" { Word::Semicolon } else { Word::Text(text) })
}

/// What follows a backslash (`cunescape_one()`, src/basic/escape.c); `\;` stands for a semicolon.
fn escape(letters: &mut Peekable<Chars<'_>>, text: &mut String) -> Option<()> {
    let letter = letters.next()?;
    text.push(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        's' | ' ' => ' ',
        '\\' | '"' | '\'' | ';' => letter,
        'x' => ascii(letters, 2, 16)?,
        'u' => char::from_u32(digits(letters, 4, 16)?)?,
        'U' => char::from_u32(digits(letters, 8, 16)?)?,
        '0'..='3' => {
            let rest = digits(letters, 2, 8)?;
            byte(letter.to_digit(8)? * 64 + rest)?
        }
        _ => return None,
    });
    Some(())
}

fn ascii(letters: &mut Peekable<Chars<'_>>, most: usize, radix: u32) -> Option<char> {
    byte(digits(letters, most, radix)?)
}

/// A byte above 127 is part of a character of several, which are not put together here.
fn byte(value: u32) -> Option<char> {
    (1..128).contains(&value).then(|| char::from_u32(value))?
}

fn digits(letters: &mut Peekable<Chars<'_>>, count: usize, radix: u32) -> Option<u32> {
    let mut value = 0_u32;
    for _ in 0..count {
        value = value.checked_mul(radix)?.checked_add(letters.next()?.to_digit(radix)?)?;
    }
    Some(value)
}
