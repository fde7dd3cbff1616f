//! The commands that cure, worded once.

use std::path::Path;

use oneshot::text::printable;
use provenance::facts::HostFacts;

/// Makes the manager read all unit files again; starts and stops nothing.
pub(super) fn reload(host: &HostFacts) -> String {
    format!("{} daemon-reload", host.whose.systemctl())
}

/// Puts the link of a generation in its place.
pub(super) fn link(path: &Path, source: &Path) -> String {
    format!("ln -sfT {} {}", word(source), word(path))
}

/// Moves what a person may want to keep out of the way.
pub(super) fn put_aside(path: &Path) -> String {
    format!("mv {0} {0}.backup", word(path))
}

/// Takes away what is in the way.
pub(super) fn remove(path: &Path) -> String {
    format!("rm {}", word(path))
}

/// A path as a shell takes it.
pub(super) fn word(path: &Path) -> String {
    let text = printable(&path.to_string_lossy());
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:=,%~".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
