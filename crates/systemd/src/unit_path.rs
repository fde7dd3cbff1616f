//! The directories that a manager reads units from, the one that wins first (systemd.unit(5), "Unit File Load Path").

use std::path::{Path, PathBuf};

use crate::files::SYSTEM_PATHS;

/// A user's directories, from which the path of the user's manager is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Homes {
    /// Login name.
    pub name: String,
    /// The home directory.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`.
    pub config: PathBuf,
    /// `$XDG_DATA_HOME`.
    pub data: PathBuf,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime: PathBuf,
}

impl Homes {
    /// The directories where no variable says otherwise (XDG Base Directory Specification; file-hierarchy(7)).
    #[must_use]
    pub fn standard(name: &str, home: impl Into<PathBuf>, uid: u32) -> Self {
        let home = home.into();
        Self {
            name: name.to_owned(),
            config: home.join(".config"),
            data: home.join(".local/share"),
            runtime: PathBuf::from(format!("/run/user/{uid}")),
            home,
        }
    }
}

/// Who writes to a directory of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// `systemctl set-property` and `systemctl edit --runtime`'s kin: `*.control`.
    Control,
    /// `systemd-run` and others over the bus.
    Transient,
    /// A generator, anew at each reload.
    Generator,
    /// Whoever configures the host: `/etc`.
    Admin,
    /// The user.
    User,
    /// Until the next boot: `/run`.
    Runtime,
    /// Packages.
    Vendor,
}

/// The path of the system manager, where it cannot be asked.
#[must_use]
pub fn of_system() -> Vec<PathBuf> {
    SYSTEM_PATHS.iter().map(PathBuf::from).collect()
}

/// The path of a user's manager, where it cannot be asked: that of systemd 252 to 262 (`user_dirs()` in
/// src/libsystemd/sd-path/path-lookup.c), with the profiles that NixOS has in `XDG_DATA_DIRS`.
#[must_use]
pub fn of_user(homes: &Homes) -> Vec<PathBuf> {
    let mut path = Vec::new();
    for (base, below) in [
        (&homes.config, "systemd/user.control"),
        (&homes.runtime, "systemd/user.control"),
        (&homes.runtime, "systemd/transient"),
        (&homes.runtime, "systemd/generator.early"),
        (&homes.config, "systemd/user"),
        (&homes.config, "systemd/user.attached"),
    ] {
        path.push(base.join(below));
    }
    path.extend(["/etc/xdg/systemd/user", "/etc/systemd/user"].map(PathBuf::from));
    path.extend(["systemd/user", "systemd/user.attached"].map(|below| homes.runtime.join(below)));
    path.push(PathBuf::from("/run/systemd/user"));
    path.push(homes.runtime.join("systemd/generator"));
    path.push(homes.data.join("systemd/user"));
    let shares = [
        homes.home.join(".nix-profile/share"),
        Path::new("/etc/profiles/per-user").join(&homes.name).join("share"),
        PathBuf::from("/nix/var/nix/profiles/default/share"),
        PathBuf::from("/run/current-system/sw/share"),
        PathBuf::from("/usr/local/share"),
        PathBuf::from("/usr/share"),
        PathBuf::from("/usr/local/lib"),
        PathBuf::from("/usr/lib"),
    ];
    path.extend(shares.map(|share| share.join("systemd/user")));
    path.push(homes.runtime.join("systemd/generator.late"));
    path
}

/// The user's own directory on a path that the manager told: the one beside `user.control`, wherever
/// `$XDG_CONFIG_HOME` is.
#[must_use]
pub fn own_directory(path: &[PathBuf]) -> Option<PathBuf> {
    let control = path.iter().find(|directory| directory.ends_with("systemd/user.control"))?;
    let own = control.with_file_name("user");
    path.contains(&own).then_some(own)
}

impl Keeper {
    /// Who writes to a directory of a unit path, by its name.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let name = directory.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        let is_below = |top: &str| directory.starts_with(top);
        match name {
            "user.control" | "system.control" => Self::Control,
            "transient" => Self::Transient,
            "generator" | "generator.early" | "generator.late" => Self::Generator,
            _ if is_below("/etc/profiles") || is_below("/run/current-system") => Self::Vendor,
            _ if is_below("/etc") => Self::Admin,
            _ if is_below("/run") => Self::Runtime,
            _ if is_below("/usr") || is_below("/lib") || is_below("/nix") => Self::Vendor,
            _ if directory.components().any(|part| part.as_os_str() == ".nix-profile") => Self::Vendor,
            _ => Self::User,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tim() -> Homes {
        Homes::standard("tim", "/home/tim", 1000)
    }

    #[test]
    fn what_every_release_told_is_on_the_computed_path_in_that_order() {
        let computed = of_user(&tim());
        for told in [
            "/home/tim/.config/systemd/user.control /run/user/1000/systemd/user.control \
             /run/user/1000/systemd/transient /run/user/1000/systemd/generator.early /home/tim/.config/systemd/user \
             /etc/xdg/systemd/user /etc/systemd/user /run/user/1000/systemd/user /run/systemd/user \
             /run/user/1000/systemd/generator /home/tim/.local/share/systemd/user /usr/local/share/systemd/user \
             /usr/share/systemd/user /usr/local/lib/systemd/user /usr/lib/systemd/user \
             /run/user/1000/systemd/generator.late",
            "/home/tim/.config/systemd/user.control /run/user/1000/systemd/user.control \
             /run/user/1000/systemd/transient /run/user/1000/systemd/generator.early /home/tim/.config/systemd/user \
             /home/tim/.config/systemd/user.attached /etc/systemd/user /run/user/1000/systemd/user \
             /run/user/1000/systemd/user.attached /run/systemd/user /run/user/1000/systemd/generator \
             /home/tim/.local/share/systemd/user /usr/local/share/systemd/user /usr/share/systemd/user \
             /usr/local/lib/systemd/user /usr/lib/systemd/user /run/user/1000/systemd/generator.late",
        ] {
            let told: Vec<PathBuf> = told.split_ascii_whitespace().map(PathBuf::from).collect();
            let places: Vec<_> =
                told.iter().map(|one| computed.iter().position(|other| other == one)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
        }
    }

    #[test]
    fn the_own_directory_is_where_the_manager_has_its_configuration() {
        let path =
            ["/c/systemd/user.control", "/r/systemd/transient", "/c/systemd/user", "/etc/systemd/user"];
        let path: Vec<PathBuf> = path.iter().map(PathBuf::from).collect();
        assert_eq!(own_directory(&path), Some(PathBuf::from("/c/systemd/user")));
        assert_eq!(own_directory(&of_system()), None);
    }

    #[test]
    fn a_directory_tells_who_writes_to_it() {
        let keepers: Vec<Keeper> = of_user(&tim()).iter().map(|directory| Keeper::of(directory)).collect();
        use Keeper::{Admin, Control, Generator, Runtime, Transient, User, Vendor};
        let expected = [
            Control, Control, Transient, Generator, User, User, Admin, Admin, Runtime, Runtime, Runtime,
            Generator, User, Vendor, Vendor, Vendor, Vendor, Vendor, Vendor, Vendor, Vendor, Generator,
        ];
        assert_eq!(keepers, expected);
    }
}
