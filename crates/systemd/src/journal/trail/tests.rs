use super::lines::number;
use super::*;

/// A oneshot that failed under an unscoped `reset-failed`, one that went well, one with an unmet condition, one with
/// a failed assertion, one whose `ExecCondition=` said no, and one whose stop failed, on each release.
const SYSTEM: [&str; 3] = [
    include_str!("../../fixtures/trail-bookworm.txt"),
    include_str!("../../fixtures/trail-trixie.txt"),
    include_str!("../../fixtures/trail-forky.txt"),
];

/// The same of tim's manager: a oneshot that said a word and failed, and one with an unmet condition.
const USER: [&str; 3] = [
    include_str!("../../fixtures/trail-user-bookworm.txt"),
    include_str!("../../fixtures/trail-user-trixie.txt"),
    include_str!("../../fixtures/trail-user-forky.txt"),
];

fn events(scope: &Scope, text: &str, unit: &str) -> Vec<(bool, Event)> {
    let entries = parse(scope, text).into_iter().filter(|entry| entry.unit == unit);
    let told = entries.filter_map(|entry| entry.event.map(|event| (entry.invocation.is_some(), event)));
    told.filter(|(_, event)| *event != Event::Other).collect()
}

fn job(kind: &str, result: &str) -> Event {
    Event::Job { kind: kind.to_owned(), result: result.to_owned() }
}

fn exit(command: &str, status: i32) -> Event {
    Event::Exit { command: command.to_owned(), code: Some(Code::Exited), status }
}

#[test]
fn a_failure_that_was_reset_stays_in_the_journal() {
    for text in SYSTEM {
        let told = events(&Scope::System, text, "t03.service");
        assert_eq!(told, [(true, exit("ExecStart", 7)), (true, job("start", "done"))]);
        assert_eq!(events(&Scope::System, text, "fine.service").last(), Some(&(true, job("start", "done"))));
    }
}

#[test]
fn a_start_that_did_not_come_to_a_run_has_no_invocation() {
    for text in SYSTEM {
        assert_eq!(events(&Scope::System, text, "cond.service"), [(false, job("start", "done"))]);
        assert_eq!(events(&Scope::System, text, "assert.service"), [(false, job("start", "assert"))]);
        let told = events(&Scope::System, text, "execcond.service");
        assert_eq!(told, [(true, Event::Skipped), (true, job("start", "done"))]);
    }
}

#[test]
fn a_failed_stop_is_told_of_the_run_before() {
    for text in SYSTEM {
        let told = events(&Scope::System, text, "stopfails.service");
        assert!(told.contains(&(true, exit("ExecStop", 9))), "{told:?}");
    }
}

#[test]
fn a_users_manager_is_believed_and_a_users_process_is_not() {
    let tim = Scope::user(1000, 100);
    for text in USER {
        let told = events(&tim, text, "ufail.service");
        let failed = Event::Failed("exit-code".to_owned());
        assert_eq!(told, [(true, exit("ExecStart", 7)), (true, failed), (true, job("start", "failed"))]);
        let entries = parse(&tim, text);
        let words = entries.iter().find(|entry| entry.message == "words").unwrap();
        assert!(words.event.is_none() && words.invocation.is_some());
        assert!(events(&Scope::user(1001, 100), text, "ufail.service").is_empty());
    }
    let forged = r#"{"_PID":"77","_SYSTEMD_UNIT":"a.service","UNIT":"a.service","JOB_TYPE":"start","JOB_RESULT":"done"}"#;
    assert_eq!(parse(&Scope::System, forged).first().and_then(|entry| entry.event.clone()), None);
}

#[test]
fn a_missing_program_behind_a_dash_is_found() {
    for text in USER {
        assert!(events(&Scope::System, text, "nocmd.service").contains(&(true, Event::NotFound)));
    }
}

#[test]
fn it_is_found_where_the_journal_does_not_know_whose_line_it_is() {
    // As systemd 252 wrote it on a busy host.
    let line = |uid: u32, prefix: &str| {
        format!(
            r#"{{"_PID":"93","_UID":"{uid}","{prefix}UNIT":"a.service","{prefix}INVOCATION_ID":"61df","MESSAGE_ID":"{SPAWN_FAILED}"}}"#
        )
    };
    let told = |scope: &Scope, text: String| {
        let first = parse(scope, &text).into_iter().next();
        first.map(|entry| (entry.unit, entry.invocation, entry.event))
    };
    let found = Some(("a.service".to_owned(), Some("61df".to_owned()), Some(Event::NotFound)));
    assert_eq!(told(&Scope::System, line(0, "")), found);
    assert_eq!(told(&Scope::System, line(1000, "")), None);
    assert_eq!(told(&Scope::user(1000, 100), line(1000, "USER_")), found);
    assert_eq!(told(&Scope::user(1000, 100), line(1001, "USER_")), None);
}

#[test]
fn statuses_are_numbers_or_names_of_signals() {
    assert_eq!((number("7"), number("TERM"), number("x")), (7, 15, 0));
}
