//! `sfltool dumpbtm`: what Background Task Management has recorded of jobs. Only root may ask.

use std::path::Path;

use anyhow::{Result, bail};

/// Where the switch is, as System Settings of macOS 13 and later name the places.
pub const SETTING: &str = "System Settings > General > Login Items & Extensions";

/// A record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// What System Settings calls it; for a job that begins with a shell, `sh`.
    pub name: String,
    /// A number, a dot and the label, or only the label.
    pub identifier: String,
    /// The definition, as a URL.
    pub url: String,
    /// The words of its disposition, such as `enabled` and `disallowed`.
    pub disposition: Vec<String>,
}

/// All records of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background(Vec<Item>);

impl Item {
    /// Whether it may not run: the switch of its name is off.
    #[must_use]
    pub fn is_disallowed(&self) -> bool {
        self.disposition.iter().any(|word| word == "disallowed")
    }

    fn is_of(&self, label: &str, path: &Path) -> bool {
        let after =
            self.identifier.split_once('.').filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        let is_label = self.identifier == label || after.is_some_and(|(_, rest)| rest == label);
        is_label || self.url.strip_prefix("file://").is_some_and(|url| Path::new(url) == path)
    }
}

impl Background {
    /// Reads the dump; an error where it has no record at all, for then it is not known what it is.
    pub fn parse(text: &str) -> Result<Self> {
        let mut items: Vec<Item> = Vec::new();
        for line in text.lines().map(str::trim) {
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            // Every record begins with it.
            if key == "UUID" {
                items.push(Item::default());
            }
            let Some(item) = items.last_mut() else { continue };
            match key {
                "Name" => item.name = value.to_owned(),
                "Identifier" => item.identifier = value.to_owned(),
                "URL" => item.url = value.to_owned(),
                "Disposition" => {
                    let words = value.trim_start_matches('[').split(']').next().unwrap_or_default();
                    item.disposition = words.split(',').map(|word| word.trim().to_owned()).collect();
                }
                _ => {}
            }
        }
        if items.is_empty() {
            bail!("the answer has no record: {}", oneshot::text::tail(text.as_bytes(), 80));
        }
        Ok(Self(items))
    }

    /// The record that keeps a job from running. There may be one for each user.
    #[must_use]
    pub fn disallowed(&self, label: &str, path: &Path) -> Option<&Item> {
        self.0.iter().find(|item| item.is_disallowed() && item.is_of(label, path))
    }

    /// Whether there is a record of a job.
    #[must_use]
    pub fn knows(&self, label: &str, path: &Path) -> bool {
        self.0.iter().any(|item| item.is_of(label, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = include_str!("fixtures/dumpbtm.txt");

    fn path(label: &str) -> String {
        format!("/Library/LaunchDaemons/{label}.plist")
    }

    #[test]
    fn a_job_is_found_by_its_label_or_its_file() -> Result<()> {
        let background = Background::parse(DUMP)?;
        let name = |label: &str, path: &str| {
            background.disallowed(label, Path::new(path)).map(|item| item.name.clone())
        };
        let label = "org.nixos.activate-system";
        assert_eq!(name(label, "/elsewhere"), Some("sh".to_owned()));
        assert_eq!(name("other", &path(label)), Some("sh".to_owned()));
        // The end of a label is not the label.
        assert_eq!(name("activate-system", "/elsewhere"), None);
        let allowed = "systems.determinate.nix-store";
        assert!(background.knows(allowed, Path::new("/")) && name(allowed, "/").is_none());
        assert!(!background.knows("org.nixos.unknown", Path::new("/")));
        Ok(())
    }

    #[test]
    fn a_dump_without_a_record_is_an_error() {
        for text in ["", "sfltool: must be run as root", "Records for UID 501\n Items:\n", "Name: x\n"] {
            assert!(Background::parse(text).is_err(), "{text}");
        }
    }
}
