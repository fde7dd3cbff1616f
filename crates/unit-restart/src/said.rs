//! What systemctl said of each unit of one call. Its exit code is one for all; which unit is meant stands in its words
//! alone, and these never make a verdict good.

use oneshot::text::printable;

/// On one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing bad.
    Done,
    /// That it failed, in its words.
    Failed(String),
    /// That another job took the place of this one.
    Cancelled(String),
    /// Nothing: it waited until the deadline.
    Nothing,
}

impl Said {
    /// What the call says of each of `units`; `names` of a unit are the one given and its primary one.
    #[must_use]
    pub fn of(succeeded: bool, stderr: &str, units: &[[&str; 2]]) -> Vec<Self> {
        if succeeded {
            return vec![Self::Done; units.len()];
        }
        let found: Vec<Option<Self>> = units.iter().map(|names| in_words(stderr, names)).collect();
        if found.iter().any(Option::is_some) {
            return found.into_iter().map(|said| said.unwrap_or(Self::Done)).collect();
        }
        let words = oneshot::text::tail(stderr.as_bytes(), 512);
        vec![Self::Failed(words); units.len()]
    }

    /// Whether it called the unit's job failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// The first line on one unit that tells of a failure.
fn in_words(stderr: &str, names: &[&str; 2]) -> Option<Said> {
    let lines = stderr.lines().filter(|line| !line.starts_with("Warning:") && !line.starts_with("See "));
    let mut lines = lines.filter(|line| names.iter().any(|name| mentions(line, name)));
    let line = lines.next()?;
    let words = printable(line);
    Some(if line.ends_with("canceled.") { Said::Cancelled(words) } else { Said::Failed(words) })
}

/// Whether a word of the line is the name, a dot or colon behind it aside.
fn mentions(line: &str, name: &str) -> bool {
    line.split_ascii_whitespace().any(|word| {
        word.strip_prefix(name).is_some_and(|rest| rest.chars().all(|c| matches!(c, '.' | ':' | ',' | '"')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [[&str; 2]; 3] =
        [["a.service"; 2], ["a.service.service"; 2], ["alias.service", "b.service"]];

    #[test]
    fn only_the_unit_that_is_named_failed() {
        let words = "Job for b.service failed because the control process exited with error code.\n\
                     See \"systemctl status b.service\" and \"journalctl -xeu b.service\" for details.\n";
        let said = Said::of(false, words, &UNITS);
        assert_eq!(said.iter().map(Said::is_failed).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(Said::of(true, words, &UNITS), vec![Said::Done; 3]);
    }

    #[test]
    fn the_words_of_each_kind_of_failure_are_known() {
        for words in [
            "Job for a.service failed.",
            "Assertion failed on job for a.service.",
            "Failed to restart a.service: Unit a.service is masked.",
            "A dependency job for a.service failed. See 'journalctl -xe' for details.",
        ] {
            let said = Said::of(false, words, &UNITS);
            assert_eq!(said.iter().map(Said::is_failed).collect::<Vec<_>>(), [true, false, false], "{words}");
        }
        let said = Said::of(false, "Job for a.service canceled.\n", &UNITS);
        assert!(matches!(said.first(), Some(Said::Cancelled(_))));
    }

    #[test]
    fn words_that_name_no_unit_are_for_all() {
        let said = Said::of(false, "Something\x1b[31m else", &UNITS);
        assert!(said.iter().all(Said::is_failed));
        assert_eq!(said.first(), Some(&Said::Failed("Something\\u{1b}[31m else".to_owned())));
    }
}
