//! `launchctl print-disabled DOMAIN`: the overrides that outlive plists and boots.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::block;

/// The labels that are disabled in a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disabled(BTreeSet<String>);

impl Disabled {
    /// Reads the list: from macOS 13 on `"LABEL" => disabled`, before that `"LABEL" => true`, where true means disabled
    /// (usnistgov/macos_security#167). Any other word is an error, because it may mean either.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(lines) = block::inner(text, "disabled services") else {
            bail!(
                "the answer has no list of disabled services: {}",
                oneshot::text::tail(text.as_bytes(), 80)
            );
        };
        let mut labels = BTreeSet::new();
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            let pair = line.rsplit_once(" => ");
            let named = pair.and_then(|(name, word)| {
                Some((name.trim().strip_prefix('"')?.strip_suffix('"')?, word.trim()))
            });
            match named {
                Some((label, "disabled" | "true")) => {
                    labels.insert(label.to_owned());
                }
                Some((_, "enabled" | "false")) => {}
                _ => bail!("the list of disabled services has a row {}", oneshot::text::quoted(line)),
            }
        }
        Ok(Self(labels))
    }

    /// Whether a job is disabled.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.0.contains(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_true_means_disabled() -> Result<()> {
        let new = "\n\tdisabled services = {\n\t\t\"a\" => disabled\n\t\t\"b\" => enabled\n\t}\n\tlogin item associations = {\n\t}\n";
        let old = "disabled services = {\n\t\"a\" => true\n\t\"b\" => false\n}\n";
        for text in [new, old] {
            let disabled = Disabled::parse(text)?;
            assert!(disabled.has("a") && !disabled.has("b") && !disabled.has("c"), "{text}");
        }
        Ok(())
    }

    #[test]
    fn another_word_is_an_error_and_no_answer_too() {
        for text in [
            "",
            "disabled services = {\n\t\"a\" => perhaps\n}\n",
            "disabled services = {\n\ta\n}\n",
            "disabled services = {\n",
        ] {
            assert!(Disabled::parse(text).is_err(), "{text}");
        }
    }
}
