//! The people of a machine: the same on every release.

use std::path::{Path, PathBuf};

/// Somebody who can log in. Only plain values, so that tests can compare with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: &'static str,
    /// User id.
    pub uid: u32,
    /// Primary group, on purpose not always the uid.
    pub gid: u32,
}

/// The everyday user. The primary group is `users`: 1000:100, as Nix declares it.
pub const TIM: User = User { name: "tim", uid: 1000, gid: 100 };
/// Another user, whose group is her own.
pub const ANN: User = User { name: "ann", uid: 1001, gid: 1001 };
/// A name with all that systemd's relaxed rules allow, and that a linger file has to escape.
pub const ODD: User = User { name: "o'dd-näme.x", uid: 1002, gid: 1002 };
/// All of them.
pub const USERS: [User; 3] = [TIM, ANN, ODD];

/// Where logind looks for linger files (systemd `src/login/logind.c`).
pub(crate) const LINGER: &str = "/var/lib/systemd/linger";

impl User {
    /// The home directory.
    pub fn home(self) -> String {
        format!("/home/{}", self.name)
    }

    /// The runtime directory that logind makes.
    pub fn runtime_dir(self) -> String {
        format!("/run/user/{}", self.uid)
    }

    /// The linger file (systemd `src/login/logind-dbus.c`: `cescape` of the name).
    pub fn linger_file(self) -> PathBuf {
        Path::new(LINGER).join(cescape(self.name))
    }
}

/// The user of a name, or `None` for root and the unknown.
pub(crate) fn find(name: &str) -> Option<User> {
    USERS.into_iter().find(|user| user.name == name)
}

/// `cescape` of systemd (`src/basic/escape.c`): C escapes, and octal for what is not printable ASCII.
fn cescape(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        match byte {
            b'\\' | b'"' | b'\'' => escaped.extend(['\\', char::from(byte)]),
            b' '..=b'~' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("\\{byte:03o}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linger_file_is_named_as_logind_names_it() {
        assert_eq!(TIM.linger_file(), Path::new("/var/lib/systemd/linger/tim"));
        assert_eq!(ODD.linger_file(), Path::new("/var/lib/systemd/linger/o\\'dd-n\\303\\244me.x"));
    }
}
