//! Cutting a text at one byte. `/etc/passwd` and the tables of `/proc` are read at every login, and in a program that is
//! built to be small `str::split` and `str::lines` cost more there than all the rest of it.
//!
//! `memchr::memchr` would cost more still: it first asks the processor what it can do, in ten `cpuid`, and every one of them
//! stops a virtual machine, as WSL is one, for microseconds. The search of machine words asks nothing.

use memchr::arch::all::memchr::One;

/// The parts between the separators; as many as there are separators, and one more.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Fields<'a> {
    /// `separator` is an ASCII character.
    pub(crate) fn of(text: &'a str, separator: u8) -> Self {
        Self { rest: Some(text), separator }
    }

    /// The lines of a text; a newline at its end starts no further one.
    pub(crate) fn lines(text: &'a str) -> Self {
        let rest = if text.is_empty() { None } else { Some(text.strip_suffix('\n').unwrap_or(text)) };
        Self { rest, separator: b'\n' }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let Some(end) = One::new(self.separator).find(rest.as_bytes()) else { return self.rest.take() };
        self.rest = rest.get(end + 1..);
        rest.get(..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_split_and_lines() {
        for text in ["", "a", "a b", " a  b ", "ä ö", "a\nb\n", "\n", "\n\na"] {
            let fields: Vec<_> = Fields::of(text, b' ').collect();
            assert_eq!(fields, text.split(' ').collect::<Vec<_>>(), "{text:?}");
            let lines: Vec<_> = Fields::lines(text).collect();
            assert_eq!(lines, text.lines().collect::<Vec<_>>(), "{text:?}");
        }
    }
}
