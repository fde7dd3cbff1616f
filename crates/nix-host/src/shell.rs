//! A login shell that hangs on Nix: with the store away no terminal opens (LF13). Whose shell it is, the account says.

use std::path::Path;

use oneshot::Resolver;

use crate::link::{self, End, Kind};

/// Folders that are not there without Nix.
const HANGING: [&str; 4] =
    ["/nix", "/run/current-system", "/etc/profiles", "/private/var/run/current-system"];

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is of the system, and no concern of Nix.
    Independent,
    /// It hangs on Nix, and can be reached now.
    Reachable,
    /// It hangs on Nix, and cannot be reached: why.
    Lost(String),
}

/// Where a shell leads, or why nowhere.
pub fn end(resolver: &Resolver<'_>, shell: &Path) -> Result<End, String> {
    link::end(resolver, shell)
}

/// Holds a shell to where it leads.
#[must_use]
pub fn judge(shell: &Path, end: &Result<End, String>) -> Standing {
    let hangs = |path: &Path| HANGING.iter().any(|folder| path.starts_with(folder));
    let leads_there = end.as_ref().is_ok_and(|end| hangs(&end.path));
    match end {
        _ if !hangs(shell) && !leads_there => Standing::Independent,
        Ok(End { kind: Kind::File, .. }) => Standing::Reachable,
        Ok(End { path, kind }) => Standing::Lost(format!("{} is {kind}", path.display())),
        Err(reason) => Standing::Lost(reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shell_that_hangs_on_nix_is_judged() {
        let at = |path: &str, kind| Ok(End { path: path.into(), kind });
        let store = "/nix/store/x/bin/zsh";
        for (shell, end, standing) in [
            ("/bin/zsh", at("/bin/zsh", Kind::File), Standing::Independent),
            ("/bin/none", Err("gone".to_owned()), Standing::Independent),
            ("/run/current-system/sw/bin/zsh", at(store, Kind::File), Standing::Reachable),
            ("/usr/local/bin/zsh", at(store, Kind::File), Standing::Reachable),
            ("/run/current-system/sw/bin/zsh", Err("gone".to_owned()), Standing::Lost("gone".into())),
            ("/nix/x", at("/nix/x", Kind::Folder), Standing::Lost("/nix/x is a folder".into())),
            ("/nix2/x", Err("gone".to_owned()), Standing::Independent),
        ] {
            assert_eq!(judge(Path::new(shell), &end), standing, "{shell}");
        }
    }
}
