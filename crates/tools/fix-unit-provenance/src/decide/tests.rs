//! What is done and what is left alone, and that nothing is left to do afterwards.

use provenance::facts::{Difference, DropInFacts, FileFacts, HostFacts, LoadedFacts, Winner};
use provenance::{Person, Whose};
use systemd::unit::Loaded;
use systemd::unit_path::{Homes, Keeper};

use super::*;

const PLACE: &str = "/home/tim/.config/systemd/user/a.service";
const SOURCE: &str = "/nix/store/h-home-manager-files/.config/systemd/user/a.service";
const FOREIGN: &str = "/etc/systemd/user/service.d/x.conf";

fn host() -> HostFacts {
    let homes = Homes::standard("tim", "/home/tim", 1000);
    let state = "/home/tim/.local/state".into();
    let current = Generation::Current {
        kind: owner::Kind::HomeManager,
        path: "/nix/store/g".into(),
        by: Vec::new(),
        against: Vec::new(),
    };
    HostFacts {
        whose: Whose::User(Person { uid: 1000, gid: 100, homes, state, is_caller: true }),
        generations: vec![current, Generation::None(owner::Kind::NixOs)],
        places: Vec::new(),
        unreadable: Vec::new(),
        manager: Ok(Some(1)),
    }
}

fn memory() -> LoadedFacts {
    let loaded = Loaded {
        id: "a.service".to_owned(),
        names: vec!["a.service".to_owned()],
        load: Load::Loaded,
        error: None,
        active: Active::Active,
        fragment: Some(PLACE.into()),
        drop_ins: Vec::new(),
        file_state: String::new(),
        needs_reload: false,
        is_transient: false,
        invocation: None,
        started: None,
        exec_start: Vec::new(),
    };
    LoadedFacts { loaded, differences: Vec::new(), younger: None }
}

fn survey(standing: Standing) -> Survey {
    let file = FileFacts {
        owner: owner::Kind::HomeManager,
        kind: Kind::Unit,
        path: PLACE.into(),
        source: SOURCE.into(),
        standing,
    };
    let winner = Winner {
        path: PLACE.into(),
        keeper: Keeper::User,
        is_mask: false,
        is_dangling: false,
        place_of: Some(owner::Kind::HomeManager),
        is_stored: true,
    };
    let unit = UnitFacts {
        name: "a.service".to_owned(),
        owner: Some(owner::Kind::HomeManager),
        files: vec![file],
        winner: Some(winner),
        drop_ins: Vec::new(),
        changed: None,
        memory: Memory::Loaded(Box::new(memory())),
    };
    Survey { host: host(), units: vec![unit] }
}

fn wish(removes: &[PathBuf]) -> Wish<'_> {
    Wish { restores: true, reloads: true, is_named: true, removes }
}

/// Kinds of the steps, and ids with shapes of what is left.
fn told(survey: &Survey, wish: &Wish<'_>) -> (Vec<&'static str>, Vec<String>) {
    let plan = decide(survey, wish);
    let findings = plan.findings.iter().map(|one| format!("{} {}", one.id, one.shape.unwrap_or("-")));
    (plan.steps.iter().map(Step::kind).collect(), findings.collect())
}

fn memory_of(survey: &mut Survey, change: impl FnOnce(&mut LoadedFacts)) {
    let mut facts = memory();
    change(&mut facts);
    if let Some(unit) = survey.units.first_mut() {
        unit.memory = Memory::Loaded(Box::new(facts));
    }
}

#[test]
fn what_is_as_shipped_and_read_needs_nothing() {
    assert_eq!(told(&survey(Standing::Shipped), &wish(&[])), (vec![], vec![]));
}

#[test]
fn each_drift_of_a_link_is_one_step_and_one_reload() {
    let target = || PathBuf::from("/x");
    for (standing, keeps) in [
        (Standing::Missing, false),
        (Standing::File { is_same: true }, false),
        (Standing::File { is_same: false }, true),
        (Standing::Dangling(target()), false),
        (Standing::Elsewhere(target()), false),
        (Standing::OtherGeneration { target: target(), is_same: true }, false),
        (Standing::OtherGeneration { target: target(), is_same: false }, false),
        (Standing::Loop, false),
    ] {
        let plan = decide(&survey(standing), &wish(&[]));
        let restore = Step::Restore { path: PLACE.into(), source: SOURCE.into(), keeps };
        assert_eq!(plan.steps, [restore, Step::Reload]);
        assert!(plan.findings.is_empty());
    }
}

#[test]
fn what_is_for_a_person_to_decide_is_left_alone() {
    for (standing, left) in [
        (Standing::Masked, "unit-mask PF6"),
        (Standing::Folder, "unit-file PF1"),
        (Standing::Special, "unit-file PF1"),
        (Standing::Collected("/x".into()), "unit-file PF11"),
        (Standing::Unreadable("no".to_owned()), "unit-file -"),
    ] {
        assert_eq!(told(&survey(standing), &wish(&[])), (vec![], vec![left.to_owned()]));
    }
    let mut shadowed = survey(Standing::Shipped);
    for winner in shadowed.units.iter_mut().filter_map(|unit| unit.winner.as_mut()) {
        winner.path = "/home/tim/.config/systemd/user.control/a.service".into();
    }
    assert_eq!(told(&shadowed, &wish(&[])), (vec![], vec!["unit-fragment PF4".to_owned()]));
}

#[test]
fn nothing_is_written_below_an_obstacle_or_from_an_unclear_generation() {
    let at = || PathBuf::from("/home/tim/.config/systemd");
    for obstacle in [
        Obstacle::Link { at: at(), target: "/x".into() },
        Obstacle::Foreign { at: at(), uid: 0 },
        Obstacle::ReadOnly(at()),
        Obstacle::NoFolder(at()),
    ] {
        let mut survey = survey(Standing::Missing);
        survey.host.places = vec![(owner::Kind::HomeManager, at(), vec![obstacle])];
        let (steps, left) = told(&survey, &wish(&[]));
        assert_eq!((steps, left), (vec![], ["unit-folder PF9", "unit-file PF9"].map(str::to_owned).to_vec()));
    }
    let mut survey = survey(Standing::Missing);
    survey.host.generations = vec![Generation::Lost { kind: owner::Kind::HomeManager, reasons: Vec::new() }];
    assert_eq!(told(&survey, &wish(&[])), (vec![], vec!["generation PF11".to_owned()]));
}

#[test]
fn a_manager_that_is_behind_is_reloaded_and_one_that_asks_for_ever_is_not() {
    let mut behind = survey(Standing::Shipped);
    let difference = Difference::ExecStart { loaded: "/a".to_owned(), disk: "/b".to_owned() };
    memory_of(&mut behind, |facts| facts.differences.push(difference));
    assert_eq!(told(&behind, &wish(&[])).0, ["reload"]);
    assert_eq!(running_old(&behind), ["a.service"]);
    memory_of(&mut behind, |facts| facts.younger = Some(PLACE.into()));
    assert_eq!(told(&behind, &wish(&[])).0, ["reload"]);
    memory_of(&mut behind, |facts| (facts.loaded.needs_reload, facts.loaded.load) = (true, Load::Masked));
    assert!(told(&behind, &wish(&[])).0.is_empty());
    memory_of(&mut behind, |facts| facts.loaded.needs_reload = true);
    assert_eq!(told(&behind, &wish(&[])).0, ["reload"]);
    assert!(told(&behind, &Wish { reloads: false, ..wish(&[]) }).0.is_empty());
    // Without a manager there is nothing to reload.
    behind.host.manager = Err("no".to_owned());
    assert!(told(&behind, &wish(&[])).0.is_empty());
}

#[test]
fn only_what_was_asked_for_is_done() {
    let drifted = survey(Standing::Missing);
    assert_eq!(told(&drifted, &Wish { reloads: false, ..wish(&[]) }).0, ["restore-link"]);
    let (steps, left) = told(&drifted, &Wish { restores: false, ..wish(&[]) });
    assert_eq!((steps, left), (vec![], vec!["unit-file -".to_owned()]));
}

#[test]
fn a_foreign_drop_in_is_removed_only_when_it_is_named() {
    let mut foreign = survey(Standing::Shipped);
    for unit in &mut foreign.units {
        unit.drop_ins.push(DropInFacts {
            path: FOREIGN.into(),
            belongs: Belongs::Foreign(Keeper::Admin),
            is_mask: false,
            is_stored: false,
            hides: Vec::new(),
        });
    }
    assert_eq!(told(&foreign, &wish(&[])), (vec![], vec!["unit-drop-in PF5".to_owned()]));
    let named = [PathBuf::from(FOREIGN)];
    assert_eq!(told(&foreign, &wish(&named)), (vec!["remove-drop-in", "reload"], vec![]));
    // What is not there, or is not foreign, is not touched.
    let other = [PathBuf::from(PLACE)];
    assert_eq!(told(&survey(Standing::Shipped), &wish(&other)).0, Vec::<&str>::new());
}

#[test]
fn a_named_unit_that_nobody_ships_is_told() {
    let mut own = survey(Standing::Shipped);
    for unit in &mut own.units {
        (unit.owner, unit.files) = (None, Vec::new());
    }
    assert_eq!(told(&own, &wish(&[])), (vec![], vec!["unit-owner -".to_owned()]));
    assert_eq!(told(&own, &Wish { is_named: false, ..wish(&[]) }), (vec![], vec![]));
}
