//! What a script says about grants and about other scripts. Pure.

use std::path::{Path, PathBuf};

/// The one service whose reset is understood: what it depends on is known.
const APPLICATIONS: &str = "SystemPolicyAppBundles";

/// Letters of a path in the store (Nix `src/libstore/path.cc`), and of what may follow an object.
const LETTERS: &str = "+-._?=/";

/// A folder whose applications are touched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Folder {
    /// By its absolute path.
    Own(PathBuf),
    /// Below the home of the user that the script runs for.
    OfHome(PathBuf),
}

/// What counts of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Whether it may reset App Management, after it could not touch an application.
    pub(super) resets: bool,
    /// Whose applications it touches.
    pub(super) folders: Vec<Folder>,
    /// The files of the store that it names.
    pub(super) names: Vec<PathBuf>,
    /// A line about grants that is not understood.
    pub(super) unknown: Option<String>,
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Script {
    let mut script = Script::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#') || line.starts_with("#!")) {
        script.names.extend(names(line));
        if let Some(folder) = line.strip_prefix("for appBundle in ") {
            match folder.strip_suffix("; do").and_then(touched) {
                Some(folder) => script.folders.push(folder),
                None => script.unknown = Some(line.to_owned()),
            }
        }
        if let Some(rest) = line.split("tccutil").nth(1) {
            let mut words = rest.split_ascii_whitespace();
            match (words.next(), words.next()) {
                (Some("reset"), Some(APPLICATIONS)) => script.resets = true,
                _ => script.unknown = Some(line.to_owned()),
            }
        }
    }
    if script.resets && script.folders.is_empty() {
        script.unknown = Some(format!("tccutil reset {APPLICATIONS}"));
    }
    script
}

/// The folder of `/Applications/Nix\ Apps/*.app` or `'Applications/Home Manager Apps/'*.app`.
fn touched(pattern: &str) -> Option<Folder> {
    let plain: String = pattern.chars().filter(|letter| !matches!(letter, '\'' | '"' | '\\')).collect();
    let folder = Path::new(plain.strip_suffix("/*.app")?);
    // A variable or a second pattern is not understood.
    if plain.matches('*').count() != 1 || plain.contains(['$', '`', '~', '{']) {
        return None;
    }
    Some(if folder.is_absolute() {
        Folder::Own(folder.to_owned())
    } else {
        Folder::OfHome(folder.to_owned())
    })
}

fn names(line: &str) -> impl Iterator<Item = PathBuf> + '_ {
    line.match_indices("/nix/store/").filter_map(|(at, _)| {
        let rest = line.get(at..)?;
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || LETTERS.contains(letter);
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        rest.get(..end).map(|path| PathBuf::from(path.trim_end_matches(['.', '/'])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_known_checks_are_understood() {
        for (pattern, folder) in [
            (r"/Applications/Nix\ Apps/*.app", Folder::Own("/Applications/Nix Apps".into())),
            (
                "'Applications/Home Manager Apps/'*.app",
                Folder::OfHome("Applications/Home Manager Apps".into()),
            ),
        ] {
            let text = format!(
                "#!/bin/sh\n  for appBundle in {pattern}; do\n  tccutil reset SystemPolicyAppBundles > /dev/null\n"
            );
            let expected = Script { resets: true, folders: vec![folder], ..Script::default() };
            assert_eq!(parse(&text), expected);
        }
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line() {
        for text in [
            "tccutil reset SystemPolicySysAdminFiles > /dev/null",
            "tccutil reset All",
            "/usr/bin/tccutil",
            "tccutil reset SystemPolicyAppBundles",
            "for appBundle in \"$folder\"/*.app; do",
            "for appBundle in /a/*.app /b/*.app; do",
            "for appBundle in ~tim/x/*.app; do",
            "for appBundle in /a/*",
        ] {
            assert!(parse(text).unknown.is_some(), "{text}");
        }
        assert_eq!(parse("# tccutil reset All is what we never do\necho done"), Script::default());
    }

    #[test]
    fn the_files_that_it_names_are_found_wherever_they_stand() {
        let text = "#!/usr/bin/env -i /nix/store/a-bash/bin/bash\nexec '/nix/store/b-x/activate' \
                    --x=/nix/store/c-y.\nsudo -u tim ${/nix/store/d-z}/e\n";
        let names: Vec<_> = parse(text).names;
        assert_eq!(
            names,
            ["/nix/store/a-bash/bin/bash", "/nix/store/b-x/activate", "/nix/store/c-y", "/nix/store/d-z"]
                .map(PathBuf::from)
        );
    }
}
