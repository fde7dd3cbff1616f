//! What stands in files and breaks the session, now or with the next switch.

use oneshot::{Finding, Status};
use user_session::causes;
use user_session::fstab::Entry;

use crate::facts::{Facts, Next, Place};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = stray(facts);
    found.extend(overrides(facts));
    found.push(next_system(facts));
    found
}

/// A cause whose effect is mended for now is still worth a warning.
fn grave(facts: &Facts) -> Status {
    if facts.is_up() && facts.sockets.bus.listens() { Status::Warn } else { Status::Fail }
}

fn stray(facts: &Facts) -> Vec<Finding> {
    if facts.causes.stray.is_empty() {
        return vec![Finding::ok("fstab-stray", "no entry of /etc/fstab stands in the way")];
    }
    let entries = facts.causes.stray.iter().map(|entry| {
        let (cause, hints) = causes::stray_entry(entry, &facts.host);
        Finding::new(grave(facts), "fstab-stray", cause).shape("RF1").hints(hints)
    });
    entries.collect()
}

fn overrides(facts: &Facts) -> Vec<Finding> {
    let overrides = &facts.causes.overrides;
    let status =
        if matches!(facts.directory.place, Ok(Place::Missing)) { Status::Fail } else { grave(facts) };
    let mut found = Vec::new();
    let mut tell = |text: String, file: &str| {
        let finding = Finding::new(status, "runtime-dir-override", text).shape("RF5");
        found.push(finding.hint(causes::override_hint(file, &facts.host)));
    };
    if let Some(mask) = &overrides.mask {
        let mask = mask.display().to_string();
        tell(causes::mask_cause(&mask), &mask);
    }
    for set in &overrides.settings {
        if let Some(fault) = causes::override_fault(&set.key, &set.value) {
            let file = set.file.display().to_string();
            tell(causes::override_cause(&file, set.line, (&set.key, &set.value), fault), &file);
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(
            "runtime-dir-override",
            "nothing replaces what user-runtime-dir@.service does",
        ));
    }
    found
}

/// Would a switch unmount the directory of the running session? switch-to-configuration stops the mount unit of an
/// entry that is gone or has another source or type, starts one that is new, and remounts one with other options.
fn next_system(facts: &Facts) -> Finding {
    let Some(next) = &facts.causes.next else {
        return Finding::skip("next-system", "there is no next system to compare with");
    };
    let system = next.system.display();
    if next.is_running {
        return Finding::ok("next-system", format!("{system} is the running system"));
    }
    let now = &facts.causes.stray;
    let gone = now.iter().find(|entry| !next.stray.iter().any(|other| is_same_mount(entry, other)));
    let new = next.stray.iter().find(|entry| !now.iter().any(|other| is_same_mount(entry, other)));
    let changed = now.iter().find(|entry| is_remounted(entry, next));
    let (text, entry) = match (gone, new, changed) {
        (Some(gone), _, _) => (format!("a switch to {system} unmounts {}", gone.point), gone),
        (_, Some(new), _) => {
            (format!("a switch to {system} mounts {} over the live directory", new.point), new)
        }
        (_, _, Some(changed)) => {
            return Finding::warn("next-system", format!("a switch to {system} remounts {}", changed.point))
                .shape("RF1");
        }
        _ => {
            return Finding::ok(
                "next-system",
                format!("a switch to {system} leaves the live directory alone"),
            );
        }
    };
    let (_, hints) = causes::stray_entry(entry, &facts.host);
    let finding = Finding::fail("next-system", text).shape("RF1");
    match gone {
        // The entry is deleted already: what is left is how to apply it.
        Some(_) => finding.hint(causes::apply_without_switch(&facts.host)),
        None => finding.hints(hints),
    }
}

fn is_same_mount(one: &Entry, other: &Entry) -> bool {
    (&one.point, &one.source, &one.fstype) == (&other.point, &other.source, &other.fstype)
}

fn is_remounted(entry: &Entry, next: &Next) -> bool {
    next.stray.iter().any(|other| is_same_mount(entry, other) && entry.options != other.options)
}
