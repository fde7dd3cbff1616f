//! The commands that cure, worded once.

use std::path::Path;

use oneshot::text;
use provenance::Whose;
use provenance::facts::HostFacts;

/// Puts links back and makes the manager read its files; starts and stops nothing.
pub(super) fn mend(host: &HostFacts, unit: &str) -> String {
    format!("fix-unit-provenance{} {}", whose(host), text::word(unit))
}

/// Makes the manager read all unit files again; starts and stops nothing.
pub(super) fn reload(host: &HostFacts) -> String {
    format!("fix-unit-provenance{} --reload", whose(host))
}

fn whose(host: &HostFacts) -> String {
    match &host.whose {
        Whose::System => " --system".to_owned(),
        Whose::User(person) if person.is_caller => " --user".to_owned(),
        Whose::User(person) => format!(" --user={}", text::word(&person.homes.name)),
    }
}

/// Takes away what is in the way.
pub(super) fn remove(path: &Path) -> String {
    format!("rm {}", word(path))
}

/// A path as a shell takes it.
pub(super) fn word(path: &Path) -> String {
    text::word(&path.to_string_lossy())
}
