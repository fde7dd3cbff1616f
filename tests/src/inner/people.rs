//! Writing the users of a machine straight into its account files.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::accounts::{TIM, USERS, User};

/// What useradd gives the first user (`SUB_UID_MIN`), and to each (`SUB_UID_COUNT`).
const SUB_ID_FIRST: u32 = 100_000;
const SUB_ID_COUNT: u32 = 65_536;

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
