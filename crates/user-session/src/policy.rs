//! Whom NixOS lets linger: `linger-users.service` runs a script at each boot and switch, and the script holds the
//! names (nixpkgs `nixos/modules/config/users-groups.nix`, option `users.users.<name>.linger`).

use anyhow::Result;
use oneshot::Root;

/// The service; where it does not exist, nobody undoes what logind was told.
pub const UNIT: &str = "linger-users.service";

/// What the next run of the service does to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `linger = true`.
    Enables,
    /// `linger = false`, which is the default up to `stateVersion` 25.05: what was enabled by hand is undone.
    Disables,
    /// `linger = null`, or a user whom the configuration does not declare.
    LeavesAlone,
    /// The service exists and its script could not be understood.
    Unknown,
}

/// The names in the script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    enabled: Vec<String>,
    /// `None`: everyone who is not enabled.
    disabled: Option<Vec<String>>,
}

/// What the service with this `ExecStart=` does to `name`.
pub fn verdict(root: &Root, exec_start: &str, name: &str) -> Result<Verdict> {
    let program = exec_start.split_ascii_whitespace().next().unwrap_or_default();
    let Some(script) = root.read(program.trim_start_matches(['-', '+', '!', '@', ':']))? else {
        return Ok(Verdict::Unknown);
    };
    let mut policy = Policy::parse(&script);
    if policy.is_none()
        && let Some(file) = list_file(&script)
        && let Some(list) = root.read(file)?
    {
        // Up to NixOS 24.11: a sorted file of names, and everyone else is disabled.
        policy = Some(Policy { enabled: list.lines().map(str::to_owned).collect(), disabled: None });
    }
    Ok(policy.map_or(Verdict::Unknown, |policy| policy.verdict(name)))
}

impl Policy {
    /// The two arrays of the script of NixOS 25.05 and later; `None` for any other script.
    #[must_use]
    pub fn parse(script: &str) -> Option<Self> {
        let enabled = array(script, "lingeringUserNames")?;
        Some(Self { enabled, disabled: Some(array(script, "nonLingeringUserNames")?) })
    }

    /// What becomes of a user.
    #[must_use]
    pub fn verdict(&self, name: &str) -> Verdict {
        let holds = |list: &[String]| list.iter().any(|known| known == name);
        if holds(&self.enabled) {
            Verdict::Enables
        } else if self.disabled.as_deref().is_none_or(holds) {
            Verdict::Disables
        } else {
            Verdict::LeavesAlone
        }
    }
}

fn list_file(script: &str) -> Option<&str> {
    let mut words = script.split_ascii_whitespace();
    words.find(|word| word.starts_with("/nix/store/") && word.ends_with("-lingering-users"))
}

/// The words of `declare -a NAME=(…)`, as nixpkgs' `toShellVar` writes it: bare, or in single quotes with `'\''` for
/// a quote.
fn array(script: &str, name: &str) -> Option<Vec<String>> {
    let start = format!("declare -a {name}=(");
    let body = script.lines().find_map(|line| line.trim().strip_prefix(&start)?.strip_suffix(')'))?;
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The start of the script as nixpkgs evaluates it.
    const SCRIPT: &str = "#!/nix/store/x-bash/bin/bash\nset -e\n\ndeclare -a lingeringUserNames=(tim 'o'\\''dd')\n\
                          declare -a nonLingeringUserNames=('root' '' nobody)\n\nuser_configured () {\n";

    #[test]
    fn each_list_has_its_verdict_and_null_is_left_alone() {
        let policy = Policy::parse(SCRIPT).unwrap_or_default();
        assert_eq!(policy.verdict("tim"), Verdict::Enables);
        assert_eq!(policy.verdict("o'dd"), Verdict::Enables);
        assert_eq!(policy.verdict("root"), Verdict::Disables);
        assert_eq!(policy.verdict("nobody"), Verdict::Disables);
        assert_eq!(policy.verdict("alice"), Verdict::LeavesAlone);
    }

    #[test]
    fn empty_lists_leave_everyone_alone() {
        let script = "declare -a lingeringUserNames=()\ndeclare -a nonLingeringUserNames=()\n";
        assert_eq!(Policy::parse(script).map(|policy| policy.verdict("tim")), Some(Verdict::LeavesAlone));
    }

    #[test]
    fn the_older_script_names_a_file_and_disables_everyone_else() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let store = tree.path().join("nix/store");
        fs::create_dir_all(&store)?;
        fs::write(
            store.join("start"),
            "ls | sort | comm -3 -1 /nix/store/abc-lingering-users - | xargs -r loginctl disable-linger\n",
        )?;
        fs::write(store.join("abc-lingering-users"), "alice\ntim\n")?;
        let root = Root::new(tree.path());
        assert_eq!(verdict(&root, "/nix/store/start ", "tim")?, Verdict::Enables);
        assert_eq!(verdict(&root, "/nix/store/start", "bob")?, Verdict::Disables);
        Ok(())
    }

    #[test]
    fn an_unknown_or_missing_script_is_not_guessed_at() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::write(tree.path().join("start"), "exit 0\n")?;
        let root = Root::new(tree.path());
        assert_eq!(verdict(&root, "/start", "tim")?, Verdict::Unknown);
        assert_eq!(verdict(&root, "/gone", "tim")?, Verdict::Unknown);
        Ok(())
    }
}
