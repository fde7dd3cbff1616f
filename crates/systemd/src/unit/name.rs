//! The name of one unit, as a person gives it (systemd.unit(5), "Description").

use std::fmt;
use std::str::FromStr;

/// `UNIT_NAME_MAX`.
const MOST: usize = 255;

/// Every type of a unit.
const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "target",
    "device",
    "mount",
    "automount",
    "swap",
    "timer",
    "path",
    "slice",
    "scope",
];

/// A name with its suffix; no glob, no template, no path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = String;

    /// Like systemctl it adds `.service` where there is no suffix. Unlike systemctl it escapes nothing and takes no glob:
    /// one that fits no unit in memory would do nothing and be called done.
    fn from_str(argument: &str) -> Result<Self, String> {
        if argument.is_empty() {
            return Err("an empty string is no unit".into());
        }
        if argument.contains(['*', '?', '[', ']']) {
            return Err("a glob is no unit's name: one that fits nothing does nothing; name the units".into());
        }
        if argument.starts_with('/') {
            return Err("a path is no unit's name: systemd-escape --path tells it".into());
        }
        let has_suffix = argument.rsplit_once('.').is_some_and(|(_, suffix)| is_type(suffix));
        let name = if has_suffix { argument.to_owned() } else { format!("{argument}.service") };
        let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
        if !is_file(&name) {
            return Err("letters, digits and :-_.\\@ make the name of a unit, 255 at most".into());
        }
        if stem.ends_with('@') {
            return Err("a template cannot run: name an instance, such as NAME@1.service".into());
        }
        Ok(Self(name))
    }
}

pub use crate::files::name::template;

/// Whether a file of this name can hold a unit or a template.
pub(crate) fn is_file(name: &str) -> bool {
    // `VALID_CHARS_WITH_AT` of src/basic/unit-name.c.
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
    name.len() <= MOST
        && name.bytes().all(is_valid)
        && name
            .rsplit_once('.')
            .is_some_and(|(stem, suffix)| !stem.is_empty() && !stem.starts_with('@') && is_type(suffix))
}

/// Whether a word is a type of units, such as `service`.
pub(crate) fn is_type(word: &str) -> bool {
    SUFFIXES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_suffix_is_a_service() {
        for (given, name) in [
            ("app", "app.service"),
            ("app.service", "app.service"),
            ("grp.target", "grp.target"),
            ("a.b", "a.b.service"),
            ("user@1000", "user@1000.service"),
            ("-.mount", "-.mount"),
            ("dev-disk\\x2d1.swap", "dev-disk\\x2d1.swap"),
        ] {
            assert_eq!(given.parse(), Ok(Name(name.to_owned())), "{given}");
        }
    }

    #[test]
    fn globs_paths_templates_and_other_characters_are_refused() {
        let long = "x".repeat(300);
        for bad in [
            "",
            "a*",
            "a?.service",
            "[ab].service",
            "/dev/sda",
            "a b",
            "a\n",
            "app@",
            "@.service",
            ".service",
            &long,
            "ü",
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
