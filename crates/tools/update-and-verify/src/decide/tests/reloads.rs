//! Stacks, which are updated by the reload of their unit.

use super::*;
use crate::facts::Reload;
use crate::matter::Omission;

/// A container as podman-compose makes it, in a pod without an infra container.
fn composed() -> Known {
    Known { project: Some("web".to_owned()), is_in_bare_pod: true, ..known("web") }
}

const NO_INFRA: &str = "looking up pod's systemd unit: pod has no infra container: no such container";

#[test]
fn a_stack_with_a_unit_that_reloads_is_no_failure_of_podman() -> Result<()> {
    let mut facts = only(vec![composed()], &[NO_INFRA])?;
    is(&facts, &["skip no-policy - UF6", "fail left-out web.service UF7"], Exit::Failed);
    let omission = decide(&facts).into_iter().find_map(|matter| match matter {
        Matter::LeftOut { why, .. } => Some(why),
        _ => None,
    });
    let unit = Some("web.service has no ExecReload=".to_owned());
    assert_eq!(omission, Some(Omission::NoStack { project: "web".to_owned(), unit }));
    facts
        .units_before
        .insert("web.service".to_owned(), UnitState { can_reload: true, is_oneshot: true, ..up() });
    facts.units_after = facts.units_before.clone();
    is(&facts, &["ok nothing-new - -"], Exit::Ok);
    facts.expect = vec!["web.service".to_owned()];
    is(&facts, &["ok nothing-new - -"], Exit::Ok);
    // Another one of the same words is podman's own.
    facts.run.errors.push(NO_INFRA.to_owned());
    is(&facts, &["ok nothing-new - -", "fail update-error - -"], Exit::Failed);
    Ok(())
}

#[test]
fn a_reload_is_judged_by_itself_and_by_the_containers() -> Result<()> {
    let mut facts = only(vec![composed()], &[NO_INFRA])?;
    facts
        .units_before
        .insert("web.service".to_owned(), UnitState { can_reload: true, is_oneshot: true, ..up() });
    facts.units_after = facts.units_before.clone();
    facts.current = BTreeMap::from([("localhost/app:latest".to_owned(), "new".to_owned())]);
    let reload =
        Reload { unit: "web.service".to_owned(), exit: Exit::Ok, reasons: Vec::new(), hints: Vec::new() };
    facts.reloads = vec![reload.clone()];
    let now = Now {
        id: "new".to_owned(),
        name: "web".to_owned(),
        image: "new".to_owned(),
        state: State::Good,
        notes: Vec::new(),
    };
    facts.after = vec![now.clone()];
    assert_eq!(to_watch(&facts).len(), 1);
    is(&facts, &["ok updated web.service -"], Exit::Ok);
    facts.after = vec![Now { state: UNHEALTHY, ..now.clone() }];
    is(&facts, &["fail container-state web.service UF2"], Exit::Failed);
    facts.after = vec![Now { image: "old".to_owned(), id: facts.before[0].id.clone(), ..now.clone() }];
    is(&facts, &["fail old-image web.service UF2"], Exit::Contradicted);
    facts.after = vec![now];
    facts.reloads =
        vec![Reload { exit: Exit::Contradicted, reasons: vec!["rolled back".to_owned()], ..reload }];
    let (lines, code) = told(&facts);
    assert!(lines.contains(&"fail stack-reload web.service -".to_owned()) && code == Exit::Contradicted);
    Ok(())
}

#[test]
fn a_dry_run_says_what_only_a_pull_would_tell() -> Result<()> {
    let remote = Known { policy: Some(Policy::Registry), ..composed() };
    let mut facts = only(vec![remote], &[NO_INFRA])?;
    facts.units_before.insert("web.service".to_owned(), UnitState { can_reload: true, ..up() });
    facts.is_dry = true;
    is(&facts, &["skip stack-unasked web.service -"], Exit::Ok);
    Ok(())
}

#[test]
fn one_that_an_earlier_update_left_bad_is_not_passed_over() -> Result<()> {
    let mut idle = facts(NOOP, &[])?;
    idle.before
        .iter_mut()
        .filter(|one| one.name == "app")
        .for_each(|one| one.bad = Some("is paused".to_owned()));
    is(&idle, &["warn container-state app.service -", "ok nothing-new - -"], Exit::Ok);
    let ended = Known { is_running: false, bad: Some("exited with 4".to_owned()), ..composed() };
    let mut stack = only(vec![ended], &[])?;
    stack.units_before.insert("web.service".to_owned(), UnitState { can_reload: true, ..up() });
    is(&stack, &["warn left-out web.service UF7", "ok nothing-new - -"], Exit::Ok);
    let unit = "web.service".to_owned();
    stack.reloads = vec![Reload { unit, exit: Exit::Ok, reasons: Vec::new(), hints: Vec::new() }];
    assert_eq!(to_watch(&stack).len(), 1);
    Ok(())
}
