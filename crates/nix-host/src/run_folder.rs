//! `/run`: a folder of its own on Linux (file-hierarchy(7)), and on macOS a link that synthetic.conf(5) makes
//! (nix-darwin `modules/system/base.nix`).

use std::fmt;
use std::path::{Path, PathBuf};

use oneshot::Resolver;

use crate::link::{End, Kind, Link};
use crate::platform::Platform;
use crate::synthetic::{self, Fault, Manifest};

/// Its path.
pub const RUN: &str = "/run";

/// What it leads to on macOS: emptied at each boot, and writable for the group daemon.
pub const REAL: &str = "/private/var/run";

/// The target of the line of synthetic.conf, relative to `/`.
const TARGET: &str = "private/var/run";

/// Makes what synthetic.conf says without a boot. It succeeds with 253 (nix-darwin#1265).
const APPLY: &str = "sudo /System/Library/Filesystems/apfs.fs/Contents/Resources/apfs.util -t";

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Right,
    /// It is not there.
    Missing,
    /// It is a link that leads elsewhere.
    Elsewhere(PathBuf),
    /// It is a link that leads nowhere: why.
    Dangling(String),
    /// It is no link, where it should be one, or no folder, where it should be that.
    Wrong(Kind),
    /// It could not be looked at: why.
    Unreadable(String),
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right => out.write_str("is as it should be"),
            Self::Missing => out.write_str("is missing"),
            Self::Elsewhere(text) => write!(out, "leads to {}", text.display()),
            Self::Dangling(reason) => write!(out, "leads nowhere: {reason}"),
            Self::Wrong(kind) => write!(out, "is {kind}"),
            Self::Unreadable(reason) => write!(out, "cannot be looked at: {reason}"),
        }
    }
}

/// `/run` as it is.
#[must_use]
pub fn link(resolver: &Resolver<'_>) -> Link {
    Link::at(resolver, Path::new(RUN))
}

/// Holds it to what the platform has there.
#[must_use]
pub fn judge(platform: Platform, link: &Link) -> Standing {
    match (platform, link) {
        (Platform::Mac, Link::To { leads: Ok(End { path, kind: Kind::Folder }), .. })
            if path == Path::new(REAL) =>
        {
            Standing::Right
        }
        (Platform::NixOs | Platform::Other, Link::Other(Kind::Folder)) => Standing::Right,
        (_, Link::Missing | Link::NoFolder(_)) => Standing::Missing,
        (_, Link::To { leads: Err(reason), .. }) => Standing::Dangling(reason.clone()),
        (_, Link::To { text, .. }) => Standing::Elsewhere(text.clone()),
        (_, Link::Other(kind)) => Standing::Wrong(*kind),
        (_, Link::Unreadable(reason)) => Standing::Unreadable(reason.clone()),
    }
}

/// Why macOS does not make the link (LF11); nothing where the files are right, and only have to be applied.
#[must_use]
pub fn causes(manifests: &[Manifest]) -> Vec<(PathBuf, Fault)> {
    synthetic::faults(manifests, "run", Some(TARGET))
}

/// What cures it, as lines of advice.
#[must_use]
pub fn cures(causes: &[(PathBuf, Fault)]) -> Vec<String> {
    let mut cures = Vec::new();
    for (path, fault) in causes {
        let file = path.display();
        cures.push(match fault {
            Fault::NoFile | Fault::NotDeclared => {
                format!("printf 'run\\t{TARGET}\\n' | sudo tee -a {file}")
            }
            Fault::Mode(_) => format!("sudo chmod 644 {file}"),
            Fault::Owner(_) => format!("sudo chown root:wheel {file}"),
            Fault::NotEnded => format!("echo | sudo tee -a {file}"),
            Fault::NoTab(line) | Fault::Other(line, _) => {
                format!("write line {line} of {file} as: run, a tab, {TARGET}")
            }
            Fault::Twice(_) => {
                format!("keep one line for run in {} and the files of {}", synthetic::FILE, synthetic::FOLDER)
            }
            Fault::NotAFile(_) | Fault::TooLong | Fault::Unreadable(_) => {
                format!("put a file in the place of {file}, mode 0644, with the line: run, a tab, {TARGET}")
            }
        });
    }
    cures.push(format!("then boot, or: {APPLY} (253 is its success)"));
    cures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_has_a_link_and_linux_a_folder() {
        let to = |text: &str, leads: Result<&str, &str>| Link::To {
            text: text.into(),
            leads: leads.map(|path| End { path: path.into(), kind: Kind::Folder }).map_err(str::to_owned),
        };
        use Platform::{Mac, NixOs, Other};
        for (platform, link, standing) in [
            (Mac, to("private/var/run", Ok(REAL)), Standing::Right),
            (Mac, to("/tmp", Ok("/private/tmp")), Standing::Elsewhere("/tmp".into())),
            (Mac, to("private/var/run", Err("gone")), Standing::Dangling("gone".into())),
            (Mac, Link::Other(Kind::Folder), Standing::Wrong(Kind::Folder)),
            (Mac, Link::Missing, Standing::Missing),
            (NixOs, Link::Other(Kind::Folder), Standing::Right),
            (Other, Link::Other(Kind::File), Standing::Wrong(Kind::File)),
            (Other, to("/var/run", Ok("/var/run")), Standing::Elsewhere("/var/run".into())),
            (Other, Link::Unreadable("no".into()), Standing::Unreadable("no".into())),
        ] {
            assert_eq!(judge(platform, &link), standing, "{platform:?} {link:?}");
        }
    }

    #[test]
    fn each_cause_has_its_cure() {
        let file = || PathBuf::from(synthetic::FILE);
        let told = cures(&[(file(), Fault::NotDeclared), (file(), Fault::Mode(0o600))]);
        assert_eq!(
            told,
            [
                "printf 'run\\tprivate/var/run\\n' | sudo tee -a /etc/synthetic.conf",
                "sudo chmod 644 /etc/synthetic.conf",
                "then boot, or: sudo /System/Library/Filesystems/apfs.fs/Contents/Resources/apfs.util -t (253 is its success)",
            ]
        );
        assert_eq!(cures(&[]).len(), 1);
    }
}
