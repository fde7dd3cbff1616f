//! The current generation of Home Manager, by each pointer to it.
//!
//! Sources: home-manager `modules/lib-bash/activation-init.sh` (links), `nixos/default.nix` (the service of the NixOS
//! module, whose command names the generation).

use std::path::{Path, PathBuf};

use oneshot::Resolver;
use oneshot::resolve::Place;

use crate::{link, store};

/// Where a user's generation is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// Login name.
    pub name: &'a str,
    /// `$XDG_STATE_HOME`.
    pub state: &'a Path,
    /// The file of the NixOS module's service for this user (see [`services`]), and its `ExecStart=` or why that is not
    /// known.
    pub service: Option<(&'a Path, Result<&'a str, &'a String>)>,
}

/// Who says which generation is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pointer {
    /// The service that activates it: what the NixOS configuration wants.
    Service,
    /// `home-manager/gcroots/current-home` in the state folder: what was activated last.
    Root,
    /// `nix/profiles/home-manager` in the state folder.
    Profile,
    /// The root of releases before 2023, in `/nix/var`.
    OldRoot,
    /// The profile of releases before 2023, in `/nix/var`.
    OldProfile,
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Service => "the service of the NixOS module",
            Self::Root => "the root of the last activation",
            Self::Profile => "the profile",
            Self::OldRoot => "the root of an old release",
            Self::OldProfile => "the profile of an old release",
        })
    }
}

/// What one pointer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which one.
    pub pointer: Pointer,
    /// The link or the unit file.
    pub at: PathBuf,
    /// The generation's folder without any link, or why there is none.
    pub generation: Result<PathBuf, String>,
}

/// What they say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Current {
    /// The generation of the first that counts, and those that say otherwise.
    Generation {
        /// The folder.
        path: PathBuf,
        /// Who says so.
        by: Vec<Said>,
        /// Who says another one, or leads nowhere.
        against: Vec<Said>,
    },
    /// Those that there are lead nowhere; none where Home Manager was never there.
    Missing(Vec<Said>),
}

/// Below `/etc`, the files in which the NixOS module says what a user's generation is: the service of the system for this
/// user; or, with `startAsUserService` (a release of 2026), the drop-in in the user's own profile of packages, which gives
/// the one user service of everybody its command. The name is escaped as systemd escapes a path.
#[must_use]
pub fn services(user: &str) -> [PathBuf; 2] {
    let mut escaped = String::new();
    for (index, byte) in user.bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'.' if index == 0 => escaped.push_str("\\x2e"),
            b':' | b'_' | b'.' => escaped.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("\\x{byte:02x}")),
        }
    }
    let drop_in = "share/systemd/user/home-manager.service.d/10-user-activation.conf";
    [
        Path::new("systemd/system").join(format!("home-manager-{escaped}.service")),
        Path::new("profiles/per-user").join(user).join(drop_in),
    ]
}

/// Asks every pointer that is there, the most telling first.
#[must_use]
pub fn pointers(resolver: &Resolver<'_>, home: &Home<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    if let Some((file, start)) = home.service {
        let generation = start
            .map_err(String::clone)
            .and_then(|start| of_service(start).ok_or("its ExecStart names no generation".to_owned()))
            .and_then(|path| generation(resolver, &path));
        said.push(Said { pointer: Pointer::Service, at: file.to_owned(), generation });
    }
    let old = Path::new("/nix/var/nix");
    for (pointer, at) in [
        (Pointer::Root, home.state.join("home-manager/gcroots/current-home")),
        (Pointer::Profile, home.state.join("nix/profiles/home-manager")),
        (Pointer::OldRoot, old.join("gcroots/per-user").join(home.name).join("current-home")),
        (Pointer::OldProfile, old.join("profiles/per-user").join(home.name).join("home-manager")),
    ] {
        match resolver.follow(&at) {
            // It is not there, or the folder that it would be in is not.
            Place::Missing(lost) if resolver.place(&at).is_none_or(|own| own == lost) => {}
            _ => said.push(Said { pointer, generation: generation(resolver, &at), at }),
        }
    }
    said
}

/// Which generation counts. The service of the NixOS module is the configuration itself, and that module keeps no
/// profile; the pointers of old releases count only where there is no newer one.
#[must_use]
pub fn judge(mut said: Vec<Said>) -> Current {
    said.sort_by_key(|one| one.pointer);
    let has = |wanted: &[Pointer]| said.iter().any(|one| wanted.contains(&one.pointer));
    let (by_service, is_new) =
        (has(&[Pointer::Service]), has(&[Pointer::Service, Pointer::Root, Pointer::Profile]));
    said.retain(|one| match one.pointer {
        Pointer::Service | Pointer::Root => true,
        Pointer::Profile => !by_service,
        Pointer::OldRoot | Pointer::OldProfile => !is_new,
    });
    let Some(path) = said.iter().find_map(|one| one.generation.clone().ok()) else {
        return Current::Missing(said);
    };
    let (by, against) = said.into_iter().partition(|one| one.generation.as_ref() == Ok(&path));
    Current::Generation { path, by, against }
}

/// The generation is the argument of the command, or the folder of the `activate` that is the command.
fn of_service(start: &str) -> Option<PathBuf> {
    let mut words = start.split_ascii_whitespace().map(|word| Path::new(word.trim_matches(['"', '\''])));
    let command = words.next()?;
    let path = match words.next() {
        Some(argument) => argument,
        None if command.ends_with("activate") => command.parent()?,
        None => return None,
    };
    store::is_store_path(path).then(|| path.to_owned())
}

/// The generation that a path leads to, without any link; or why there is none. It must be in the store: what is put back
/// from it is nothing that its user changes at will.
pub fn generation(resolver: &Resolver<'_>, path: &Path) -> Result<PathBuf, String> {
    let folder = link::folder(resolver, path)?;
    if store::is_store_path(&folder) {
        Ok(folder)
    } else {
        Err(format!("{} is not in the store", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use std::fs;
    use std::os::unix::fs::symlink;

    const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-home-manager-generation";
    const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-home-manager-generation";

    fn one(pointer: Pointer, generation: Result<&str, &str>) -> Said {
        let generation = generation.map(PathBuf::from).map_err(str::to_owned);
        Said { pointer, at: PathBuf::new(), generation }
    }

    /// The generation, how many agree, how many do not.
    fn judged(said: &[(Pointer, Result<&str, &str>)]) -> Option<(PathBuf, usize, usize)> {
        match judge(said.iter().map(|(pointer, generation)| one(*pointer, *generation)).collect()) {
            Current::Generation { path, by, against } => Some((path, by.len(), against.len())),
            Current::Missing(_) => None,
        }
    }

    #[test]
    fn the_pointers_that_count_are_compared() {
        use Pointer::{OldProfile, OldRoot, Profile, Root, Service};
        let some = |path: &str, by, against| Some((PathBuf::from(path), by, against));
        assert_eq!(judged(&[]), None);
        assert_eq!(judged(&[(Root, Ok(A)), (Profile, Ok(A))]), some(A, 2, 0));
        assert_eq!(judged(&[(Profile, Ok(B)), (Root, Ok(A))]), some(A, 1, 1));
        assert_eq!(judged(&[(Root, Err("gone")), (Profile, Ok(B))]), some(B, 1, 1));
        assert_eq!(judged(&[(Service, Ok(A)), (Root, Ok(A)), (Profile, Ok(B))]), some(A, 2, 0));
        assert_eq!(judged(&[(Service, Ok(A)), (Root, Ok(B))]), some(A, 1, 1));
        assert_eq!(judged(&[(Root, Ok(A)), (OldRoot, Ok(B)), (OldProfile, Ok(B))]), some(A, 1, 0));
        assert_eq!(judged(&[(OldRoot, Ok(B)), (OldProfile, Ok(B))]), some(B, 2, 0));
        assert_eq!(judged(&[(Root, Err("gone"))]), None);
    }

    #[test]
    fn the_service_has_the_escaped_name_of_the_user_and_the_profile_the_plain_one() {
        let [system, _] = services("tim");
        assert_eq!(system, Path::new("systemd/system/home-manager-tim.service"));
        let [system, user] = services(".a-b c");
        assert_eq!(system, Path::new("systemd/system/home-manager-\\x2ea\\x2db\\x20c.service"));
        assert!(user.starts_with("profiles/per-user/.a-b c/share/systemd/user"));
    }

    #[test]
    fn either_form_of_the_service_names_the_generation() {
        let setup = "/nix/store/cccccccccccccccccccccccccccccccc-hm-setup-env";
        for start in [format!("{setup} {A}"), format!("{setup} \"{A}\""), format!("{A}/activate")] {
            assert_eq!(of_service(&start).as_deref(), Some(Path::new(A)), "{start}");
        }
        for start in ["", setup, "/home/tim/activate", "/bin/true /home/tim", A] {
            assert_eq!(of_service(start), None, "{start}");
        }
    }

    #[test]
    fn every_pointer_is_read_inside_the_root() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = oneshot::Root::new(tree.path());
        let at = |path: &str| tree.path().join(path.trim_start_matches('/'));
        let state = Path::new("/home/tim/.local/state");
        let start = format!("/nix/store/cccccccccccccccccccccccccccccccc-hm-setup-env {A}");
        let home = Home { name: "tim", state, service: Some((Path::new("/etc/x"), Ok(&start))) };
        fs::create_dir_all(at(A))?;
        for (link, target) in [
            ("/home/tim/.local/state/home-manager/gcroots/current-home", A),
            ("/home/tim/.local/state/nix/profiles/home-manager", "home-manager-7-link"),
            ("/home/tim/.local/state/nix/profiles/home-manager-7-link", B),
            ("/nix/var/nix/gcroots/per-user/tim/current-home", A),
        ] {
            fs::create_dir_all(at(link).parent().unwrap_or(tree.path()))?;
            symlink(target, at(link))?;
        }
        let said = pointers(&Resolver::new(&root), &home);
        let told: Vec<_> = said.iter().map(|one| (one.pointer, one.generation.is_ok())).collect();
        use Pointer::{OldRoot, Profile, Root, Service};
        assert_eq!(told, [(Service, true), (Root, true), (Profile, false), (OldRoot, true)]);
        // What its user can change is no generation.
        fs::create_dir_all(at("/home/tim/gen/home-files"))?;
        fs::remove_file(at("/home/tim/.local/state/home-manager/gcroots/current-home"))?;
        symlink("/home/tim/gen", at("/home/tim/.local/state/home-manager/gcroots/current-home"))?;
        let said = pointers(&Resolver::new(&root), &home);
        let reason = Err("/home/tim/gen is not in the store".to_owned());
        assert_eq!(said.get(1).map(|one| (one.pointer, &one.generation)), Some((Root, &reason)));
        Ok(())
    }
}
