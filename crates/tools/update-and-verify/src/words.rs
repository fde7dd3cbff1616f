//! How each matter is told. Reads nothing.

use oneshot::text::{printable, tail};
use oneshot::{Exit, Finding};

use crate::matter::{After, Bad, Failed, Matter, Missed, Omission, Whose};

/// The finding of a matter. `systemctl`: how an admin asks the manager of the units, such as `systemctl --user`.
#[must_use]
pub fn finding(matter: &Matter, systemctl: &str) -> Finding {
    let finding = of(matter, systemctl);
    match matter.exit() {
        Exit::Ok => finding,
        exit => finding.exits(exit),
    }
}

fn of(matter: &Matter, systemctl: &str) -> Finding {
    match matter {
        Matter::Updated { whose, after } => {
            let how = match after {
                After::Reload => "was renewed by the reload of its unit",
                After::Silence => "was made anew before the time was up",
                _ => "was updated",
            };
            Finding::ok("updated", format!("{} {how} and is good ({})", name(whose), image(whose)))
                .about(subject(whose))
        }
        Matter::NothingNew(count) => {
            Finding::ok("nothing-new", format!("{count} with a policy looked at: there is no newer image"))
        }
        Matter::NoPolicy { down } => no_policy(*down),
        Matter::RolledBack { whose, is_asked_again } => rolled_back(whose, *is_asked_again, systemctl),
        Matter::StillRolledBack { whose, since } => {
            let when = oneshot::clock::date(*since);
            let text = format!(
                "{} still runs the image that it was rolled back to on {when} ({})",
                name(whose),
                image(whose)
            );
            Finding::warn("still-rolled-back", text)
                .about(subject(whose))
                .hint("the next image that starts ends this; podman auto-update itself shows nothing of it")
        }
        Matter::Unmoved { whose, by } => {
            let text = format!(
                "{} stays on its image: the rollback of {} took the name {} back before it had its turn",
                name(whose),
                printable(by),
                image(whose)
            );
            Finding::warn("rollback-shared", text).about(subject(whose)).shape("UF3")
        }
        Matter::Bad(it) => bad(it),
        Matter::Undecided { whose, why } => {
            Finding::fail("container-state", format!("{} is undecided: {why}", name(whose)))
                .about(subject(whose))
                .hint(format!(
                    "podman inspect {} tells more; --timeout gives it longer",
                    printable(&whose.container)
                ))
        }
        Matter::OldImage(whose) => old_image(whose, systemctl),
        Matter::Failed(it) => failed(it),
        Matter::Unknown { whose, word } => {
            let text = format!("podman says {word:?} of {}, which is not known here", name(whose));
            Finding::fail("update-failed", text).about(subject(whose))
        }
        Matter::Error(words) => {
            Finding::fail("update-error", format!("podman auto-update says: {}", printable(words)))
        }
        Matter::Unasked(whose) => {
            let text = format!(
                "whether there is a newer {} for {} is known only after a pull, which a dry run does not do",
                image(whose),
                name(whose)
            );
            Finding::skip("stack-unasked", text).about(subject(whose))
        }
        Matter::LeftOut { whose, why } => left_out(whose, why, systemctl),
        Matter::Missed { unit, why } => missed(unit, why),
        Matter::DependentDown { unit, of, state, is_moving } => {
            let way = if *is_moving { ", on its way" } else { "" };
            let text = format!("{} went down with {} and is {state}{way}", printable(unit), printable(of));
            Finding::fail("dependent-down", text)
                .about(unit)
                .shape("UF8")
                .hint(format!("{systemctl} start {}", printable(unit)))
        }
        Matter::UnitDown { unit, state, .. } => {
            let text = format!("the container of {0} is good, and {0} is {state}", printable(unit));
            Finding::fail("unit-state", text)
                .about(unit)
                .hint(format!("{systemctl} status {}", printable(unit)))
        }
        Matter::TimeUp { moving } => time_up(moving, systemctl),
        Matter::Reload { unit, reasons, hints, .. } => {
            let text = format!("the reload of {} did not work: {}", printable(unit), reasons.join("; "));
            let journalctl = systemctl.replace("systemctl", "journalctl");
            Finding::fail("stack-reload", text)
                .about(unit)
                .hints(hints.iter().cloned())
                .hint(format!("{journalctl} -u {} tells more", printable(unit)))
        }
        Matter::LostPull { images, words } => {
            let text =
                format!("{} could not be fetched: {}", printable(&images.join(", ")), printable(words));
            Finding::fail("stack-pull", text)
        }
    }
}

/// A container and its unit.
fn name(whose: &Whose) -> String {
    let container = printable(&whose.container);
    match &whose.unit {
        Some(unit) => format!("{container} ({})", printable(unit)),
        None => container,
    }
}

fn subject(whose: &Whose) -> &str {
    whose.unit.as_deref().unwrap_or(&whose.container)
}

fn image(whose: &Whose) -> String {
    printable(&whose.image)
}

fn no_policy(down: usize) -> Finding {
    let text = match down {
        0 => "nothing to update: no container has the label io.containers.autoupdate".to_owned(),
        count => format!(
            "nothing to update: {count} with the label io.containers.autoupdate, and none of them runs"
        ),
    };
    Finding::skip("no-policy", text)
        .shape("UF6")
        .hint("AutoUpdate=registry in a .container file asks for updates; --expect UNIT makes it a failure when there are none")
}

fn rolled_back(whose: &Whose, is_asked_again: bool, systemctl: &str) -> Finding {
    let next = if is_asked_again {
        "every further run tries it again, as long as the registry has it"
    } else {
        "its next run will not show it"
    };
    let journalctl = systemctl.replace("systemctl", "journalctl");
    let text = format!(
        "{} was rolled back: its unit did not start with the newer {}; podman auto-update calls that a success, and \
         {next}",
        name(whose),
        image(whose)
    );
    let finding = Finding::fail("rolled-back", text).about(subject(whose)).shape("UF1");
    match &whose.unit {
        Some(unit) => finding.hint(format!("why it did not start: {journalctl} -u {}", printable(unit))),
        None => finding,
    }
}

fn bad(bad: &Bad) -> Finding {
    let Bad { whose, after, why, was_so, counts, notes } = bad;
    let (whose_name, why) = (name(whose), printable(why));
    let (text, shape) = match after {
        _ if *was_so => (format!("{whose_name} {why}, as before this run, which did not touch it"), None),
        After::Update => (format!("podman calls {whose_name} updated, and it {why}"), Some("UF2")),
        After::Rollback => {
            (format!("{whose_name} was rolled back to an image that is bad itself: it {why}"), Some("UF4"))
        }
        After::Reload => (format!("{whose_name} was renewed, and it {why}"), Some("UF2")),
        After::Nothing => (format!("{whose_name} was not updated, and it {why}"), None),
        After::Silence => (format!("{whose_name} {why}"), Some("UF2")),
    };
    let finding = if *was_so || !*counts {
        Finding::warn("container-state", text)
    } else {
        Finding::fail("container-state", text)
    };
    let finding = match shape {
        Some(shape) => finding.shape(shape),
        None => finding,
    };
    finding.about(subject(whose)).hints(notes.iter().cloned())
}

fn old_image(whose: &Whose, systemctl: &str) -> Finding {
    let text = format!(
        "podman calls {} updated, and it still runs the image from before, which is not {} any more",
        name(whose),
        image(whose)
    );
    let finding = Finding::fail("old-image", text).about(subject(whose)).shape("UF2");
    match &whose.unit {
        Some(unit) => finding.hint(format!(
            "a start of {0} does not make the container anew; {systemctl} cat {0} shows what it runs",
            printable(unit)
        )),
        None => finding,
    }
}

fn failed(failed: &Failed) -> Finding {
    let Failed { whose, errors, now, updated } = failed;
    let mut text = format!("{} was not updated", name(whose));
    if !errors.is_empty() {
        text.push_str(": ");
        text.push_str(&tail(errors.join("\n").as_bytes(), 1024));
    }
    if let Some(now) = now {
        text.push_str(&format!("; it {}", printable(now)));
    }
    let finding = Finding::fail("update-failed", text).about(subject(whose));
    if updated.is_empty() {
        return finding;
    }
    finding.shape("UF5").hint(format!("updated in the same run: {}", printable(&updated.join(", "))))
}

fn left_out(whose: &Whose, why: &Omission, systemctl: &str) -> Finding {
    let (text, hint) = match why {
        Omission::Down { has_unit } => (
            "does not run, so podman passes over it".to_owned(),
            match &whose.unit {
                Some(unit) if *has_unit => Some(format!("{systemctl} start {}", printable(unit))),
                Some(unit) => Some(format!("its unit {} does not exist", printable(unit))),
                None => None,
            },
        ),
        Omission::Error(error) => (
            format!("has a policy, and podman cannot update it: {}", printable(error)),
            Some("a container is updated by its unit: run it by a Quadlet file".to_owned()),
        ),
        Omission::NoStack { project, unit } => {
            let project = printable(project);
            let flaw = unit.as_deref().map_or("no unit is named in its labels".to_owned(), printable);
            (
                format!("is of the compose project {project}, which nothing updates: {flaw}"),
                Some(format!(
                    "run the project by apply-and-verify in a unit with ExecReload=, such as podman-stack@{project}.service: \
                     {systemctl} enable --now podman-stack@{project}.service"
                )),
            )
        }
        Omission::NoUnit => (
            "has no newer image, and an update would fail: its unit does not exist".to_owned(),
            Some("the label PODMAN_SYSTEMD_UNIT names the unit that starts the container".to_owned()),
        ),
        Omission::Silence => ("has a policy, and podman says nothing of it".to_owned(), None),
    };
    let text = format!("{} {text}", name(whose));
    let finding = match why.exit() {
        Exit::Ok => Finding::warn("left-out", text),
        _ => Finding::fail("left-out", text),
    };
    finding.about(subject(whose)).shape("UF7").hints(hint)
}

fn missed(unit: &str, why: &Missed) -> Finding {
    let why = match why {
        Missed::NoUnit => "there is no such unit".to_owned(),
        Missed::NoContainer => "no container names it in its label PODMAN_SYSTEMD_UNIT".to_owned(),
        Missed::NoPolicy(container) => {
            format!("its container {} has no label io.containers.autoupdate", printable(container))
        }
        Missed::Down(container) => format!("its container {} does not run", printable(container)),
        Missed::Other(container) => format!("its container {} was left out", printable(container)),
    };
    Finding::fail("expected-unit", format!("{} was to be looked at, and was not: {why}", printable(unit)))
        .about(unit)
        .shape("UF7")
}

fn time_up(moving: &[(String, String)], systemctl: &str) -> Finding {
    let text = "podman auto-update was not done when the time was up, and was ended".to_owned();
    let names: Vec<String> =
        moving.iter().map(|(name, state)| format!("{} is {state}", printable(name))).collect();
    let text = if names.is_empty() { text } else { format!("{text}; {}", names.join(", ")) };
    let subject: Vec<&str> = moving.iter().map(|(name, _)| name.as_str()).collect();
    let finding = Finding::fail("update-timeout", text).shape("UF9");
    if moving.is_empty() {
        return finding
            .hint("a pull that takes long, or a unit that starts for long: --timeout gives it more");
    }
    finding.about(subject.join(" ")).hints([
        format!("a job of systemd goes on: {systemctl} list-jobs"),
        "nobody rolls back any more if it fails; TimeoutStartSec= of the unit bounds it".to_owned(),
    ])
}
