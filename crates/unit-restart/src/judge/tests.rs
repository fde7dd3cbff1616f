use evidence::Record;
use systemd::journal::trail;
use systemd::unit::detail;
use systemd::{Scope, journal, journal::Trail};

use super::*;

/// Every kind of unit of the tables, as `systemctl show` told of it before the job, when it was over and two seconds
/// later, with what systemctl and the journal said; lines that no judgement looks at are left out. One section a case.
const RELEASES: [(&str, &str); 3] = [
    ("bookworm", include_str!("fixtures/bookworm.txt")),
    ("trixie", include_str!("fixtures/trixie.txt")),
    ("forky", include_str!("fixtures/forky.txt")),
];

/// What was captured of one unit.
struct Capture {
    title: &'static str,
    verb: Verb,
    before: Detail,
    after: Detail,
    last: Detail,
    said: Said,
    since: u64,
    trail: Trail,
    /// What a run of the program has to exit with.
    exit: u8,
}

impl Capture {
    fn parse(section: &'static str) -> Self {
        let (title, _) = section.split_once('\n').unwrap();
        let part = |name: &str| {
            section.split(&format!("\n@{name}\n")).nth(1).map(|text| text.split("\n@").next().unwrap())
        };
        let how = section.lines().find_map(|line| line.strip_prefix("@how ")).unwrap();
        let field =
            |name: &str| how.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).unwrap();
        let unit = |text: &str| detail::parse(text).pop().unwrap();
        let after = unit(part("after").unwrap());
        let id = after.unit.id.clone();
        let stderr = part("stderr").unwrap_or_default();
        let said = match field("exit") {
            "124" => Said::Nothing,
            code => Said::of(code == "0", stderr, &[[&id, &id]]).pop().unwrap(),
        };
        Self {
            title,
            verb: if field("verb") == "start" { Verb::Start } else { Verb::Restart },
            before: unit(part("before").unwrap()),
            last: part("last").map_or_else(|| after.clone(), unit),
            after,
            said,
            since: field("since").parse().unwrap(),
            trail: Trail::Entries(trail::parse(&Scope::System, part("journal").unwrap_or_default())),
            exit: field("verdict").parse().unwrap(),
        }
    }

    fn case(&self) -> Case<'_> {
        Case {
            verb: self.verb,
            before: &self.before,
            after: &self.after,
            last: &self.last,
            said: &self.said,
            since: self.since,
            trail: Some(&self.trail),
            evidence: &[],
            is_member: false,
            accept_ignored: false,
        }
    }

    fn judge(&self) -> Judgement {
        judge(&self.case())
    }
}

fn captures(text: &'static str) -> Vec<Capture> {
    text.split("@@ ").filter(|section| !section.is_empty()).map(Capture::parse).collect()
}

/// The case of this title on each release.
fn each(title: &str) -> Vec<(&'static str, Capture)> {
    let found = RELEASES.iter().map(|(release, text)| {
        (*release, captures(text).into_iter().find(|capture| capture.title == title).unwrap())
    });
    found.collect()
}

fn exit(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Worked | Verdict::AlreadyUp | Verdict::Untouched => 0,
        Verdict::Failed => 1,
        Verdict::Contradicted => 3,
        Verdict::Undecided => 4,
        Verdict::Disturbed => 75,
        Verdict::Config => 78,
    }
}

fn shapes(judgement: &Judgement) -> Vec<&'static str> {
    judgement.reasons.iter().filter_map(Reason::shape).collect()
}

#[test]
fn a_stop_on_the_way_is_not_the_end_of_a_restart() {
    let (mut told, mut stopped) = (0, 0);
    for capture in RELEASES.iter().flat_map(|(_, text)| captures(text)) {
        let Trail::Entries(entries) = &capture.trail else { continue };
        if entries.is_empty() || !capture.case().must_have_job_end() {
            continue;
        }
        assert!(capture.case().has_job_end(), "{}", capture.title);
        told += 1;
        // The captured journal begins with the run before.
        let is_restart = |entry: &journal::trail::Entry| matches!(&entry.event, Some(trail::Event::Job { kind, .. }) if kind == "restart");
        let Some(first) = entries.iter().position(is_restart) else { continue };
        let on_the_way = Trail::Entries(entries[first..=first].to_vec());
        assert!(!Case { trail: Some(&on_the_way), ..capture.case() }.has_job_end(), "{}", capture.title);
        stopped += 1;
    }
    assert!(told > 10 && stopped == RELEASES.len(), "{told} {stopped}");
}

#[test]
fn every_captured_unit_gets_the_right_verdict_on_every_release() {
    for (release, text) in RELEASES {
        let captures = captures(text);
        assert!(captures.len() >= 40, "{release} has {}", captures.len());
        for capture in captures {
            let judgement = capture.judge();
            assert_eq!(exit(judgement.verdict), capture.exit, "{release}, {}: {judgement:#?}", capture.title);
            assert_eq!(
                judgement.reasons.is_empty(),
                judgement.verdict.is_good(),
                "{release}, {}",
                capture.title
            );
        }
    }
}

#[test]
fn what_systemctl_calls_done_is_never_called_failed_and_the_other_way_round() {
    for (release, text) in RELEASES {
        for capture in captures(text) {
            let verdict = capture.judge().verdict;
            let is_right = match capture.said {
                Said::Done => verdict != Verdict::Failed,
                _ => !verdict.is_good() && verdict != Verdict::Contradicted,
            };
            assert!(is_right, "{release}, {}: {verdict:?}", capture.title);
        }
    }
}

#[test]
fn each_trap_is_named() {
    for (title, shape) in [
        ("reset-failed, pinned", "SF2"),
        ("reset-failed after ExecStartPre, pinned", "SF2"),
        ("reset-failed, pinned, does not remain", "SF2"),
        ("reset-failed by another party", "SF2"),
        ("reset-failed, forgotten", "SF2"),
        ("dash, works and is forgotten", "SF3"),
        ("dash before the command", "SF4"),
        ("first of two commands fails behind a dash", "SF4"),
        ("missing program behind a dash", "SF4"),
        ("SuccessExitStatus", "SF4"),
        ("forking fails, SuccessExitStatus", "SF4"),
        ("condition unmet", "SF5"),
        ("was failed, then condition unmet", "SF5"),
        ("assertion unmet", "SF5"),
        ("ExecCondition says no", "SF5"),
        ("start limit hit", "SF6"),
        ("Restart=on-failure", "SF7"),
        ("simple dies and restarts itself", "SF7"),
        ("simple dies after 0.3 s", "SF8"),
        ("simple dies at once", "SF8"),
        ("stopped by another", "SF10"),
        ("masked", "SF13"),
        ("not found", "SF13"),
        ("bad setting", "SF13"),
    ] {
        for (release, capture) in each(title) {
            let judgement = capture.judge();
            assert!(shapes(&judgement).contains(&shape), "{release}, {title}: {judgement:#?}");
        }
    }
}

#[test]
fn the_unit_that_resets_itself_is_the_culprit() {
    for (release, capture) in each("reset-failed, pinned") {
        let mut judgement = capture.judge();
        let flaw =
            Flaw { trap: lint::Trap::ResetFailed, place: Some(("/x".into(), 3)), says: "y".to_owned() };
        judgement.explained(vec![flaw]);
        assert!(shapes(&judgement).contains(&"SF1"), "{release}: {judgement:#?}");
        let told = judgement.reasons.iter().any(|reason| reason.to_string().contains("/x:3: y"));
        assert!(told, "{release}");
    }
}

#[test]
fn a_condition_is_named_as_the_journal_names_it() {
    for (release, capture) in each("condition unmet") {
        let judgement = capture.judge();
        let told = judgement
            .reasons
            .iter()
            .any(|reason| reason.to_string().contains("ConditionPathExists=/nothing is"));
        assert!(told, "{release}: {:?}", judgement.reasons);
    }
}

#[test]
fn a_condition_that_is_unmet_on_the_way_through_a_restart_has_the_run_before() {
    let run = "a".repeat(32);
    for (release, mut capture) in each("condition unmet") {
        capture.before.unit.invocation = Some(run.clone());
        let Trail::Entries(entries) = &mut capture.trail else { panic!("{release}") };
        entries.iter_mut().for_each(|entry| entry.invocation = Some(run.clone()));
        assert!(capture.last.is_blank(), "{release}");
        assert_eq!(shapes(&capture.judge()), ["SF5"], "{release}");
    }
}

#[test]
fn a_forgotten_failure_that_only_its_program_tells_of_has_the_units_own_reset_as_its_culprit() {
    for (release, capture) in each("reset-failed, forgotten") {
        let record = Record {
            unit: capture.last.unit.id.clone(),
            invocation: "0".repeat(32),
            ended: capture.since + 1,
            exit: 1,
            report: serde_json::json!({"program": "apply-and-verify", "error": "web is unhealthy"}),
        };
        let case = Case { trail: None, evidence: std::slice::from_ref(&record), ..capture.case() };
        let mut judgement = judge(&case);
        assert_eq!(shapes(&judgement), ["SF3"], "{release}");
        judgement.explained(vec![Flaw { trap: lint::Trap::ResetFailed, place: None, says: "y".to_owned() }]);
        assert_eq!(shapes(&judgement), ["SF1"], "{release}");
    }
}

#[test]
fn what_came_up_and_died_before_the_first_look_was_up() {
    for (release, mut capture) in each("simple dies after 0.3 s") {
        capture.after = capture.last.clone();
        assert!(shapes(&capture.judge()).contains(&"SF8"), "{release}");
    }
}

#[test]
fn a_failure_that_the_unit_calls_harmless_is_accepted_on_request_and_stays_a_warning() {
    for title in ["dash before the command", "SuccessExitStatus", "dash, works and is forgotten"] {
        for (release, capture) in each(title) {
            let judgement = judge(&Case { accept_ignored: true, ..capture.case() });
            assert_eq!(judgement.verdict, Verdict::Worked, "{release}, {title}: {judgement:#?}");
        }
    }
    for (release, capture) in each("oneshot fails") {
        let judgement = judge(&Case { accept_ignored: true, ..capture.case() });
        assert_eq!(judgement.verdict, Verdict::Failed, "{release}");
    }
}

#[test]
fn a_failed_stop_and_a_shell_that_hides_are_worth_a_word() {
    for (title, shape) in [("ExecStop fails", "SF11"), ("shell ends with true", "SF4")] {
        for (release, capture) in each(title) {
            let judgement = capture.judge();
            let shapes: Vec<_> = judgement.warnings.iter().filter_map(Reason::shape).collect();
            assert_eq!((judgement.verdict, shapes), (Verdict::Worked, vec![shape]), "{release}, {title}");
        }
    }
}

#[test]
fn without_the_journal_a_forgotten_unit_is_not_proved_but_by_evidence() {
    let unreadable = Trail::Unreadable("no right".to_owned());
    for (release, capture) in each("oneshot works and is forgotten") {
        for trail in [None, Some(&unreadable), Some(&Trail::Entries(Vec::new()))] {
            let case = Case { trail, ..capture.case() };
            assert_eq!(shapes(&judge(&case)), ["SF3"], "{release}");
            let record = |exit| Record {
                unit: capture.last.unit.id.clone(),
                invocation: "0".repeat(32),
                ended: capture.since + 1,
                exit,
                report: serde_json::json!({"program": "apply-and-verify", "error": "web is unhealthy"}),
            };
            assert_eq!(judge(&Case { evidence: &[record(0)], ..case }).verdict, Verdict::Worked, "{release}");
            let bad = judge(&Case { evidence: &[record(1)], ..case });
            assert_eq!(bad.verdict, Verdict::Contradicted, "{release}");
            let old = Record { ended: capture.since - 1, ..record(0) };
            assert_eq!(judge(&Case { evidence: &[old], ..case }).verdict, Verdict::Contradicted, "{release}");
        }
    }
}

#[test]
fn the_programs_own_word_counts_against_every_other_signal() {
    for (release, capture) in each("oneshot works") {
        let record = Record {
            unit: capture.last.unit.id.clone(),
            invocation: capture.last.unit.invocation.clone().unwrap(),
            ended: capture.since + 1,
            exit: 3,
            report: serde_json::json!({"program": "apply-and-verify", "error": "web was rolled back"}),
        };
        let judgement = judge(&Case { evidence: std::slice::from_ref(&record), ..capture.case() });
        assert_eq!(judgement.verdict, Verdict::Contradicted, "{release}");
        assert!(judgement.reasons.iter().any(|reason| reason.to_string().contains("web was rolled back")));
        let other = Record { invocation: "f".repeat(32), ..record };
        assert_eq!(
            judge(&Case { evidence: &[other], ..capture.case() }).verdict,
            Verdict::Worked,
            "{release}"
        );
    }
}

#[test]
fn a_run_that_somebody_else_replaced_is_disturbed() {
    for (release, mut capture) in each("simple works") {
        capture.last.unit.invocation = Some("e".repeat(32));
        assert_eq!(capture.judge().verdict, Verdict::Disturbed, "{release}");
        capture.last.restarts = 1;
        assert_eq!(shapes(&capture.judge()), ["SF7"], "{release}");
    }
}

#[test]
fn a_unit_with_the_old_invocation_did_not_run_whatever_its_state() {
    for (release, mut capture) in each("oneshot works") {
        capture.after.unit.invocation.clone_from(&capture.before.unit.invocation);
        capture.last.unit.invocation.clone_from(&capture.before.unit.invocation);
        capture.last.condition_since = capture.before.condition_since;
        capture.last.assertion_since = capture.before.assertion_since;
        assert_eq!(shapes(&capture.judge()), ["SF6"], "{release}");
    }
}

#[test]
fn a_member_that_had_no_part_in_it_is_no_ones_fault() {
    for title in ["masked", "not found", "bad setting"] {
        for (release, capture) in each(title) {
            let said = Said::Done;
            let case = Case { is_member: true, said: &said, ..capture.case() };
            assert_eq!(judge(&case).verdict, Verdict::Untouched, "{release}, {title}");
        }
    }
    for (release, capture) in each("oneshot fails") {
        let said = Said::Done;
        let case = Case { is_member: true, said: &said, ..capture.case() };
        assert_eq!(judge(&case).verdict, Verdict::Contradicted, "{release}");
        let idle = Case { after: &capture.before, last: &capture.before, ..case };
        assert_eq!(judge(&idle).verdict, Verdict::Untouched, "{release}");
    }
}

#[test]
fn a_reload_keeps_the_run_and_fails_by_its_own_command() {
    for (release, mut capture) in each("simple works (start)") {
        capture.verb = Verb::Reload;
        assert_eq!(capture.judge().verdict, Verdict::Worked, "{release}");
        let mut exec = capture.last.commands.first().cloned().unwrap();
        exec.0 = "ExecReload".to_owned();
        exec.1.code = Some(systemd::unit::exec::Code::Exited);
        exec.1.status = 1;
        capture.last.commands.push(exec);
        assert_eq!(capture.judge().verdict, Verdict::Contradicted, "{release}");
    }
}
