use super::*;

const LABEL: &str = "org.nixos.activate-system";

fn job(state: State) -> Job {
    Job {
        role: Role::Wanted,
        domain: Domain::System,
        label: LABEL.into(),
        definition: Definition {
            label: LABEL.into(),
            arguments: vec!["/bin/sh".into()],
            run_at_load: true,
            ..Definition::default()
        },
        source: Some("/nix/store/x".into()),
        installed: "/Library/LaunchDaemons/org.nixos.activate-system.plist".into(),
        copy: Copy::Right,
        program: Program::Here,
        is_disabled: false,
        state,
        blocked: None,
    }
}

/// Loaded, without a process; `print` says the same, and more.
fn ended(ended: Ended) -> State {
    with(ended, |_| {})
}

fn with(ended: Ended, change: impl FnOnce(&mut Service)) -> State {
    let mut service = Service {
        path: None,
        kind: None,
        state: service::State::NotRunning,
        program: None,
        arguments: Vec::new(),
        runs: Some(u64::from(ended != Ended::Never)),
        pid: None,
        ended: ended.clone(),
        is_penalized: false,
    };
    change(&mut service);
    State::Loaded { listed: Listed { pid: None, ended }, closer: Some(Box::new(service)) }
}

fn shape(job: &Job) -> Option<Shape> {
    job.fault(true).and_then(|fault| fault.shape())
}

#[test]
fn a_job_that_runs_or_has_ended_well_is_in_order() {
    let runs = State::Loaded { listed: Listed { pid: Some(7), ended: Ended::Code(1) }, closer: None };
    for state in [runs, ended(Ended::Code(0)), State::NotAsked] {
        assert_eq!(job(state.clone()).fault(true), None, "{state:?}");
        assert!(state == State::NotAsked || !job(state.clone()).needs_closer_look(), "{state:?}");
    }
}

#[test]
fn what_keeps_a_job_from_being_loaded_is_asked_in_order() {
    let mut it = job(State::NotLoaded);
    assert_eq!(it.fault(true), Some(Fault::NotLoaded));
    it.program = Program::Missing("/nix/store/gone".into());
    assert_eq!(shape(&it), Some(Shape::NoProgram));
    it.blocked = Some("sh".into());
    assert_eq!(it.fault(true), Some(Fault::Blocked("sh".into())));
    it.is_disabled = true;
    assert_eq!(it.fault(true), Some(Fault::Disabled { is_loaded: false }));
    it.copy = Copy::Rights(501, 0o644);
    assert_eq!(it.fault(true), Some(Fault::Copy(Copy::Rights(501, 0o644))));
}

#[test]
fn how_the_last_run_ended_tells_the_shape() {
    for (state, expected) in [
        (ended(Ended::Never), Some(Shape::Blocked)),
        (ended(Ended::Code(1)), Some(Shape::ChecksFailed)),
        (ended(Ended::Code(126)), Some(Shape::NotPermitted)),
        (ended(Ended::Code(127)), Some(Shape::NoProgram)),
        (ended(Ended::Code(78)), Some(Shape::NoProgram)),
        (with(Ended::Code(127), |service| service.is_penalized = true), Some(Shape::Penalized)),
        (ended(Ended::Signal(9)), None),
    ] {
        let it = job(state);
        assert_eq!(shape(&it), expected, "{it:?}");
        assert!(it.fault(true).is_some() && it.needs_closer_look());
    }
}

#[test]
fn the_activation_at_boot_has_failed_its_checks_only_where_the_link_is_right() {
    let it = job(ended(Ended::Code(2)));
    assert_eq!(it.fault(true), Some(Fault::ChecksFailed(Ended::Code(2))));
    assert_eq!(it.fault(false), Some(Fault::Failed(Ended::Code(2))));
    let other = Job { label: "org.nixos.yabai".into(), ..it };
    assert_eq!(other.fault(true), Some(Fault::Failed(Ended::Code(2))));
}

#[test]
fn a_loaded_job_that_is_disabled_is_gone_after_the_next_boot() {
    let mut it = job(ended(Ended::Code(0)));
    it.is_disabled = true;
    assert_eq!(it.fault(true), Some(Fault::Disabled { is_loaded: true }));
}

#[test]
fn a_job_that_the_configuration_does_not_start_is_in_order() {
    let mut it = job(State::NotLoaded);
    it.definition.launch_only_once = true;
    assert_eq!(it.fault(true), None);
    let mut it = job(State::NotLoaded);
    it.definition.disabled = true;
    assert_eq!(it.fault(true), None);
    let mut it = job(ended(Ended::Never));
    it.definition.run_at_load = false;
    assert!(!it.needs_closer_look() && it.fault(true).is_none());
    let mut it = job(State::NotLoaded);
    it.domain = Domain::Gui(501);
    it.definition.session_types = vec!["Background".into()];
    assert_eq!(it.fault(true), None);
}
