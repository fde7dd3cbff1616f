//! The people of a machine: the same on every release, written straight into the account files.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

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

/// What useradd gives the first user (`SUB_UID_MIN`), and to each (`SUB_UID_COUNT`).
const SUB_ID_FIRST: u32 = 100_000;
const SUB_ID_COUNT: u32 = 65_536;

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

/// Adds the users to the account files of the machine and makes their homes. Runs inside.
pub(crate) fn write() -> Result<()> {
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    append("/etc/passwd", |user| {
        format!("{}:x:{}:{}:{}:{}:{shell}\n", user.name, user.uid, user.gid, user.name, user.home())
    })?;
    // Neither locked nor expired, and no password opens it: `login -f` needs none.
    append("/etc/shadow", |user| format!("{}:*:20000:0:99999:7:::\n", user.name))?;
    append("/etc/group", |user| match user.gid {
        100 => String::new(),
        gid => format!("{}:x:{gid}:\n", user.name),
    })?;
    for file in ["/etc/subuid", "/etc/subgid"] {
        append(file, |user| {
            let first = SUB_ID_FIRST + (user.uid - TIM.uid) * SUB_ID_COUNT;
            format!("{}:{first}:{SUB_ID_COUNT}\n", user.name)
        })?;
    }
    USERS.into_iter().try_for_each(make_home)
}

fn append(path: &str, line: impl Fn(User) -> String) -> Result<()> {
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {path}")),
    };
    text.extend(USERS.into_iter().map(line));
    fs::write(path, text).with_context(|| format!("writing {path}"))
}

fn make_home(user: User) -> Result<()> {
    let home = user.home();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create("/home")
        .and_then(|()| fs::DirBuilder::new().mode(0o700).create(&home))
        // No message of the day on a login.
        .and_then(|()| fs::write(Path::new(&home).join(".hushlogin"), ""))
        .and_then(|()| chown(&home, Some(user.uid), Some(user.gid)))
        .with_context(|| format!("making {home}"))
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
