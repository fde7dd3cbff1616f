//! Each shape from its facts.

use std::path::PathBuf;

use nix_host::manifest;
use provenance::facts::{Belongs, Difference, DropInFacts, FileFacts, LoadedFacts, Memory, Winner};
use provenance::owner::{Generation, Kind};
use provenance::place::Obstacle;
use provenance::standing::Standing;
use provenance::{Person, Whose};
use systemd::unit::listing::Listed;
use systemd::unit::{Active, Load, Loaded};
use systemd::unit_path::{Homes, Keeper};

use super::*;

const PLACE: &str = "/home/tim/.config/systemd/user/a.service";
const SOURCE: &str = "/nix/store/h-home-manager-files/.config/systemd/user/a.service";

fn tim() -> Whose {
    let homes = Homes::standard("tim", "/home/tim", 1000);
    Whose::User(Person {
        uid: 1000,
        gid: 100,
        homes,
        state: "/home/tim/.local/state".into(),
        is_caller: true,
    })
}

fn current() -> Generation {
    Generation::Current {
        kind: Kind::HomeManager,
        path: "/nix/store/g".into(),
        by: vec![("/p".into(), "the profile".to_owned())],
        against: Vec::new(),
    }
}

fn loaded() -> Loaded {
    Loaded {
        id: "a.service".to_owned(),
        names: vec!["a.service".to_owned()],
        load: Load::Loaded,
        error: None,
        active: Active::Active,
        fragment: Some(PLACE.into()),
        drop_ins: Vec::new(),
        file_state: "enabled".to_owned(),
        needs_reload: false,
        is_transient: false,
        invocation: None,
        started: Some(1),
        exec_start: vec!["/bin/true".to_owned()],
    }
}

fn in_memory(loaded: Loaded) -> LoadedFacts {
    LoadedFacts { loaded, differences: Vec::new(), younger: None }
}

/// One unit of Home Manager, in order in every respect.
fn good() -> Survey {
    let winner = Winner {
        path: PLACE.into(),
        keeper: Keeper::User,
        is_mask: false,
        is_dangling: false,
        place_of: Some(Kind::HomeManager),
        is_stored: true,
    };
    let file = FileFacts {
        owner: Kind::HomeManager,
        kind: manifest::Kind::Unit,
        path: PLACE.into(),
        source: SOURCE.into(),
        standing: Standing::Shipped,
    };
    let unit = UnitFacts {
        name: "a.service".to_owned(),
        owner: Some(Kind::HomeManager),
        files: vec![file],
        winner: Some(winner),
        drop_ins: Vec::new(),
        changed: None,
        memory: Memory::Loaded(Box::new(in_memory(loaded()))),
    };
    let host = HostFacts {
        whose: tim(),
        generations: vec![current(), Generation::None(Kind::NixOs)],
        places: vec![(Kind::HomeManager, "/home/tim/.config/systemd/user".into(), Vec::new())],
        unreadable: Vec::new(),
        manager: Ok(Some(1)),
    };
    Survey { host, units: vec![unit] }
}

fn wish(allowed: &[Pattern]) -> Wish<'_> {
    Wish { owner: None, is_named: true, is_each: true, is_strict: false, allowed }
}

/// What is not in order, as "status id shape".
fn wrong_with(survey: &Survey, wish: &Wish<'_>) -> Vec<String> {
    let findings = findings(survey, wish);
    let wrong = findings.iter().filter(|finding| matches!(finding.status, Status::Fail | Status::Warn));
    wrong
        .map(|finding| format!("{} {} {}", finding.status, finding.id, finding.shape.unwrap_or("-")))
        .collect()
}

fn wrong(survey: &Survey) -> Vec<String> {
    wrong_with(survey, &wish(&[]))
}

/// The same after a change of the one unit.
fn wrong_when(change: impl FnOnce(&mut UnitFacts)) -> Vec<String> {
    let mut survey = good();
    if let Some(unit) = survey.units.first_mut() {
        change(unit);
    }
    wrong(&survey)
}

fn memory(change: impl FnOnce(&mut LoadedFacts)) -> Vec<String> {
    wrong_when(|unit| {
        let mut facts = in_memory(loaded());
        change(&mut facts);
        unit.memory = Memory::Loaded(Box::new(facts));
    })
}

#[test]
fn a_unit_in_order_has_its_line_when_named_and_one_for_all_else() {
    assert!(wrong(&good()).is_empty());
    let ids = |wish: &Wish<'_>| findings(&good(), wish).iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&wish(&[])), ["generation", "unit-file"]);
    assert_eq!(ids(&Wish { is_named: false, is_each: false, ..wish(&[]) }), ["generation", "units"]);
}

#[test]
fn what_lies_in_the_place_of_the_link_has_its_shape() {
    let target = || PathBuf::from("/x");
    for (standing, expected) in [
        (Standing::File { is_same: true }, "fail unit-file PF1"),
        (Standing::File { is_same: false }, "fail unit-file PF1"),
        (Standing::Folder, "fail unit-file PF1"),
        (Standing::Special, "fail unit-file PF1"),
        (Standing::Missing, "fail unit-file PF2"),
        (Standing::Dangling(target()), "fail unit-file PF3"),
        (Standing::OtherGeneration { target: target(), is_same: false }, "fail unit-file PF3"),
        (Standing::OtherGeneration { target: target(), is_same: true }, "warn unit-file PF3"),
        (Standing::Elsewhere(target()), "fail unit-file PF3"),
        (Standing::Loop, "fail unit-file PF3"),
        (Standing::Masked, "fail unit-file PF6"),
        (Standing::Collected(target()), "fail unit-file PF11"),
        (Standing::Unreadable("no".to_owned()), "fail unit-file -"),
    ] {
        let found =
            wrong_when(|unit| unit.files.iter_mut().for_each(|file| file.standing = standing.clone()));
        assert_eq!(found, [expected], "{standing:?}");
    }
}

#[test]
fn a_link_that_pulls_a_unit_in_counts_by_its_name() {
    for (standing, expected) in [
        (Standing::Missing, "fail unit-file PF2"),
        (Standing::Masked, "fail unit-file PF6"),
        (Standing::Dangling("/x".into()), "warn unit-file PF3"),
    ] {
        let found = wrong_when(|unit| {
            let path = "/home/tim/.config/systemd/user/default.target.wants/a.service".into();
            let file = unit.files.first().cloned();
            unit.files.extend(file.map(|file| FileFacts {
                kind: manifest::Kind::Link,
                path,
                standing,
                ..file
            }));
        });
        assert_eq!(found, [expected]);
    }
}

#[test]
fn another_file_that_counts_is_a_shadow_or_a_mask() {
    let shadow = |is_mask, keeper| {
        wrong_when(|unit| {
            if let Some(winner) = &mut unit.winner {
                winner.path = "/home/tim/.config/systemd/user.control/a.service".into();
                (winner.is_mask, winner.keeper, winner.place_of) = (is_mask, keeper, None);
            }
        })
    };
    assert_eq!(shadow(false, Keeper::Control), ["fail unit-fragment PF4"]);
    assert_eq!(shadow(false, Keeper::Generator), ["fail unit-fragment PF4"]);
    assert_eq!(shadow(true, Keeper::Control), ["fail unit-fragment PF6"]);
    assert_eq!(memory(|facts| facts.loaded.is_transient = true), ["fail unit-fragment PF4"]);
}

#[test]
fn a_weaker_file_is_only_told_with_the_missing_one() {
    let found = wrong_when(|unit| {
        unit.files.iter_mut().for_each(|file| file.standing = Standing::Missing);
        unit.winner.iter_mut().for_each(|winner| winner.path = "/usr/lib/systemd/user/a.service".into());
    });
    assert_eq!(found, ["fail unit-file PF2"]);
}

fn foreign(path: &str) -> DropInFacts {
    DropInFacts {
        path: path.into(),
        belongs: Belongs::Foreign(Keeper::Admin),
        is_mask: false,
        is_stored: false,
        hides: Vec::new(),
    }
}

#[test]
fn a_foreign_drop_in_is_one_finding_however_many_units_it_merges_into() {
    let mut survey = good();
    let unit = survey.units.remove(0);
    for name in ["a.service", "b.service", "c.service", "d.service", "e.service"] {
        let drop_ins = vec![foreign("/etc/systemd/user/service.d/x.conf")];
        survey.units.push(UnitFacts { name: name.to_owned(), drop_ins, ..unit.clone() });
    }
    assert_eq!(wrong(&survey), ["fail unit-drop-in PF5"]);
    let told = findings(&survey, &wish(&[])).into_iter().find(|finding| finding.id == "unit-drop-in");
    assert!(told.is_some_and(|finding| finding.text.contains("a.service, b.service, c.service and 2 more")));
    let allowed = ["x.conf".parse::<Pattern>().unwrap()];
    assert!(wrong_with(&survey, &wish(&allowed)).is_empty());
}

#[test]
fn drop_ins_of_packages_generators_and_generations_are_no_concern() {
    for belongs in [Belongs::Packaged, Belongs::Generated, Belongs::Shipped] {
        let found = wrong_when(|unit| unit.drop_ins.push(DropInFacts { belongs, ..foreign("/x/y.conf") }));
        assert!(found.is_empty(), "{belongs:?}: {found:?}");
    }
    let hides = vec![PathBuf::from("/home/tim/.config/systemd/user/a.service.d/x.conf")];
    let found = wrong_when(|unit| {
        unit.drop_ins.push(DropInFacts {
            belongs: Belongs::Generated,
            is_mask: true,
            hides,
            ..foreign("/x/x.conf")
        });
    });
    assert_eq!(found, ["fail unit-drop-in PF5"]);
    let found = wrong_when(|unit| unit.drop_ins.push(DropInFacts { is_mask: true, ..foreign("/x/y.conf") }));
    assert_eq!(found, ["warn unit-drop-in PF5"]);
}

#[test]
fn an_old_version_in_memory_is_seen_by_what_it_is() {
    for difference in [
        Difference::Fragment { loaded: Some("/a".into()), disk: Some("/b".into()) },
        Difference::Fragment { loaded: Some("/a".into()), disk: None },
        Difference::Fragment { loaded: None, disk: Some("/b".into()) },
        Difference::DropIns { gone: vec!["/a".into()], new: Vec::new() },
        Difference::DropIns { gone: Vec::new(), new: vec!["/b".into()] },
        Difference::ExecStart { loaded: "/bin/a".to_owned(), disk: "/bin/b".to_owned() },
    ] {
        let found = memory(|facts| facts.differences.push(difference.clone()));
        assert_eq!(found, ["fail unit-loaded PF7"], "{difference:?}");
    }
    assert_eq!(memory(|facts| facts.loaded.needs_reload = true), ["fail unit-loaded PF7"]);
    // Times alone prove nothing: Home Manager makes each link anew when it activates.
    assert_eq!(memory(|facts| facts.younger = Some("/a".into())), ["warn unit-loaded PF7"]);
}

#[test]
fn a_masked_unit_that_always_wants_a_reload_is_no_reason_for_one() {
    let found = memory(|facts| (facts.loaded.needs_reload, facts.loaded.load) = (true, Load::Masked));
    assert_eq!(found, ["warn unit-loaded PF8"]);
}

#[test]
fn a_unit_without_its_file_is_told_while_it_is_up() {
    let listed = |load, active| wrong_when(|unit| unit.memory = Memory::Listed(Listed { load, active }));
    assert_eq!(listed(Load::NotFound, Active::Active), ["fail unit-loaded PF10"]);
    assert!(listed(Load::NotFound, Active::Inactive).is_empty());
    assert_eq!(listed(Load::BadSetting, Active::Inactive), ["fail unit-loaded -"]);
    assert_eq!(listed(Load::Error, Active::Inactive), ["fail unit-loaded -"]);
    assert!(listed(Load::Loaded, Active::Failed).is_empty());
}

#[test]
fn a_generation_that_is_missing_or_unclear_is_wrong_configuration() {
    let lost = Generation::Lost { kind: Kind::HomeManager, reasons: vec![("/p".into(), "gone".to_owned())] };
    let unclear = Generation::Current {
        kind: Kind::HomeManager,
        path: "/nix/store/g".into(),
        by: Vec::new(),
        against: vec![("/p".into(), "the profile says another".to_owned())],
    };
    for generation in [lost, unclear, Generation::None(Kind::HomeManager)] {
        let mut survey = good();
        survey.host.generations = vec![generation, Generation::None(Kind::NixOs)];
        assert_eq!(wrong(&survey), ["fail generation PF11"]);
    }
    // It is no concern of whoever asks for NixOS, where that is.
    let mut survey = good();
    let nixos = Generation::Current {
        kind: Kind::NixOs,
        path: "/nix/store/s".into(),
        by: Vec::new(),
        against: Vec::new(),
    };
    survey.host.generations = vec![Generation::None(Kind::HomeManager), nixos];
    assert!(wrong(&survey).is_empty());
}

#[test]
fn folders_that_keep_a_repair_out_are_told() {
    let at = || PathBuf::from("/home/tim/.config");
    for (obstacle, expected) in [
        (Obstacle::Link { at: at(), target: "/x".into() }, "warn unit-folder PF9"),
        (Obstacle::Foreign { at: at(), uid: 0 }, "warn unit-folder PF9"),
        (Obstacle::ReadOnly(at()), "warn unit-folder PF9"),
        (Obstacle::NoFolder(at()), "fail unit-folder PF9"),
        (Obstacle::NotOnPath(at()), "fail unit-folder -"),
    ] {
        let mut survey = good();
        survey.host.places = vec![(Kind::HomeManager, at(), vec![obstacle.clone()])];
        assert_eq!(wrong(&survey), [expected], "{obstacle:?}");
    }
    let mut survey = good();
    survey.host.unreadable = vec![(at(), "denied".to_owned())];
    assert_eq!(wrong(&survey), ["warn unit-folder PF9"]);
    assert_eq!(wrong_with(&survey, &Wish { is_strict: true, ..wish(&[]) }), ["fail unit-folder PF9"]);
}

#[test]
fn a_named_unit_must_be_shipped_by_the_owner_that_was_asked_for() {
    assert_eq!(
        wrong_with(&good(), &Wish { owner: Some(Kind::HomeManager), ..wish(&[]) }),
        Vec::<String>::new()
    );
    let found = wrong_when(|unit| (unit.owner, unit.files) = (None, Vec::new()));
    assert_eq!(found, ["fail unit-owner -"]);
}

#[test]
fn what_an_older_generation_left_is_told_when_all_units_are_looked_at() {
    let mut survey = good();
    for unit in &mut survey.units {
        (unit.owner, unit.files) = (None, Vec::new());
        unit.winner.iter_mut().for_each(|winner| winner.place_of = None);
    }
    let wish = Wish { is_named: false, is_each: false, ..wish(&[]) };
    assert_eq!(wrong_with(&survey, &wish), ["warn unit-owner PF3"]);
    // The user's own file is the user's affair.
    survey.units.iter_mut().flat_map(|unit| &mut unit.winner).for_each(|winner| winner.is_stored = false);
    assert!(wrong_with(&survey, &wish).is_empty());
}

#[test]
fn without_a_manager_the_disk_is_judged_and_that_is_said() {
    let mut survey = good();
    survey.host.manager = Err("no".to_owned());
    survey.units.iter_mut().for_each(|unit| unit.memory = Memory::Unknown);
    assert!(wrong(&survey).is_empty());
    let ids: Vec<_> = findings(&survey, &wish(&[])).iter().map(|one| (one.id, one.status)).collect();
    assert!(ids.contains(&("unit-manager", Status::Skip)));
}
