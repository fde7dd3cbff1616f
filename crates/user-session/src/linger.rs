//! Linger as logind keeps it: an empty file named after the user (systemd `src/login/logind-dbus.c`,
//! `method_set_user_linger`).

use std::fmt::Write as _;

use anyhow::Result;
use oneshot::Root;

/// Where logind keeps the files; read once, at its start.
pub const DIRECTORY: &str = "/var/lib/systemd/linger";

/// The path of a user's linger file.
#[must_use]
pub fn path(name: &str) -> String {
    format!("{DIRECTORY}/{}", escape(name))
}

/// Whether the file exists; logind looks at nothing else.
pub fn is_declared(root: &Root, name: &str) -> Result<bool> {
    root.has(path(name))
}

/// A user name as a file name, as systemd's `cescape` writes it (`src/basic/escape.c`).
#[must_use]
pub fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        let letter = match byte {
            0x07 => 'a',
            0x08 => 'b',
            0x0c => 'f',
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            0x0b => 'v',
            b'\\' | b'"' | b'\'' => char::from(byte),
            b' '..=b'~' => {
                out.push(char::from(byte));
                continue;
            }
            _ => {
                let _ = write!(out, "\\{byte:03o}");
                continue;
            }
        };
        out.push('\\');
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_logind_does() {
        assert_eq!(escape("tim"), "tim");
        assert_eq!(escape("o'dd\"\\"), "o\\'dd\\\"\\\\");
        assert_eq!(escape("nä\t"), "n\\303\\244\\t");
    }
}
