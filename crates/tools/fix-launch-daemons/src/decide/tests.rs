use super::*;
use crate::decide::preview::after;
use crate::facts::Wanted;
use launchd::Definition;
use launchd::definition::KeepAlive;
use launchd::listing::Listed;

const PID: Option<u32> = Some(7);

/// A daemon that starts when it is loaded, is installed, loaded and runs.
fn healthy() -> Job {
    let definition = Definition {
        label: "x".to_owned(),
        arguments: vec!["/bin/x".to_owned()],
        run_at_load: true,
        ..Definition::default()
    };
    let wanted = Wanted {
        source: "/nix/store/s/x.plist".into(),
        place: "/Library/LaunchDaemons/x.plist".into(),
        bytes: Vec::new(),
        definition,
    };
    Job {
        wanted,
        domain: Some(Domain::System),
        installed: Installed::Same,
        loaded: listed(PID, Ended::Never),
        is_disabled: false,
        executable: Executable::Ready,
        is_old: false,
        guard: Guard::None,
        allowed: Allowed::NotAsked,
    }
}

fn listed(pid: Option<u32>, ended: Ended) -> Loaded {
    Loaded::Listed(Listed { pid, ended })
}

fn service(state: State, runs: u64, pid: Option<u32>, ended: Ended) -> Loaded {
    Loaded::Service(Box::new(Service {
        path: None,
        kind: None,
        state,
        program: None,
        arguments: Vec::new(),
        runs: Some(runs),
        pid,
        ended,
        is_penalized: false,
    }))
}

fn reply(code: i32) -> Option<Reply> {
    Some(Reply { code: Some(code), words: String::new() })
}

/// The kinds of the steps, each of which does what it says, and how it ends.
fn play(mut job: Job, mut tried: Tried) -> (Vec<&'static str>, Plan) {
    let mut kinds = Vec::new();
    loop {
        match decide(&job, &tried) {
            Plan::Do(step, _) => {
                kinds.push(step.kind());
                after(&mut job, &step);
                tried.note(&step, reply(0));
            }
            plan => return (kinds, plan),
        }
    }
}

fn steps(change: impl FnOnce(&mut Job)) -> (Vec<&'static str>, Plan) {
    let mut job = healthy();
    change(&mut job);
    play(job, Tried::default())
}

fn plan(change: impl FnOnce(&mut Job, &mut Tried)) -> Plan {
    let (mut job, mut tried) = (healthy(), Tried::default());
    change(&mut job, &mut tried);
    decide(&job, &tried)
}

fn in_order() -> Plan {
    Plan::End(Verdict::InOrder)
}

#[test]
fn every_state_that_can_be_mended_comes_to_one_in_which_nothing_is_left_to_do() {
    let installed =
        [Installed::Same, Installed::Loose("0:0 0666".to_owned()), Installed::Differs, Installed::Missing];
    for file in installed {
        for loaded in [Loaded::No, listed(PID, Ended::Never), listed(None, Ended::Code(0))] {
            for is_disabled in [false, true] {
                let (file, loaded) = (file.clone(), loaded.clone());
                let is_unloaded = loaded == Loaded::No;
                let is_mended = file != Installed::Same || is_unloaded || is_disabled;
                let (kinds, end) = steps(|job| {
                    (job.installed, job.loaded, job.is_disabled) = (file, loaded, is_disabled);
                });
                assert_eq!((end, kinds.is_empty()), (in_order(), !is_mended), "{kinds:?}");
            }
        }
    }
}

#[test]
fn the_questions_come_in_their_order() {
    let (kinds, _) =
        steps(|job| (job.loaded, job.installed, job.is_disabled) = (Loaded::No, Installed::Missing, true));
    assert_eq!(kinds, ["install-plist", "enable", "bootstrap"]);
    // What is loaded ends first, so that a run that is killed leaves what is seen to need loading.
    let (kinds, _) = steps(|job| (job.installed, job.is_disabled) = (Installed::Differs, true));
    assert_eq!(kinds, ["bootout", "install-plist", "enable", "bootstrap"]);
    let (kinds, _) = steps(|job| job.installed = Installed::Missing);
    assert_eq!(kinds, ["install-plist"]);
}

#[test]
fn what_runs_is_not_ended_for_a_definition_that_could_not_run() {
    let (kinds, end) =
        steps(|job| (job.installed, job.executable) = (Installed::Differs, Executable::Missing));
    assert_eq!((kinds.len(), end), (0, Plan::End(Verdict::NoProgram(Executable::Missing))));
}

#[test]
fn a_row_tells_enough_of_what_is_in_order_and_of_nothing_else() {
    let of = |loaded: Loaded, at_load: bool, keep_alive: KeepAlive| {
        plan(|job, _| {
            job.loaded = loaded;
            (job.wanted.definition.run_at_load, job.wanted.definition.keep_alive) = (at_load, keep_alive);
        })
    };
    for (loaded, at_load, keep_alive, is_enough) in [
        (listed(PID, Ended::Code(1)), true, KeepAlive::Always, true),
        (listed(None, Ended::Code(0)), true, KeepAlive::No, true),
        (listed(None, Ended::Code(0)), true, KeepAlive::SuccessfulExit(false), true),
        (listed(None, Ended::Code(0)), false, KeepAlive::Always, false),
        (listed(None, Ended::Never), false, KeepAlive::No, true),
        (listed(None, Ended::Never), false, KeepAlive::Conditional, true),
        (listed(None, Ended::Never), false, KeepAlive::SuccessfulExit(false), false),
        (listed(None, Ended::Never), true, KeepAlive::No, false),
        (listed(None, Ended::Code(1)), true, KeepAlive::No, false),
        (listed(None, Ended::Signal(9)), true, KeepAlive::No, false),
        (listed(None, Ended::Unknown("(pe)".to_owned())), false, KeepAlive::No, false),
        (Loaded::Unlisted, true, KeepAlive::No, false),
    ] {
        let expected = if is_enough { in_order() } else { Plan::LookCloser };
        assert_eq!(of(loaded.clone(), at_load, keep_alive), expected, "{loaded:?} {at_load} {keep_alive:?}");
    }
}

#[test]
fn what_is_never_ended_is_only_installed_and_told() {
    for guard in [Guard::Store, Guard::Own] {
        let (kinds, end) = steps(|job| (job.guard, job.installed) = (guard, Installed::Differs));
        assert_eq!((kinds, end), (vec!["install-plist"], Plan::End(Verdict::Later)));
        let penalized = plan(|job, _| {
            job.guard = guard;
            job.loaded = service(State::NotRunning, 3, None, Ended::Code(111));
        });
        assert!(
            matches!(&penalized, Plan::Do(step, Some("LF6")) if step.kind() == "kickstart"),
            "{penalized:?}"
        );
        let again = plan(|job, tried| {
            (job.guard, tried.kicked, tried.waited) = (guard, true, START);
            job.loaded = service(State::NotRunning, 3, None, Ended::Code(111));
        });
        assert_eq!(again, Plan::End(Verdict::Penalized));
    }
}

#[test]
fn the_answer_to_an_attempt_to_load_says_what_comes_next() {
    let refused = |code: i32| Plan::End(Verdict::Refused(Reply { code: Some(code), words: String::new() }));
    let of = |code: i32, change: fn(&mut Job, &mut Tried)| {
        plan(|job, tried| {
            (job.loaded, tried.bootstraps, tried.reply) = (Loaded::No, 1, reply(code));
            change(job, tried);
        })
    };
    let is = |plan: Plan, kind: &str| matches!(plan, Plan::Do(step, _) if step.kind() == kind);
    // 5 alone says nothing: first it is asked who holds it back, then it is tried again, and not for ever.
    assert_eq!(of(5, |_, _| {}), Plan::AskBackground);
    assert_eq!(
        of(5, |job, _| job.allowed = Allowed::No("sh".to_owned())),
        Plan::End(Verdict::Blocked("sh".to_owned()))
    );
    for code in [5, 36, 124, 133] {
        assert_eq!(of(code, |job, _| job.allowed = Allowed::Yes), Plan::Wait(BETWEEN), "{code}");
        let waited = of(code, |job, tried| (job.allowed, tried.waited) = (Allowed::Yes, BETWEEN));
        assert!(is(waited, "bootstrap"), "{code}");
        let last = of(code, |job, tried| (job.allowed, tried.bootstraps) = (Allowed::Yes, ATTEMPTS));
        assert_eq!(last, refused(code));
    }
    assert_eq!(of(161, |_, _| {}), Plan::AskBackground);
    assert_eq!(
        of(161, |job, _| job.allowed = Allowed::Unknown("no root".to_owned())),
        Plan::End(Verdict::Blocked(String::new()))
    );
    assert!(is(of(119, |_, _| {}), "enable"));
    assert_eq!(of(119, |_, tried| tried.enabled = true), Plan::End(Verdict::Disabled));
    assert_eq!(of(0, |_, _| {}), Plan::End(Verdict::Vanished));
    assert_eq!(of(37, |_, _| {}), Plan::Wait(BETWEEN));
    assert_eq!(of(134, |_, _| {}), Plan::End(Verdict::OtherSession));
    assert_eq!(of(125, |job, _| job.domain = Some(Domain::Gui(5))), Plan::End(Verdict::NoSession));
    for code in [1, 3, 22, 108, 109, 110, 111, 112, 113, 118, 122, 125, 126, 138, 155, 99, -1] {
        assert_eq!(of(code, |_, _| {}), refused(code), "{code}");
    }
}

#[test]
fn a_job_that_ends_is_waited_for_and_not_for_ever() {
    let of = |code: i32, waited: Duration| {
        plan(|job, tried| {
            job.installed = Installed::Differs;
            (tried.booted_out, tried.reply, tried.waited) = (true, reply(code), waited);
        })
    };
    for code in [0, 3, 113, 36, 5] {
        assert!(matches!(of(code, Duration::ZERO), Plan::Wait(_)), "{code}");
        assert_eq!(of(code, TEARDOWN), Plan::End(Verdict::Lingers), "{code}");
    }
    for code in [1, 150, 99] {
        assert!(matches!(of(code, Duration::ZERO), Plan::End(Verdict::Refused(_))), "{code}");
    }
}

#[test]
fn what_was_never_started_is_started_unless_macos_holds_it_back() {
    let of = |allowed: Allowed, kicked: bool| {
        plan(|job, tried| {
            job.loaded = service(State::NotRunning, 0, None, Ended::Never);
            (job.allowed, tried.kicked, tried.waited) = (allowed, kicked, START);
        })
    };
    assert_eq!(of(Allowed::NotAsked, false), Plan::AskBackground);
    assert_eq!(of(Allowed::No("sh".to_owned()), false), Plan::End(Verdict::Blocked("sh".to_owned())));
    assert!(matches!(of(Allowed::Yes, false), Plan::Do(step, _) if step.kind() == "kickstart"));
    assert_eq!(of(Allowed::Yes, true), Plan::End(Verdict::NeverRan));
}

#[test]
fn a_session_of_another_type_or_none_is_no_failure() {
    let of = |domain: Option<Domain>, types: &[&str]| {
        plan(|job, _| {
            (job.domain, job.loaded) = (domain, Loaded::No);
            job.wanted.definition.session_types = types.iter().map(|it| (*it).to_owned()).collect();
        })
    };
    assert_eq!(of(None, &[]), Plan::End(Verdict::NoSession));
    assert_eq!(of(Some(Domain::Gui(5)), &["Background"]), Plan::End(Verdict::OtherSession));
    assert_eq!(of(Some(Domain::User(5)), &[]), Plan::End(Verdict::OtherSession));
    assert!(matches!(of(Some(Domain::User(5)), &["Background"]), Plan::Do(..)));
    assert!(matches!(of(Some(Domain::Gui(5)), &[]), Plan::Do(..)));
    // A daemon is for no session at all.
    assert!(matches!(of(Some(Domain::System), &["Background"]), Plan::Do(..)));
}

#[test]
fn what_does_not_last_is_told_and_not_done_twice() {
    assert_eq!(
        plan(|job, tried| (job.installed, tried.installed) = (Installed::Differs, true)),
        Plan::End(Verdict::Undone)
    );
    assert_eq!(
        plan(|job, tried| (job.is_disabled, tried.enabled) = (true, true)),
        Plan::End(Verdict::Disabled)
    );
    assert_eq!(
        plan(|job, _| job.installed = Installed::Taken("a folder".to_owned())),
        Plan::End(Verdict::Taken("a folder".to_owned()))
    );
}
