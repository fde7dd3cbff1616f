//! Just enough of the shell's language to find two mistakes in it.

/// The lines, counted from 1, on which `systemctl … reset-failed` names no unit, or all of them.
#[must_use]
pub fn unscoped_resets(text: &str) -> Vec<usize> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| is_unscoped(line)).map(|(number, _)| number + 1).collect()
}

fn is_unscoped(line: &str) -> bool {
    let code = line.trim_start();
    if code.starts_with('#') {
        return false;
    }
    code.match_indices("reset-failed").any(|(at, word)| {
        let (before, rest) =
            (code.get(..at).unwrap_or_default(), code.get(at + word.len()..).unwrap_or_default());
        let is_word = before.ends_with([' ', '\t', '"', '\''])
            && rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '-');
        is_word && before.contains("systemctl") && !names_a_unit(rest)
    })
}

/// Whether an argument follows in the same command that is neither an option, a redirection nor the glob for all.
fn names_a_unit(rest: &str) -> bool {
    let end = rest.find([';', '&', '|', ')', '}', '#', '`']).unwrap_or(rest.len());
    let mut words = rest.get(..end).unwrap_or_default().split_ascii_whitespace();
    words.any(|word| {
        let bare = word.trim_matches(['"', '\'', '\\']);
        let is_redirection = word.contains(['>', '<']) || word.chars().all(|c| c.is_ascii_digit());
        !(bare.is_empty() || bare == "*" || bare == "--" || bare.starts_with('-') || is_redirection)
    })
}

/// Whether a command line is a shell whose last command always succeeds, after others that may not.
#[must_use]
pub fn hides_its_exit(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let is_shell = words.next().is_some_and(|path| {
        matches!(path.rsplit('/').next(), Some("sh" | "bash" | "dash" | "zsh" | "ksh" | "ash"))
    });
    let has_script = words.next().is_some_and(|option| option.starts_with('-') && option.ends_with('c'));
    if !is_shell || !has_script {
        return false;
    }
    let script = line.trim_end_matches(['"', '\'', ' ', ';', '\n', '\t']);
    ["true", ":", "exit 0", "/bin/true"].iter().any(|last| {
        script.strip_suffix(last).is_some_and(|before| {
            let before = before.trim_end_matches([' ', '\t']);
            before.ends_with([';', '\n']) || before.ends_with("||")
        })
    })
}

/// The absolute paths in a text, as words of it.
#[must_use]
pub fn paths(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "\"'`;&|()<>=,".contains(c));
    words.filter(|word| word.starts_with('/') && word.len() > 1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_without_a_unit_is_found_and_one_with_a_unit_is_not() {
        for bad in [
            "systemctl reset-failed",
            "/usr/bin/systemctl --user reset-failed",
            "systemctl --user reset-failed || true",
            "  systemctl reset-failed 2>/dev/null; echo done",
            "systemctl reset-failed '*'",
            "/bin/sh -c \"rm -f x; systemctl --user reset-failed\"",
            "if x; then systemctl reset-failed; fi",
            "$(systemctl reset-failed)",
        ] {
            assert_eq!(unscoped_resets(bad), [1], "{bad}");
        }
        for good in [
            "systemctl reset-failed app.service",
            "systemctl --user reset-failed '*-app.service' || true",
            "# systemctl reset-failed",
            "systemctl reset-failed \"$unit\"",
            "systemctl restart reset-failed.service",
            "echo reset-failed",
            "",
        ] {
            assert!(unscoped_resets(good).is_empty(), "{good}");
        }
        assert_eq!(unscoped_resets("a\nb\nsystemctl reset-failed\n"), [3]);
    }

    #[test]
    fn a_shell_that_ends_with_true_hides_what_came_before() {
        for bad in [
            "/bin/sh -c \"work; true\"",
            "/bin/sh -c work; true",
            "bash -ec 'work || :'",
            "/bin/sh -c work || exit 0",
            "/bin/sh -c work ;  /bin/true ;",
        ] {
            assert!(hides_its_exit(bad), "{bad}");
        }
        for good in
            ["/bin/true", "/bin/sh -c true", "/bin/sh -c work && true", "/bin/sh /work; true", "sh", ""]
        {
            assert!(!hides_its_exit(good), "{good}");
        }
    }

    #[test]
    fn paths_are_cut_out_of_commands() {
        assert_eq!(paths("/bin/sh -c \"/a/b;exec '/c d'\" x=/e"), ["/bin/sh", "/a/b", "/c", "/e"]);
    }
}
