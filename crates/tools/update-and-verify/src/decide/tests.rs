use std::collections::BTreeMap;

use anyhow::Result;
use oneshot::Exit;
use podman::auto_update::{Run, rows};
use stack::judge::Wait;

use super::*;
use crate::facts::Units;
use crate::matter::exit;

mod omissions;
mod reloads;

macro_rules! recorded {
    ($name:literal) => {
        include_bytes!(concat!("../../../../podman/src/fixtures/auto-update/", $name, ".json"))
    };
}

const NOOP: &[u8] = recorded!("noop-5.4.2");
const DRY: &[u8] = recorded!("dry-5.4.2");
const OK: &[u8] = recorded!("ok-5.4.2");
const BAD_EXIT: &[u8] = recorded!("bad-exit-5.4.2");
const BAD_NO_COMMAND: &[u8] = recorded!("bad-nocmd-5.4.2");
const BAD_NO_ROLLBACK: &[u8] = recorded!("bad-norollback-5.4.2");
const BAD_UNHEALTHY: &[u8] = recorded!("bad-unhealthy-5.4.2");
const IMAGE_MISSING: &[u8] = recorded!("image-missing-5.4.2");

const UNHEALTHY: State = State::Failed(Failure::Unhealthy { streak: 3 });

/// What podman said, with everything up and every container that it touched made anew on the image `new`.
fn facts(output: &[u8], errors: &[&str]) -> Result<Facts> {
    let rows = rows(output)?;
    let before: Vec<Known> = rows
        .iter()
        .map(|row| Known {
            id: row.id.clone(),
            name: row.name.clone(),
            image: "old".to_owned(),
            image_name: row.image.clone(),
            policy: Some(Policy::Local),
            unit: Some(row.unit.clone()),
            is_running: true,
            ..Known::default()
        })
        .collect();
    let after = rows
        .iter()
        .map(|row| Now {
            id: if row.updated == Updated::No { row.id.clone() } else { format!("new-{}", row.name) },
            name: row.name.clone(),
            image: if row.updated == Updated::Yes { "new" } else { "old" }.to_owned(),
            state: State::Good,
            notes: Vec::new(),
        })
        .collect();
    let units: Units = rows.iter().map(|row| (row.unit.clone(), up())).collect();
    let end = End::Code(if errors.is_empty() { 0 } else { 125 });
    let errors = errors.iter().map(|error| (*error).to_owned()).collect();
    Ok(Facts {
        before,
        units_before: units.clone(),
        run: Run { rows, errors, end },
        after,
        units_after: units,
        current: BTreeMap::new(),
        reloads: Vec::new(),
        lost_pulls: Vec::new(),
        expect: Vec::new(),
        is_dry: false,
        is_verified: true,
    })
}

fn up() -> UnitState {
    UnitState { exists: true, is_up: true, summary: "active (running)".to_owned(), ..UnitState::default() }
}

fn down() -> UnitState {
    UnitState { exists: true, summary: "failed (failed)".to_owned(), ..UnitState::default() }
}

fn set(facts: &mut Facts, name: &str, state: State) {
    facts.after.iter_mut().filter(|now| now.name == name).for_each(|now| now.state = state.clone());
}

/// The shapes of the matters with the containers or units that they are about, and what the run exits with.
fn told(facts: &Facts) -> (Vec<String>, Exit) {
    let matters = decide(facts);
    let findings = matters.iter().map(|matter| crate::words::finding(matter, "systemctl"));
    let told = findings
        .map(|finding| {
            let subject = finding.subject.as_deref().unwrap_or("-").to_owned();
            format!("{} {} {subject} {}", finding.status, finding.id, finding.shape.unwrap_or("-"))
        })
        .collect();
    (told, exit(&matters))
}

fn is(facts: &Facts, expected: &[&str], code: Exit) {
    let (mut told, exit) = told(facts);
    told.sort();
    let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    expected.sort();
    assert_eq!((told, exit), (expected, code));
}

#[test]
fn what_podman_said_and_was_true_is_in_order() -> Result<()> {
    is(&facts(NOOP, &[])?, &["ok nothing-new - -"], Exit::Ok);
    let updated = ["ok updated app.service -", "ok updated app2.service -", "ok nothing-new - -"];
    is(&facts(OK, &[])?, &updated, Exit::Ok);
    let dry = Facts { is_dry: true, after: Vec::new(), ..facts(DRY, &[])? };
    is(&dry, &["ok nothing-new - -"], Exit::Ok);
    assert!(to_watch(&dry).is_empty() && to_watch(&facts(NOOP, &[])?).is_empty());
    assert_eq!(to_watch(&facts(BAD_EXIT, &[])?).len(), 2, "app2 has the same image");
    Ok(())
}

#[test]
fn a_rollback_is_one_and_names_whose_image_it_took_away() -> Result<()> {
    let lines =
        ["fail rolled-back app.service UF1", "warn rollback-shared app2.service UF3", "ok nothing-new - -"];
    is(&facts(BAD_EXIT, &[])?, &lines, Exit::Contradicted);
    let both =
        ["fail rolled-back app.service UF1", "fail rolled-back app2.service UF1", "ok nothing-new - -"];
    is(&facts(BAD_NO_COMMAND, &[])?, &both, Exit::Contradicted);
    Ok(())
}

#[test]
fn a_failure_wins_over_a_rollback_and_that_over_what_is_undecided() -> Result<()> {
    // As it was: app2 runs on, unhealthy, on the image from which app was rolled back.
    let mut sick = facts(BAD_UNHEALTHY, &[])?;
    set(&mut sick, "app2", UNHEALTHY);
    let lines =
        ["fail rolled-back app.service UF1", "fail container-state app2.service UF2", "ok nothing-new - -"];
    is(&sick, &lines, Exit::Failed);
    // As it was: app2 was rolled back to the unhealthy image.
    let mut worse = facts(BAD_NO_COMMAND, &[])?;
    set(&mut worse, "app2", UNHEALTHY);
    let both = ["fail rolled-back app.service UF1", "fail rolled-back app2.service UF1"];
    let lines = [both[0], both[1], "fail container-state app2.service UF4", "ok nothing-new - -"];
    is(&worse, &lines, Exit::Failed);
    set(&mut worse, "app2", State::Waiting(Wait::Health(1)));
    let lines = [both[0], both[1], "fail container-state app2.service -", "ok nothing-new - -"];
    is(&worse, &lines, Exit::Contradicted);
    let mut slow = facts(OK, &[])?;
    set(&mut slow, "app2", State::Waiting(Wait::Health(1)));
    let lines = ["ok updated app.service -", "fail container-state app2.service -", "ok nothing-new - -"];
    is(&slow, &lines, Exit::Undecided);
    Ok(())
}

#[test]
fn every_error_of_podman_is_told_once() -> Result<()> {
    let errors = [
        "restarting unit app2.service during update: error restarting systemd unit \"app2.service\" expected \"done\" but received \"failed\"",
        "restarting unit app.service during update: error restarting systemd unit \"app.service\" expected \"done\" but received \"failed\"",
    ];
    let mut failed = facts(BAD_NO_ROLLBACK, &errors)?;
    failed.after.clear();
    let lines =
        ["fail update-failed app.service -", "fail update-failed app2.service -", "ok nothing-new - -"];
    is(&failed, &lines, Exit::Failed);
    let error = "checking image updates for container 57225404c514c5b7634803b0eccdb18518ae1ae85b5652aec10d0fe4ad50b21c: \
                 localhost/app:latest: image not known";
    let missing = facts(IMAGE_MISSING, &[error, "something else"])?;
    let (told, exit) = told(&missing);
    assert_eq!(exit, Exit::Failed);
    assert_eq!(told.iter().filter(|line| line.contains("update-error")).count(), 1, "{told:?}");
    let texts: Vec<String> = decide(&missing)
        .iter()
        .map(|matter| crate::words::finding(matter, "systemctl").text.into_owned())
        .collect();
    assert_eq!(texts.iter().filter(|text| text.contains("image not known")).count(), 1, "{texts:?}");
    Ok(())
}

#[test]
fn a_partial_update_names_both_sides() -> Result<()> {
    let mut partial = facts(OK, &["checking something"])?;
    partial.run.rows.iter_mut().filter(|row| row.name == "app").for_each(|row| row.updated = Updated::Failed);
    let matters = decide(&partial);
    let failed = matters.iter().find_map(|matter| match matter {
        Matter::Failed(failed) => Some((failed.whose.container.as_str(), failed.updated.clone())),
        _ => None,
    });
    assert_eq!(failed, Some(("app", vec!["app2.service".to_owned()])));
    assert!(told(&partial).0.contains(&"fail update-failed app.service UF5".to_owned()));
    Ok(())
}

#[test]
fn what_was_not_made_anew_is_not_called_updated() -> Result<()> {
    let mut stale = facts(OK, &[])?;
    stale.after.iter_mut().filter(|now| now.name == "app").for_each(|now| now.image = "old".to_owned());
    let same = "localhost/app:latest".to_owned();
    stale.current = BTreeMap::from([(same.clone(), "new".to_owned())]);
    let lines = ["fail old-image app.service UF2", "ok updated app2.service -", "ok nothing-new - -"];
    is(&stale, &lines, Exit::Contradicted);
    // Restarted with another container of its unit, and already on the newest image.
    stale.current = BTreeMap::from([(same, "old".to_owned())]);
    let lines = ["ok updated app.service -", "ok updated app2.service -", "ok nothing-new - -"];
    is(&stale, &lines, Exit::Ok);
    Ok(())
}

#[test]
fn one_that_is_gone_or_whose_unit_is_down_is_bad() -> Result<()> {
    let mut gone = facts(OK, &[])?;
    gone.after.retain(|now| now.name != "app");
    gone.units_after.insert("app.service".to_owned(), down());
    gone.units_after.insert("app2.service".to_owned(), down());
    let lines =
        ["fail container-state app.service UF2", "fail unit-state app2.service -", "ok nothing-new - -"];
    is(&gone, &lines, Exit::Failed);
    // A unit whose start is a piece of work has done it.
    let done = UnitState { is_oneshot: true, summary: "inactive (dead)".to_owned(), ..down() };
    gone.units_after.insert("app.service".to_owned(), done.clone());
    gone.units_after.insert("app2.service".to_owned(), done);
    gone.after.retain(|now| now.name != "app2");
    let lines = ["ok updated app.service -", "ok updated app2.service -", "ok nothing-new - -"];
    is(&gone, &lines, Exit::Ok);
    // One that remains has containers that stay.
    gone.units_after.insert("app.service".to_owned(), UnitState { is_oneshot: true, ..up() });
    let lines = ["fail container-state app.service UF2", lines[1], lines[2]];
    is(&gone, &lines, Exit::Failed);
    Ok(())
}

#[test]
fn one_that_was_bad_before_and_is_untouched_is_warned_of() -> Result<()> {
    let mut shared = facts(BAD_EXIT, &[])?;
    set(&mut shared, "app2", UNHEALTHY);
    let (lines, code) = told(&shared);
    assert!(
        lines.contains(&"fail container-state app2.service -".to_owned()) && code == Exit::Failed,
        "{lines:?}"
    );
    shared
        .before
        .iter_mut()
        .filter(|one| one.name == "app2")
        .for_each(|one| one.bad = Some("is unhealthy".to_owned()));
    let (lines, code) = told(&shared);
    assert!(lines.contains(&"warn container-state app2.service -".to_owned()) && code == Exit::Contradicted);
    Ok(())
}

#[test]
fn a_word_of_a_later_release_fails() -> Result<()> {
    for word in [Updated::Other("skipped".to_owned()), Updated::Pending] {
        let mut odd = facts(NOOP, &[])?;
        odd.run.rows.iter_mut().filter(|row| row.name == "app").for_each(|row| row.updated = word.clone());
        let lines = ["fail update-failed app.service -", "ok nothing-new - -"];
        is(&odd, &lines, Exit::Failed);
    }
    Ok(())
}

#[test]
fn dependents_that_went_down_are_found_through_others() -> Result<()> {
    let mut facts = facts(BAD_EXIT, &[])?;
    let with = |names: &[&str]| UnitState {
        dependents: names.iter().map(|name| (*name).to_owned()).collect(),
        ..up()
    };
    facts.units_before.insert("app.service".to_owned(), with(&["web.service", "off.service"]));
    facts.units_before.insert("web.service".to_owned(), with(&["dash.service"]));
    facts.units_before.insert("dash.service".to_owned(), with(&["web.service"]));
    facts.units_before.insert("off.service".to_owned(), down());
    for (name, state) in [("web.service", up()), ("dash.service", down()), ("off.service", down())] {
        facts.units_after.insert(name.to_owned(), state);
    }
    let lines =
        ["fail rolled-back app.service UF1", "warn rollback-shared app2.service UF3", "ok nothing-new - -"];
    is(&facts, &[lines[0], lines[1], lines[2], "fail dependent-down dash.service UF8"], Exit::Contradicted);
    Ok(())
}

#[test]
fn podman_that_had_to_be_ended_is_undecided_unless_something_is_bad() -> Result<()> {
    let mut late = facts(OK, &[])?;
    late.run = Run { rows: Vec::new(), errors: Vec::new(), end: End::Deadline };
    late.units_after.insert("app.service".to_owned(), UnitState { is_moving: true, ..down() });
    set(&mut late, "app", UNHEALTHY);
    is(&late, &["ok updated app2.service -", "fail update-timeout app.service UF9"], Exit::Undecided);
    set(&mut late, "app2", UNHEALTHY);
    is(
        &late,
        &["fail container-state app2.service UF2", "fail update-timeout app.service UF9"],
        Exit::Failed,
    );
    Ok(())
}

fn known(name: &str) -> Known {
    Known {
        id: format!("{name:0<64}"),
        name: name.to_owned(),
        image: "old".to_owned(),
        image_name: "localhost/app:latest".to_owned(),
        policy: Some(Policy::Local),
        unit: Some(format!("{name}.service")),
        is_running: true,
        ..Known::default()
    }
}

fn only(before: Vec<Known>, errors: &[&str]) -> Result<Facts> {
    let units = before.iter().filter_map(|one| Some((one.unit.clone()?, up()))).collect();
    Ok(Facts { before, units_before: units, ..facts(b"", errors)? })
}
