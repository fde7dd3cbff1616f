use super::*;
use oneshot::Exit;
use podman::Health;
use podman::container::Healthcheck;

const SECOND: i64 = 1_000_000;
const STABLE: Duration = Duration::from_secs(2);

fn sight(status: &str) -> Sight {
    Sight {
        id: "1".repeat(64),
        name: "web_1".to_owned(),
        status: Status::from(status),
        exit_code: 0,
        is_oom_killed: false,
        error: String::new(),
        restarts: 0,
        started: Some(100 * SECOND),
        healthcheck: None,
        health: None,
        is_alive: (status == "running").then_some(true),
        is_watched: (status == "running").then_some(true),
        watcher_group: None,
    }
}

fn with_health(word: &str) -> Sight {
    let check = Healthcheck { interval: SECOND, timeout: SECOND, start_period: 0 };
    let health = Health { status: word.to_owned(), streak: 2, ..Health::default() };
    Sight { healthcheck: Some(check), health: Some(health), ..sight("running") }
}

fn at(seconds: i64) -> Clock {
    Clock { wall: (100 + seconds) * SECOND, steady: Duration::from_secs(seconds.unsigned_abs()) }
}

fn first(sight: &Sight, rule: Rule, clock: Clock) -> State {
    judge(Past::of_new(), sight, rule, clock).0
}

const STAYS: Rule = Rule { ends: false, is_in_work: false, stable: STABLE };
const ENDS: Rule = Rule { ends: true, is_in_work: false, stable: STABLE };

#[test]
fn every_state_has_its_meaning() {
    let exited = |code| Sight { exit_code: code, ..sight("exited") };
    let table = [
        (sight("running"), STAYS, State::Good),
        (sight("running"), ENDS, State::Waiting(Wait::End)),
        (exited(0), ENDS, State::Good),
        (exited(0), STAYS, State::Failed(Failure::Ended)),
        (exited(3), STAYS, State::Failed(Failure::Exited { code: 3 })),
        (exited(3), ENDS, State::Failed(Failure::Exited { code: 3 })),
        (Sight { is_oom_killed: true, ..exited(137) }, STAYS, State::Failed(Failure::OomKilled)),
        (sight("paused"), STAYS, State::Failed(Failure::Paused)),
        (Sight { started: None, ..sight("created") }, STAYS, State::Waiting(Wait::Start)),
        (sight("hibernating"), STAYS, State::Waiting(Wait::Passage("hibernating".to_owned()))),
        (sight("stopping"), STAYS, State::Waiting(Wait::Passage("stopping".to_owned()))),
        (with_health("healthy"), STAYS, State::Good),
        (with_health("starting"), STAYS, State::Waiting(Wait::Health(2))),
        (with_health("unhealthy"), STAYS, State::Failed(Failure::Unhealthy { streak: 2 })),
        (with_health("stopped"), STAYS, State::Waiting(Wait::Passage("stopped".to_owned()))),
        (Sight { health: None, ..with_health("") }, STAYS, State::Waiting(Wait::Health(0))),
        // A health outlives the container.
        (
            Sight { status: Status::Exited, exit_code: 1, ..with_health("healthy") },
            STAYS,
            State::Failed(Failure::Exited { code: 1 }),
        ),
    ];
    for (sight, rule, state) in table {
        assert_eq!(first(&sight, rule, at(10)), state, "{sight:?}");
    }
}

#[test]
fn a_health_that_nobody_renewed_is_waited_for() {
    let heard = |word: &str, interval: i64, end: i64| {
        let check = Healthcheck { interval, timeout: SECOND, start_period: 0 };
        let health = Health { status: word.to_owned(), last_end: Some(end), ..Health::default() };
        Sight { healthcheck: Some(check), health: Some(health), ..sight("running") }
    };
    let state =
        |sight: Sight| first(&sight, STAYS, Clock { wall: 1000 * SECOND, steady: Duration::from_secs(10) });
    let waits = State::Waiting(Wait::Health(0));
    // Without a timer its word counts from the beginning of the watch on.
    assert_eq!(state(heard("healthy", 0, 989 * SECOND)), waits);
    assert_eq!(state(heard("unhealthy", 0, 989 * SECOND)), waits);
    assert_eq!(state(heard("healthy", 0, 991 * SECOND)), State::Good);
    // With one, until the next had to come.
    assert_eq!(state(heard("healthy", 30 * SECOND, 960 * SECOND)), waits);
    assert_eq!(state(heard("healthy", 30 * SECOND, 965 * SECOND)), State::Good);
}

#[test]
fn the_window_counts_from_the_start_of_the_container() {
    assert_eq!(first(&sight("running"), STAYS, at(1)), State::Waiting(Wait::Stable));
    assert_eq!(first(&sight("running"), STAYS, at(2)), State::Good);
    assert_eq!(first(&sight("running"), Rule { stable: Duration::ZERO, ..STAYS }, at(0)), State::Good);
    // The wall clock jumped back: from the first good look on.
    let clock = |steady| Clock { wall: 0, steady: Duration::from_secs(steady) };
    let (state, past) = judge(Past::of_new(), &sight("running"), STAYS, clock(5));
    assert_eq!(state, State::Waiting(Wait::Stable));
    assert_eq!(judge(past, &sight("running"), STAYS, clock(7)).0, State::Good);
}

#[test]
fn a_restart_is_final_but_not_while_somebody_is_at_work() {
    let (_, past) = judge(Past::default(), &sight("running"), STAYS, at(1));
    let again = Sight { started: Some(101 * SECOND), restarts: 1, exit_code: 7, ..sight("running") };
    let looping = State::Failed(Failure::Restarting { count: 1 });
    assert_eq!(judge(past, &again, STAYS, at(9)).0, looping);
    let by_hand = Sight { restarts: 0, exit_code: 7, ..again.clone() };
    assert_eq!(judge(past, &by_hand, STAYS, at(9)).0, looping);
    let in_work = Rule { is_in_work: true, ..STAYS };
    assert_eq!(judge(past, &by_hand, in_work, at(9)).0, State::Good);
    // One that is new and was restarted before the first look.
    assert_eq!(first(&again, STAYS, at(9)), looping);
    // One that was restarted long before the watch began.
    assert_eq!(judge(Past::default(), &again, STAYS, at(9)).0, State::Good);
}

#[test]
fn a_dead_process_is_a_ghost_once_it_was_dead_for_a_while() {
    let dead = Sight { is_watched: Some(false), ..sight("running") };
    let (state, past) = judge(Past::default(), &dead, STAYS, at(10));
    assert_eq!(state, State::Waiting(Wait::Proof));
    let (state, _) = judge(past, &dead, STAYS, at(11));
    assert_eq!(state, State::Failed(Failure::Ghost { runs: true }));
    assert_eq!(judge(past, &sight("running"), STAYS, at(11)).0, State::Good);
}

#[test]
fn one_that_ended_under_its_conmons_eyes_is_no_ghost_before_podman_could_be_told() {
    let ended = Sight { is_alive: Some(false), ..sight("running") };
    let (state, past) = judge(Past::default(), &ended, ENDS, at(10));
    assert_eq!(state, State::Waiting(Wait::Proof));
    let (state, past) = judge(past, &ended, ENDS, at(12));
    assert_eq!(state, State::Waiting(Wait::Proof));
    let (state, _) = judge(past, &ended, ENDS, at(21));
    assert_eq!(state, State::Failed(Failure::Ghost { runs: false }));
    assert_eq!(judge(past, &sight("exited"), ENDS, at(21)).0, State::Good);
}

fn expected(service: &str, replicas: usize) -> Expected {
    Expected { service: service.to_owned(), replicas, ends: false, optional: false }
}

fn judged(service: &str, state: State) -> Judged {
    Judged { service: service.to_owned(), sight: sight("running"), state, counts: true }
}

#[test]
fn a_service_is_missing_when_two_looks_missed_it_and_the_provider_has_ended() {
    let wanted = [expected("web", 2)];
    let have = [judged("web", State::Good)];
    let working = services(&wanted, &have, Provider::Working, &[]);
    assert_eq!(working[0].verdict, Verdict::Waiting(Wait::Start));
    let ended = Provider::Ended { ok: true };
    let once = services(&wanted, &have, ended, &working);
    assert_eq!((&once[0].verdict, once[0].misses), (&Verdict::Waiting(Wait::Start), 1));
    let twice = services(&wanted, &have, ended, &once);
    assert_eq!(twice[0].verdict, Verdict::Failed(Failure::Missing { have: 1, want: 2 }));
    assert_eq!(exit(&twice, ended, false), Exit::Contradicted);
    assert_eq!(exit(&twice, Provider::Ended { ok: false }, false), Exit::Failed);
    assert_eq!(exit(&twice, Provider::Cut, false), Exit::Undecided);
}

#[test]
fn one_failed_container_fails_the_service_and_a_replaceable_one_does_not() {
    let wanted = [expected("web", 2)];
    let sick = State::Failed(Failure::Unhealthy { streak: 3 });
    let both = [judged("web", State::Good), judged("web", sick.clone())];
    assert!(matches!(services(&wanted, &both, Provider::Working, &[])[0].verdict, Verdict::Failed(_)));
    let old = [judged("web", State::Good), Judged { counts: false, ..judged("web", sick) }];
    assert!(matches!(services(&wanted, &old, Provider::Working, &[])[0].verdict, Verdict::Waiting(_)));
}

#[test]
fn the_exit_code_tells_who_has_to_answer() {
    let of = |verdict: Verdict, optional: bool| Service {
        expected: Expected { optional, ..expected("web", 1) },
        verdict,
        container: None,
        misses: 0,
    };
    let ok = Provider::Ended { ok: true };
    let failed = || of(Verdict::Failed(Failure::Ended), false);
    let never = || of(Verdict::Failed(Failure::NeverStarted), false);
    let waits = || of(Verdict::Waiting(Wait::Health(0)), false);
    let good = || of(Verdict::Good, false);
    assert_eq!(exit(&[good()], ok, false), Exit::Ok);
    assert_eq!(exit(&[good()], Provider::Cut, false), Exit::Undecided);
    assert_eq!(exit(&[good()], Provider::Ended { ok: false }, false), Exit::Failed);
    assert_eq!(exit(&[good()], Provider::Ended { ok: false }, true), Exit::Ok);
    assert_eq!(exit(&[failed()], Provider::Ended { ok: false }, true), Exit::Failed);
    assert_eq!(exit(&[waits()], Provider::Ended { ok: false }, true), Exit::Undecided);
    assert_eq!(exit(&[never(), failed()], ok, false), Exit::Failed);
    assert_eq!(exit(&[never(), good()], ok, false), Exit::Contradicted);
    assert_eq!(exit(&[waits(), good()], ok, false), Exit::Undecided);
    let optional = || of(Verdict::Failed(Failure::NeverStarted), true);
    assert_eq!(exit(&[optional(), good()], ok, false), Exit::Ok);
    assert_eq!(exit(&[optional(), good()], Provider::Ended { ok: false }, false), Exit::Ok);
}
