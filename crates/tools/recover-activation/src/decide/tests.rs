//! From troubles to steps.

use activation::files::Files;
use activation::ground::Ground;
use activation::job::{Copy, Program};
use activation::jobs::Jobs;
use activation::link::Look;
use launchd::listing::Listed;
use launchd::outcome::Ended;
use launchd::{Definition, Domain};
use nix_host::Link;
use nix_host::link::{End as Target, Kind};
use nix_host::profile::{Doubt, Profile, Said};
use nix_host::run_folder::Standing as Run;
use nix_host::volume::{Mounted, Volume as About};

use super::*;
use crate::facts::End;
use crate::level::Level;

const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";

fn facts(troubles: Vec<Trouble>) -> Facts {
    let to = |path: &str| Link::To {
        text: path.into(),
        leads: Ok(Target { path: path.into(), kind: Kind::Folder }),
    };
    let profile = Profile {
        at: nix_host::profile::SYSTEM.into(),
        system: Ok(A.into()),
        is_system: true,
        said: Said::System(A.into()),
    };
    let host = activation::Facts {
        look: Look { platform: Platform::Mac, profile, current: to(A), is_managed: true },
        ground: Ground {
            run: to("/private/var/run"),
            synthetic: Vec::new(),
            volume: About { mounted: Mounted::Part, has_store: true, expected: Vec::new() },
        },
        files: Files { gc_root: to(A), etc: to(A), source: None, odd: Ok(Vec::new()), shell: None },
        jobs: Some(Jobs::default()),
    };
    Facts { host, troubles, grants: Some(Grants::Safe("")) }
}

fn job(role: Role, label: &str, domain: Domain, installed: &str, state: State) -> Job {
    Job {
        role,
        domain,
        label: label.to_owned(),
        definition: Definition { label: label.to_owned(), ..Definition::default() },
        source: None,
        installed: installed.into(),
        copy: Copy::Right,
        program: Program::Here,
        is_disabled: false,
        state,
        blocked: None,
    }
}

fn faulty(domain: Domain, installed: &str, fault: Fault) -> Trouble {
    Trouble::Job(Box::new(job(Role::Wanted, "org.nixos.x", domain, installed, State::NotLoaded)), fault)
}

/// A login at the screen.
fn login() -> Situation {
    Situation {
        most: Level::Activation,
        is_root: false,
        session: Some(Session::Aqua),
        consent: Consent::Nobody,
        was_activated: Ok(false),
    }
}

fn step(troubles: Vec<Trouble>, situation: &Situation, tried: &[Tried]) -> Option<Step> {
    match decide(&facts(troubles), situation, tried) {
        Plan::Next(step, _) => Some(step),
        _ => None,
    }
}

fn kept(plan: &Plan) -> String {
    match plan {
        Plan::Over(left) => left
            .iter()
            .map(|(_, left)| match left {
                Left::Kept(step, reason) => format!("{step:?}: {reason}"),
                other => format!("{other:?}"),
            })
            .collect::<Vec<_>>()
            .join("; "),
        other => format!("{other:?}"),
    }
}

fn tried(step: Step) -> Tried {
    Tried { step, end: End::Done }
}

const LINK: Step = Step::Link { is_stale: false };

fn of_etc() -> Trouble {
    Trouble::Static(etc::Standing::Missing)
}

#[test]
fn what_keeps_nobody_from_working_is_healthy() {
    let domain = Domain::System;
    let troubles = vec![
        Trouble::NoScreen { uid: 501, agents: 3 },
        faulty(domain, "/Library/LaunchDaemons/x.plist", Fault::ChecksFailed(Ended::Code(1))),
        faulty(domain, "/Library/LaunchDaemons/x.plist", Fault::Failed(Ended::Code(3))),
    ];
    assert_eq!(decide(&facts(troubles), &login(), &[]), Plan::Healthy);
    assert_eq!(decide(&facts(Vec::new()), &login(), &[]), Plan::Healthy);
}

#[test]
fn the_smallest_step_comes_first_whatever_is_told_first() {
    let daemon = faulty(Domain::System, "/Library/LaunchDaemons/x.plist", Fault::NotLoaded);
    let troubles = vec![of_etc(), daemon, Trouble::Current(Current::Missing)];
    let mut done = Vec::new();
    for expected in [LINK, Step::Daemons, Step::Activate] {
        assert_eq!(step(troubles.clone(), &login(), &done), Some(expected.clone()));
        done.push(tried(expected));
    }
    let Plan::Over(left) = decide(&facts(troubles), &login(), &done) else { panic!("a fourth step") };
    assert!(left.iter().all(|(_, left)| matches!(left, Left::Tried(tried) if tried.len() == 1)), "{left:?}");
}

#[test]
fn each_fault_of_a_job_has_its_step_or_none() {
    let daemons = "/Library/LaunchDaemons/x.plist";
    let screen = Domain::Gui(501);
    for (domain, place, fault, expected) in [
        (Domain::System, daemons, Fault::NotLoaded, Some(Step::Daemons)),
        (Domain::System, daemons, Fault::Disabled { is_loaded: false }, Some(Step::Daemons)),
        (Domain::System, daemons, Fault::Copy(Copy::Differs), Some(Step::Daemons)),
        (Domain::System, daemons, Fault::CouldNotStart(Ended::Code(127)), Some(Step::Daemons)),
        (Domain::System, daemons, Fault::Penalized, Some(Step::Daemons)),
        (Domain::System, daemons, Fault::NeverStarted, Some(Step::Daemons)),
        (Domain::System, daemons, Fault::Blocked("sh".to_owned()), None),
        (Domain::System, daemons, Fault::NotPermitted, None),
        (screen, "/Library/LaunchAgents/x.plist", Fault::NotLoaded, Some(Step::Agents)),
        (screen, "/Users/tim/Library/LaunchAgents/x.plist", Fault::NotLoaded, Some(Step::OwnAgents)),
    ] {
        let text = format!("{fault:?}");
        assert_eq!(step(vec![faulty(domain, place, fault)], &login(), &[]), expected, "{text}");
    }
}

#[test]
fn a_link_that_works_is_replaced_only_where_a_person_agrees() {
    let troubles = vec![Trouble::Current(Current::Stale("/nix/store/b".into()))];
    let plan = decide(&facts(troubles.clone()), &login(), &[]);
    assert!(kept(&plan).contains("is not replaced unasked"), "{plan:?}");
    for consent in [Consent::Asked, Consent::Given { at_terminal: false }] {
        let by_hand = Situation { consent, ..login() };
        let plan = decide(&facts(troubles.clone()), &by_hand, &[]);
        assert!(matches!(plan, Plan::Next(Step::Link { is_stale: true }, Some(_))), "{plan:?}");
    }
    let mut nixos = facts(troubles);
    nixos.host.look.platform = Platform::NixOs;
    assert_eq!(decide(&nixos, &login(), &[]), Plan::Healthy);
}

#[test]
fn a_full_activation_needs_the_screen_the_boot_and_nothing_at_risk() {
    let plan = |facts: &Facts, situation: &Situation| decide(facts, situation, &[]);
    let good = facts(vec![of_etc()]);
    assert_eq!(plan(&good, &login()), Plan::Next(Step::Activate, None));
    let risky = Facts { grants: Some(Grants::AtRisk("x.app".to_owned())), ..good.clone() };
    let unknown = Facts { grants: None, ..good.clone() };
    let ssh = Situation { session: Some(Session::Background), ..login() };
    let silent = Situation { session: None, ..login() };
    let again = Situation { was_activated: Ok(true), ..login() };
    let unread = Situation { was_activated: Err("boom".to_owned()), ..login() };
    let capped = Situation { most: Level::Jobs, ..login() };
    let job = Situation { consent: Consent::Given { at_terminal: false }, ..login() };
    for (facts, situation, words) in [
        (&good, &ssh, "no session at the screen"),
        (&good, &silent, "type of this session"),
        (&good, &again, "once since the boot"),
        (&good, &unread, "boom"),
        (&good, &capped, "--level 2"),
        (&risky, &login(), "x.app"),
        (&risky, &job, "x.app"),
        (&unknown, &login(), "not known"),
    ] {
        let kept = kept(&plan(facts, situation));
        assert!(kept.starts_with("Activate: ") && kept.contains(words), "{words}: {kept}");
    }
    for consent in [Consent::Asked, Consent::Given { at_terminal: true }] {
        let person = Situation { consent, was_activated: Ok(true), ..login() };
        assert_eq!(plan(&good, &person), Plan::Next(Step::Activate, None));
        assert!(matches!(plan(&risky, &person), Plan::Next(Step::Activate, Some(_))));
        let ssh = Situation { session: Some(Session::Background), ..person };
        assert!(kept(&plan(&risky, &ssh)).contains("no session at the screen"));
    }
}

#[test]
fn each_daemon_that_mounts_the_store_is_asked_by_its_state_and_then_waited_for() {
    let label = "systems.determinate.nix-store";
    let listed = |pid| State::Loaded { listed: Listed { pid, ended: Ended::Code(1) }, closer: None };
    let run = |jobs: Vec<Job>, done: &[Tried]| {
        let mut facts = facts(vec![Trouble::Volume(Volume::Away)]);
        facts.host.jobs = Some(Jobs { jobs, ..Jobs::default() });
        decide(&facts, &login(), done)
    };
    let store = |state| job(Role::Store, label, Domain::System, "/Library/LaunchDaemons/x.plist", state);
    let next = |step| Plan::Next(step, None);
    let kickstart = Step::Daemon(Ask::Kickstart, label);
    assert_eq!(run(vec![store(listed(None))], &[]), next(kickstart.clone()));
    assert_eq!(run(vec![store(listed(Some(7)))], &[]), next(Step::Wait));
    assert_eq!(run(vec![store(State::NotLoaded)], &[]), next(Step::Daemon(Ask::Bootstrap, label)));
    let disabled = Job { is_disabled: true, ..store(State::NotLoaded) };
    assert_eq!(run(vec![disabled], &[]), next(Step::Daemon(Ask::Enable, label)));
    assert_eq!(run(Vec::new(), &[]), next(Step::Wait));
    let refused = Tried { step: kickstart, end: End::Refused("no".to_owned()) };
    assert_eq!(run(vec![store(listed(None))], std::slice::from_ref(&refused)), next(Step::Wait));
    let late = Tried { step: Step::Wait, end: End::Declined };
    let plan = run(vec![store(listed(None))], &[refused, late]);
    let Plan::Over(left) = plan else { panic!("{plan:?}") };
    assert!(matches!(left.as_slice(), [(_, Left::Tried(tried))] if tried.len() == 2), "{left:?}");
}

#[test]
fn a_store_that_nobody_mounts_is_not_waited_for() {
    let plan = decide(&facts(vec![Trouble::Volume(Volume::NoStore)]), &login(), &[]);
    assert!(matches!(&plan, Plan::Over(left) if left.len() == 1), "{plan:?}");
    let plan = decide(&facts(vec![Trouble::Volume(Volume::Removable)]), &login(), &[]);
    assert!(matches!(&plan, Plan::Over(left) if left.len() == 1), "{plan:?}");
}

#[test]
fn what_no_step_is_for_is_left_and_does_not_keep_the_rest_from_being_mended() {
    let hopeless = [
        Trouble::Run { standing: Run::Missing, causes: Vec::new() },
        Trouble::Unread("x".to_owned()),
        Trouble::Shell { shell: "/nix/x".into(), reason: "x".to_owned() },
        Trouble::Current(Current::NotALink(Kind::Folder)),
    ];
    for trouble in hopeless {
        let troubles = vec![trouble.clone(), Trouble::GcRoot(nix_host::gc_root::Standing::Missing)];
        assert_eq!(step(troubles, &login(), &[]), Some(LINK));
        let plan = decide(&facts(vec![trouble.clone()]), &login(), &[]);
        assert_eq!(plan, Plan::Over(vec![(trouble, Left::Helpless)]));
    }
}

#[test]
fn nothing_is_linked_while_nobody_knows_to_what() {
    let mut facts = facts(vec![
        Trouble::Profile(Doubt::NoProfile("gone".to_owned())),
        Trouble::Current(Current::Missing),
    ]);
    facts.host.look.profile.system = Err("gone".to_owned());
    let plan = decide(&facts, &login(), &[]);
    assert!(matches!(&plan, Plan::Over(left) if left.len() == 2), "{plan:?}");
}

#[test]
fn a_level_is_not_passed() {
    let daemon = faulty(Domain::System, "/Library/LaunchDaemons/x.plist", Fault::NotLoaded);
    let troubles = vec![Trouble::Current(Current::Missing), daemon];
    let capped = Situation { most: Level::Link, ..login() };
    assert_eq!(step(troubles.clone(), &capped, &[]), Some(LINK));
    let plan = decide(&facts(troubles), &capped, &[tried(LINK)]);
    assert!(kept(&plan).contains("Daemons: it is beyond --level 1"), "{plan:?}");
}
