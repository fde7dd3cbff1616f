//! The rule for sudo: exactly the command lines that are run, and no other (sudoers(5)).

use crate::level::Level;
use crate::step::Step;

/// Characters that mean something in the arguments of a command (sudoers(5), "Other special characters and reserved words").
const SPECIAL: [char; 4] = [',', ':', '=', '\\'];

/// Reads a user or a `%group` that needs no quoting in the rule.
pub(crate) fn whom(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('%').unwrap_or(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // An alias is a name in capitals, and ALL is everybody.
    let is_alias = !name.chars().any(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.is_empty() || name.starts_with('-') || !name.chars().all(is_plain) || is_alias {
        return Err("it must be the name of a user, or % and that of a group".to_owned());
    }
    Ok(text.to_owned())
}

/// The lines of the rule.
#[must_use]
pub fn rule(whom: &str, folder: &str) -> Vec<String> {
    let mut lines = vec![
        "# What recover-activation runs as root, and nothing else. None of it takes a word from who runs it."
            .to_owned(),
        "# Check it with visudo -cf, and put it into /etc/sudoers.d with the owner root and the mode 0440."
            .to_owned(),
    ];
    lines.extend(Step::of_root().iter().map(|step| line(step, whom, folder)));
    lines
}

/// The line of one step.
pub(crate) fn line(step: &Step, whom: &str, folder: &str) -> String {
    format!("{whom} ALL=(root) NOPASSWD: {}", command(step, folder))
}

fn command(step: &Step, folder: &str) -> String {
    let words = step.words(folder).unwrap_or_default();
    let escaped: Vec<String> = words.iter().map(|word| escape(word)).collect();
    // Without it any arguments would be allowed.
    let end = if step.level() == Level::Activation { " \"\"" } else { "" };
    escaped.join(" ") + end
}

fn escape(word: &str) -> String {
    let mut out = String::new();
    for letter in word.chars() {
        if SPECIAL.contains(&letter) || matches!(letter, '*' | '?' | '[' | ']' | '!' | ' ' | '"' | '#') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use activation::own::PROGRAMS;

    #[test]
    fn the_rule_names_whole_command_lines_and_no_darwin_rebuild() {
        let rule = rule("tim", PROGRAMS);
        let commands: Vec<_> = rule.iter().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(commands.len(), Step::of_root().len());
        for line in &commands {
            assert!(line.starts_with("tim ALL=(root) NOPASSWD: /"), "{line}");
            assert!(!line.contains("darwin-rebuild") && !line.contains('*'), "{line}");
            // A program without any word after it could be given every word.
            assert!(line.trim_start_matches("tim ALL=(root) NOPASSWD: ").contains(' '), "{line}");
        }
        assert!(
            rule.contains(&"tim ALL=(root) NOPASSWD: /nix/var/nix/profiles/system/activate \"\"".to_owned())
        );
    }

    #[test]
    fn a_name_is_plain_and_no_alias() {
        for good in ["tim", "o-dd_1.x", "%admin", "u1"] {
            assert_eq!(whom(good).as_deref(), Ok(good));
        }
        for bad in ["", "%", "ALL", "ADMINS", "a b", "a,b", "-x", "#501", "!tim", "a\nb", "%%a", "a=b"] {
            assert!(whom(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_means_something_to_sudo_is_escaped() {
        assert_eq!(escape("/a b/c:d=e,f*"), r"/a\ b/c\:d\=e\,f\*");
    }
}
