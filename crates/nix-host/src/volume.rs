//! The volume that the store is on. On a Mac it is mounted at `/nix` some time after boot, by a daemon of the installer;
//! until then an empty folder stands there.

use std::path::Path;

use anyhow::{Result, bail};
use oneshot::Resolver;

use crate::content::{self, Content};
use crate::link::{self, End, Kind};
use crate::store;
use crate::synthetic::{self, Manifest};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

#[cfg(target_os = "linux")]
use linux as own;
#[cfg(target_os = "macos")]
use macos as own;

/// Where it is mounted.
pub const POINT: &str = "/nix";

/// The daemons that mount it, by who installed Nix: Determinate; nix-installer and the shell installer.
pub const DAEMONS: [&str; 2] = ["systems.determinate.nix-store", "org.nixos.darwin-store"];

/// fstab(5).
pub const FSTAB: &str = "/etc/fstab";

/// Room for the longest fstab that anybody has.
const MOST: u64 = 1 << 20;

/// What stands at `/nix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mounted {
    /// A mount of its own.
    Own(Source),
    /// A part of the file system that `/` is on.
    Part,
    /// No folder: why.
    NoFolder(String),
}

/// What is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name or number, where it has one.
    pub device: Option<String>,
    /// Whether it is a medium that can be taken out; `None` where that cannot be told: macOS says it of some, and of no
    /// disk outside of the case, and Linux of none that has no block device.
    pub is_removable: Option<bool>,
}

/// Who says that there is to be a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
}

/// The volume as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// What stands at its place.
    pub mounted: Mounted,
    /// Whether the store is a folder there.
    pub has_store: bool,
    /// Who says that it is to be a mount.
    pub expected: Vec<Expectation>,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The store is there.
    Right,
    /// The store is there, on a medium that can be taken out: macOS lets no daemon run what is on it (LF7).
    Removable,
    /// The host says that there is to be a mount, and there is none (LF4).
    Away,
    /// There is no store, and nobody says that one is to be mounted.
    NoStore,
}

/// Looks at it.
pub fn read(resolver: &Resolver<'_>) -> Result<Volume> {
    let mounted = match link::end(resolver, Path::new(POINT)) {
        Ok(End { path, kind: Kind::Folder }) => own::mounted(resolver.root(), &path)?,
        Ok(End { kind, .. }) => Mounted::NoFolder(format!("{POINT} is {kind}")),
        Err(reason) => Mounted::NoFolder(reason),
    };
    let has_store = link::folder(resolver, Path::new(store::STORE)).is_ok();
    Ok(Volume { mounted, has_store, expected: expected(resolver)? })
}

/// Who says that the store is to be on a mount of its own; nobody where a part of the root file system will do.
pub fn expected(resolver: &Resolver<'_>) -> Result<Vec<Expectation>> {
    let mut expected = in_fstab(&fstab(resolver)?);
    expected.extend(in_synthetic(&synthetic::read(resolver)?));
    Ok(expected)
}

/// Holds what is there to what the host says.
#[must_use]
pub fn judge(volume: &Volume) -> Standing {
    match &volume.mounted {
        Mounted::Own(source) if volume.has_store && source.is_removable == Some(true) => Standing::Removable,
        Mounted::Own(_) if volume.has_store => Standing::Right,
        _ if !volume.expected.is_empty() => Standing::Away,
        Mounted::Part if volume.has_store => Standing::Right,
        _ => Standing::NoStore,
    }
}

fn fstab(resolver: &Resolver<'_>) -> Result<String> {
    let Ok(end) = link::end(resolver, Path::new(FSTAB)) else { return Ok(String::new()) };
    match content::read(&resolver.root().join(end.path), MOST) {
        Content::Bytes(bytes, _) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Content::Missing => Ok(String::new()),
        Content::Other(kind) => bail!("reading {FSTAB}: it is {kind}"),
        Content::TooLong => bail!("reading {FSTAB}: it is longer than {MOST} bytes"),
        Content::Unreadable(reason) => bail!("reading {FSTAB}: {reason}"),
    }
}

/// The lines whose mount point is `/nix`. No escape of fstab(5) can be in that.
fn in_fstab(text: &str) -> Vec<Expectation> {
    let is_ours = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let is_entry = fields.next().is_some_and(|source| !source.starts_with('#'));
        is_entry && fields.next().is_some_and(|point| point.trim_end_matches('/') == POINT)
    };
    let lines = text.lines().enumerate().filter(|(_, line)| is_ours(line));
    lines.map(|(number, _)| Expectation { file: FSTAB.to_owned(), line: number + 1 }).collect()
}

/// A folder at `/` that nobody could fill but by a mount.
fn in_synthetic(manifests: &[Manifest]) -> Vec<Expectation> {
    let mut expected = Vec::new();
    for manifest in manifests {
        let Ok(lines) = &manifest.content else { continue };
        let ours = lines.entries.iter().filter(|entry| entry.name == "nix" && entry.target.is_none());
        let file = || manifest.path.display().to_string();
        expected.extend(ours.map(|entry| Expectation { file: file(), line: entry.line }));
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneshot::Root;
    use std::fs;

    #[test]
    fn a_folder_is_no_store_where_a_mount_is_expected() {
        let own = |is_removable| Mounted::Own(Source { device: None, is_removable });
        let none = || Mounted::NoFolder("none".into());
        for (mounted, has_store, is_expected, standing) in [
            (own(None), true, true, Standing::Right),
            (own(Some(false)), true, false, Standing::Right),
            (own(Some(true)), true, true, Standing::Removable),
            (own(None), false, true, Standing::Away),
            (own(None), false, false, Standing::NoStore),
            (Mounted::Part, true, false, Standing::Right),
            (Mounted::Part, true, true, Standing::Away),
            (Mounted::Part, false, true, Standing::Away),
            (Mounted::Part, false, false, Standing::NoStore),
            (none(), false, true, Standing::Away),
            (none(), false, false, Standing::NoStore),
        ] {
            let line = Expectation { file: FSTAB.into(), line: 1 };
            let expected = if is_expected { vec![line] } else { vec![] };
            let volume = Volume { mounted, has_store, expected };
            assert_eq!(judge(&volume), standing, "{volume:?}");
        }
    }

    #[test]
    fn the_files_of_the_host_say_that_it_is_a_mount() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("etc"))?;
        fs::create_dir_all(tree.path().join("nix/store"))?;
        let root = Root::new(tree.path());
        let read = || read(&Resolver::new(&root));
        assert_eq!(read()?, Volume { mounted: Mounted::Part, has_store: true, expected: vec![] });
        let fstab = "#UUID=0 /nix apfs rw\nUUID=1 /nixos apfs rw\nUUID=2 /nix apfs rw,noauto\n";
        fs::write(tree.path().join("etc/fstab"), fstab)?;
        fs::write(tree.path().join("etc/synthetic.conf"), "run\tprivate/var/run\nnix\n")?;
        let expected = [(FSTAB, 3), (synthetic::FILE, 2)];
        let expected = expected.map(|(file, line)| Expectation { file: file.into(), line });
        assert_eq!(read()?.expected, expected);
        Ok(())
    }
}
