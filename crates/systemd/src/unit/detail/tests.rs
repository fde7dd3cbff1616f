use super::*;
use crate::unit::exec::Code;
use crate::unit::{Active, Load};

/// The same ten units, as each release printed them: a oneshot with several commands that failed, one whose failure was
/// reset and that was forgotten, one whose stop fails, a running and a looping service, a target, a bad setting, a
/// missing program behind a `-`, a masked unit and one that does not exist.
const RELEASES: [(&str, &str); 3] = [
    ("bookworm", include_str!("../../fixtures/detail-bookworm.txt")),
    ("trixie", include_str!("../../fixtures/detail-trixie.txt")),
    ("forky", include_str!("../../fixtures/detail-forky.txt")),
];

fn find(text: &str, id: &str) -> Detail {
    parse(text).into_iter().find(|detail| detail.unit.id == id).unwrap()
}

#[test]
fn newlines_in_arguments_do_not_lose_or_forge_a_unit() {
    for (release, text) in RELEASES {
        let ids: Vec<String> = parse(text).into_iter().map(|detail| detail.unit.id).collect();
        let names = ["rae-multi", "t03", "stopfails", "simple", "loops"];
        let mut expected: Vec<String> = names.iter().map(|name| format!("{name}.service")).collect();
        expected.push("grp.target".to_owned());
        expected.extend(["bad", "nocmd", "masked", "nosuch"].map(|name| format!("{name}.service")));
        assert_eq!(ids, expected, "{release}");
        assert_eq!(find(text, "rae-multi.service").load_error, None);
    }
}

#[test]
fn each_command_has_its_own_end() {
    for (release, text) in RELEASES {
        let detail = find(text, "rae-multi.service");
        let told: Vec<_> = detail
            .commands
            .iter()
            .map(|(list, exec)| (list.as_str(), exec.ignores_failure, exec.code, exec.status))
            .collect();
        let ended = Some(Code::Exited);
        assert_eq!(
            told,
            [
                ("ExecCondition", false, ended, 0),
                ("ExecStartPre", true, ended, 1),
                ("ExecStart", true, ended, 3),
                ("ExecStart", false, ended, 2),
                ("ExecStart", false, None, 0),
                ("ExecStartPost", false, None, 0),
                ("ExecStop", false, None, 0),
            ],
            "{release}"
        );
    }
}

#[test]
fn a_forgotten_unit_is_blank_and_one_that_failed_is_not() {
    for (release, text) in RELEASES {
        let blank = |id| find(text, id).is_blank();
        assert!(blank("t03.service") && blank("nosuch.service"), "{release}");
        assert!(
            !blank("stopfails.service") && !blank("simple.service") && !blank("loops.service"),
            "{release}"
        );
    }
}

#[test]
fn settings_that_bear_on_a_verdict_are_read() {
    for (release, text) in RELEASES {
        let stop = find(text, "stopfails.service");
        assert_eq!(stop.success_statuses, ["143", "KILL"], "{release}");
        assert_eq!((stop.remains, stop.is_oneshot(), stop.start_timeout), (true, true, None));
        let simple = find(text, "simple.service");
        assert_eq!((simple.kind.as_str(), simple.start_timeout), ("simple", Some(Duration::from_secs(90))));
        let loops = find(text, "loops.service");
        assert_eq!((loops.restart.as_str(), loops.is_unlimited), ("always", true), "{release}");
        let bad = find(text, "bad.service");
        assert_eq!((bad.unit.load, bad.load_error.is_some()), (Load::BadSetting, true), "{release}");
        assert_eq!(find(text, "nosuch.service").unit.active, Active::Inactive);
    }
}

#[test]
fn a_target_has_members_and_a_service_none() {
    for (release, text) in RELEASES {
        let members = find(text, "grp.target").members;
        for member in ["simple.service", "fine.service", "rae-multi.service"] {
            assert!(members.iter().any(|name| name == member), "{release}: {members:?}");
        }
        assert!(find(text, "simple.service").members.is_empty());
    }
}

#[test]
fn declared_ends_are_numbers_and_signals() {
    let mut detail = find(RELEASES[0].1, "stopfails.service");
    let mut exec = detail.commands.remove(0).1;
    exec.status = 143;
    assert!(detail.declares(&exec));
    exec.status = 9;
    assert!(!detail.declares(&exec));
    exec.code = Some(Code::Killed);
    assert!(detail.declares(&exec));
}

#[test]
fn spans_are_read_and_infinity_is_none() {
    assert_eq!(span("1min 30s"), Some(Duration::from_secs(90)));
    assert_eq!(span("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(span("infinity"), None);
    assert_eq!(span("3 apples"), None);
}
