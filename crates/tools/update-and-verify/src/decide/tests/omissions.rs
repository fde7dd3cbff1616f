//! What `podman auto-update` did not look at.

use super::*;
use crate::matter::Missed;

#[test]
fn nothing_to_update_is_said_and_is_a_failure_only_where_it_is_expected_otherwise() -> Result<()> {
    is(&only(Vec::new(), &[])?, &["skip no-policy - UF6"], Exit::Ok);
    let plain = Known { policy: None, ..known("plain") };
    let mut expecting = only(vec![plain], &[])?;
    expecting.expect = vec!["plain.service".to_owned(), "none.service".to_owned()];
    let lines = [
        "skip no-policy - UF6",
        "fail expected-unit plain.service UF7",
        "fail expected-unit none.service UF7",
    ];
    is(&expecting, &lines, Exit::Failed);
    let why = |facts: &Facts| {
        decide(facts).into_iter().find_map(|matter| match matter {
            Matter::Missed { why, .. } => Some(why),
            _ => None,
        })
    };
    assert_eq!(why(&expecting), Some(Missed::NoPolicy("plain".to_owned())));
    let idle = Known { is_running: false, ..known("idle") };
    let mut idle = only(vec![idle], &[])?;
    is(&idle, &["skip no-policy - UF6", "warn left-out idle.service UF7"], Exit::Ok);
    idle.expect = vec!["idle.service".to_owned()];
    assert_eq!((why(&idle), told(&idle).1), (Some(Missed::Down("idle".to_owned())), Exit::Failed));
    Ok(())
}

#[test]
fn what_podman_cannot_update_is_named_with_its_reason() -> Result<()> {
    let lone = Known { unit: None, ..known("lone") };
    let id = lone.id.clone();
    let error = format!("auto-updating container \"{id}\": no PODMAN_SYSTEMD_UNIT label found");
    is(&only(vec![lone], &[&error])?, &["skip no-policy - UF6", "fail left-out lone UF7"], Exit::Failed);
    let mut without_unit = facts(NOOP, &[])?;
    without_unit.units_before.insert("app.service".to_owned(), UnitState::default());
    is(&without_unit, &["warn left-out app.service UF7", "ok nothing-new - -"], Exit::Ok);
    let typo = Known { policy: None, ..known("typo") };
    let error = format!("auto-updating container \"{}\": invalid auto-update policy \"yes\"", typo.id);
    is(
        &only(vec![typo], &[&error])?,
        &["skip no-policy - UF6", "fail left-out typo.service UF7"],
        Exit::Failed,
    );
    Ok(())
}
