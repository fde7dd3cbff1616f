//! Specifiers (systemd.unit(5), "Specifiers"): those that follow from the unit's name and its manager's user.

/// Whose unit it is.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Its full name.
    pub unit: &'a str,
    /// The home directory of the manager's user.
    pub home: &'a str,
    /// The name of the manager's user.
    pub user: &'a str,
    /// The manager's uid.
    pub uid: u32,
    /// `/run`, or the user's runtime directory.
    pub runtime: &'a str,
}

impl Context<'_> {
    /// The text with its specifiers resolved; `None` where one is not known here.
    pub(super) fn expand(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                out.push(letter);
                continue;
            }
            match letters.next()? {
                '%' => out.push('%'),
                'n' => out.push_str(self.unit),
                'N' => out.push_str(self.stem()),
                'p' => out.push_str(self.halves().0),
                'P' => out.push_str(&unescaped(self.halves().0)?),
                'i' => out.push_str(self.halves().1),
                'I' => out.push_str(&unescaped(self.halves().1)?),
                'h' => out.push_str(self.home),
                'u' => out.push_str(self.user),
                'U' => out.push_str(&self.uid.to_string()),
                't' => out.push_str(self.runtime),
                _ => return None,
            }
        }
        Some(out)
    }

    fn stem(&self) -> &str {
        self.unit.rsplit_once('.').map_or(self.unit, |(stem, _)| stem)
    }

    /// Prefix and instance.
    fn halves(&self) -> (&str, &str) {
        self.stem().split_once('@').unwrap_or((self.stem(), ""))
    }
}

/// `unit_name_unescape()`: a dash stands for a slash, `\x2d` for a dash.
fn unescaped(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..)?;
        match letter {
            '-' => out.push('/'),
            '\\' => {
                let digits = rest.strip_prefix('x')?.get(..2)?;
                let byte = u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii)?;
                out.push(char::from(byte));
                rest = rest.get(3..)?;
            }
            letter => out.push(letter),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_name_comes_back() {
        assert_eq!(unescaped("home-tim-a\\x2db").as_deref(), Some("home/tim/a-b"));
        for bad in ["\\", "\\x2", "\\y41", "\\xff", "a\\x"] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }
}
