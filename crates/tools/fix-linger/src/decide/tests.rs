//! The states in which a user can be, and the way out of each.

use super::*;
use crate::facts::Session;

fn tim() -> Account {
    Account { name: "tim".into(), uid: 1000, gid: 100 }
}

fn unit(name: &str, active: &str) -> systemd::unit::Unit {
    let text = format!("Id={name}\nLoadState=loaded\nActiveState={active}\nSubState=x\n");
    systemd::unit::parse(&text).remove(0)
}

fn user(state: &str, linger: bool) -> Option<systemd::login::User> {
    Some(systemd::login::User { state: state.into(), linger, sessions: Vec::new() })
}

fn up(is_declared: bool, user: Option<systemd::login::User>, manager: &str) -> Facts {
    let logind = Logind::Up(Box::new(Session {
        user,
        directory: unit("user-runtime-dir@1000.service", "active"),
        manager: unit("user@1000.service", manager),
    }));
    Facts { is_declared, policy: None, logind }
}

fn down(is_declared: bool) -> Facts {
    Facts { is_declared, policy: None, logind: Logind::Down }
}

fn enable() -> Plan {
    Plan::Do(Step::Enable { name: "tim".into(), uid: 1000 })
}

fn plan(facts: &Facts) -> Plan {
    decide(&tim(), facts, false)
}

#[test]
fn a_user_who_lingers_with_a_manager_needs_nothing() {
    for state in ["lingering", "online", "active"] {
        assert_eq!(plan(&up(true, user(state, true), "active")), Plan::InOrder, "{state}");
    }
    assert_eq!(plan(&down(true)), Plan::InOrder);
}

#[test]
fn without_linger_logind_is_told_and_without_logind_a_file_is_made() {
    assert_eq!(plan(&up(false, None, "inactive")), enable());
    assert_eq!(plan(&up(false, user("active", false), "active")), enable());
    assert_eq!(plan(&down(false)), Plan::Do(Step::Declare { path: "/var/lib/systemd/linger/tim".into() }));
}

#[test]
fn a_file_that_logind_has_not_read_is_not_enough() {
    assert_eq!(plan(&up(true, None, "inactive")), enable());
}

#[test]
fn a_lingering_user_whose_manager_was_stopped_gets_it_back() {
    assert_eq!(plan(&up(true, user("lingering", true), "inactive")), Plan::Do(Step::Start { uid: 1000 }));
}

#[test]
fn a_masked_manager_is_not_started() {
    let mut facts = up(true, user("lingering", true), "inactive");
    if let Logind::Up(session) = &mut facts.logind {
        session.manager.load = Load::Masked;
    }
    assert_eq!(plan(&facts), Plan::NoManager);
}

#[test]
fn a_manager_or_directory_on_its_way_is_waited_for() {
    assert_eq!(plan(&up(true, user("lingering", true), "activating")), Plan::Wait);
    assert_eq!(plan(&up(true, user("closing", true), "active")), Plan::Wait);
    let mut facts = up(true, user("lingering", true), "inactive");
    if let Logind::Up(session) = &mut facts.logind {
        session.directory = unit("user-runtime-dir@1000.service", "activating");
    }
    assert_eq!(plan(&facts), Plan::Wait);
}

#[test]
fn a_failed_manager_is_another_fault_and_not_retried() {
    assert_eq!(plan(&up(true, user("active", true), "failed")), Plan::ManagerFailed);
    // As systemd 252 leaves it: logind has forgotten the user.
    assert_eq!(plan(&up(true, None, "failed")), Plan::ManagerFailed);
}

#[test]
fn a_failed_manager_does_not_keep_linger_from_being_enabled() {
    assert_eq!(plan(&up(false, user("active", false), "failed")), enable());
}

#[test]
fn what_the_configuration_undoes_is_enabled_only_when_asked() {
    for facts in [up(false, None, "inactive"), down(false)] {
        for policy in [Verdict::Disables, Verdict::Unknown] {
            let facts = Facts { policy: Some(policy), ..facts.clone() };
            assert_eq!(plan(&facts), Plan::Undone);
            assert!(matches!(decide(&tim(), &facts, true), Plan::Do(_)));
        }
    }
}

#[test]
fn what_lingers_already_is_in_order_whatever_the_configuration_says() {
    for policy in [Verdict::Disables, Verdict::Unknown] {
        let facts = Facts { policy: Some(policy), ..up(true, user("active", true), "active") };
        assert_eq!(plan(&facts), Plan::InOrder);
    }
}

#[test]
fn any_other_policy_does_not_stand_in_the_way() {
    for policy in [Verdict::Enables, Verdict::LeavesAlone] {
        assert_eq!(plan(&Facts { policy: Some(policy), ..up(false, None, "inactive") }), enable());
    }
}

#[test]
fn the_state_that_each_step_leaves_needs_no_further_step() {
    let left = [
        // After the file was made.
        down(true),
        // After logind was told, or the manager started: first on its way, then up.
        up(true, user("lingering", true), "activating"),
        up(true, user("lingering", true), "active"),
    ];
    for facts in left {
        assert!(!matches!(plan(&facts), Plan::Do(_)), "{facts:?}");
    }
}
