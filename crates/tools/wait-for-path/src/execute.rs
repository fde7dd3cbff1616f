//! The command in the place of this process, as it would have been executed without it.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result};
use nix::errno::Errno;
use nix::unistd::execv;
use oneshot::text::quoted;
use oneshot::{Exit, refuse};

use crate::sys;

/// Where execvp(3) looks for programs without a `PATH`.
const DEFAULT: &str = "/bin:/usr/bin";

/// Executes a command; comes back with why it could not be. Environment, descriptors and blocked signals are the caller's,
/// and so is what SIGPIPE does.
pub(crate) fn execute(program: &OsStr, command: &[OsString]) -> Error {
    match try_execute(program, command) {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

fn try_execute(program: &OsStr, command: &[OsString]) -> Result<Infallible> {
    let argv = command.iter().map(|word| CString::new(word.as_bytes()));
    let argv = argv.collect::<Result<Vec<_>, _>>().context("reading the command")?;
    let places = places(program, std::env::var_os("PATH"));
    let name = quoted(&program.to_string_lossy());
    // Whoever reads what is told of a failure may have gone: that must not end this process.
    let _as_it_was = sys::PipeSignal::give_back().context("giving SIGPIPE back")?;
    let mut denied = None;
    for place in &places {
        let path = CString::new(place.as_os_str().as_bytes()).context("reading the command")?;
        match execv(&path, &argv) {
            Ok(never) => match never {},
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            // execvp(3) looks on as well.
            Err(Errno::EACCES) => denied = Some(place),
            Err(Errno::ENOEXEC) => {
                let text = format!("executing {name}: no format that is known here; a script begins with #!");
                return Err(refuse(Exit::Config, text));
            }
            Err(error) => return Err(error).with_context(|| format!("executing {name}")),
        }
    }
    Err(match denied {
        Some(place) => {
            let text =
                format!("executing {}: it may not be executed (EACCES)", quoted(&place.to_string_lossy()));
            refuse(Exit::NoPermission, text)
        }
        None => refuse(Exit::Unavailable, format!("executing {name}: {}", absent(program, &places))),
    })
}

/// The files that a program may be, in the order in which they are tried (execvp(3)): a name with a slash is a path.
fn places(program: &OsStr, path: Option<OsString>) -> Vec<PathBuf> {
    if program.is_empty() || program.as_bytes().contains(&b'/') {
        return vec![PathBuf::from(program)];
    }
    let path = path.unwrap_or_else(|| DEFAULT.into());
    // An empty folder is the one that this process is in.
    std::env::split_paths(&path).map(|folder| folder.join(program)).collect()
}

fn absent(program: &OsStr, places: &[PathBuf]) -> String {
    if places.iter().any(|place| place.exists()) {
        return "what interprets or loads it is not there".to_owned();
    }
    if places == [Path::new(program)] {
        return "it is not there".to_owned();
    }
    let folders: Vec<_> = places.iter().filter_map(|place| place.parent()).collect();
    let folders: Vec<_> = folders.iter().map(|folder| folder.to_string_lossy()).collect();
    format!("it is in no folder of PATH ({})", oneshot::text::printable(&folders.join(":")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_as_execvp_does() {
        let of = |program: &str, path: Option<&str>| {
            places(OsStr::new(program), path.map(OsString::from))
                .iter()
                .map(|place| place.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("sh", Some("/a:/b")), ["/a/sh", "/b/sh"]);
        assert_eq!(of("sh", Some("/a::b")), ["/a/sh", "sh", "b/sh"]);
        assert_eq!(of("sh", Some("")), ["sh"]);
        assert_eq!(of("sh", None), ["/bin/sh", "/usr/bin/sh"]);
        assert_eq!(of("./sh", Some("/a")), ["./sh"]);
        assert_eq!(of("", Some("/a")), [""]);
    }
}
