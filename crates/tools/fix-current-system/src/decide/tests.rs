//! The states in which the links can be, and what is done about each.

use std::path::PathBuf;

use nix_host::link::{End, Kind};
use nix_host::profile::{Profile, Refusal, Said};
use nix_host::synthetic::{self, Entry, Lines, Manifest};
use nix_host::{Link, Platform, gc_root, profile, run_folder, system};
use oneshot::Status;

use super::*;
use crate::arguments::Stale::{self, Always, FormerBoot, Never};

const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";

fn to(text: &str, kind: Kind) -> Link {
    Link::To { text: text.into(), leads: Ok(End { path: text.into(), kind }) }
}

fn dangling(text: &str) -> Link {
    Link::To { text: text.into(), leads: Err("it is not there".to_owned()) }
}

/// A Mac on which all is in order.
fn mac() -> Facts {
    let entry = Entry { line: 1, name: "run".into(), target: Some("private/var/run".into()) };
    let lines = Lines { entries: vec![entry], is_ended: true, mode: 0o644, uid: 0 };
    Facts {
        platform: Platform::Mac,
        run: Link::To {
            text: "private/var/run".into(),
            leads: Ok(End { path: run_folder::REAL.into(), kind: Kind::Folder }),
        },
        manifests: vec![Manifest { path: synthetic::FILE.into(), content: Ok(lines) }],
        profile: Profile {
            at: profile::SYSTEM.into(),
            system: Ok(A.into()),
            is_system: true,
            said: Said::System(A.into()),
        },
        current: to(A, Kind::Folder),
        gc_root_at: gc_root::CURRENT.into(),
        gc_root: to(system::CURRENT, Kind::Folder),
        is_of_former_boot: false,
        orphans: Vec::new(),
    }
}

fn nixos() -> Facts {
    let profile = Profile { said: Said::Nothing, ..mac().profile };
    Facts {
        platform: Platform::NixOs,
        run: Link::Other(Kind::Folder),
        manifests: Vec::new(),
        profile,
        ..mac()
    }
}

/// The kinds of the steps, and each finding that is not in order with its shape.
fn told(facts: &Facts, stale: Stale) -> (Vec<&'static str>, Vec<(&'static str, Option<&'static str>)>) {
    let plan = decide(facts, stale);
    let wrong = plan.findings.iter().chain(&plan.notes).filter(|finding| finding.status != Status::Ok);
    (plan.steps.iter().map(Step::kind).collect(), wrong.map(|finding| (finding.id, finding.shape)).collect())
}

#[test]
fn a_host_in_order_needs_nothing() {
    for facts in [mac(), nixos()] {
        assert_eq!(told(&facts, Always), (vec![], vec![]), "{facts:?}");
        let without = Facts { gc_root: Link::NoFolder("gone".into()), ..facts };
        assert_eq!(told(&without, Always), (vec![], vec![]), "no folder of roots is no error");
    }
}

#[test]
fn what_is_missing_or_leads_nowhere_is_linked_whoever_asks() {
    for (current, shape) in [
        (Link::Missing, "LF1"),
        (dangling(B), "LF12"),
        (to(A, Kind::File), "LF12"),
        (dangling("current-system"), "LF12"),
    ] {
        for facts in [mac(), nixos()] {
            let facts = Facts { current: current.clone(), ..facts };
            for stale in [Never, FormerBoot, Always] {
                assert_eq!(told(&facts, stale), (vec!["link-system"], vec![]), "{facts:?}");
            }
            let steps = decide(&facts, Never).steps;
            assert!(steps[0].to_string().contains(shape), "{} does not name {shape}", steps[0]);
            assert!(matches!(&steps[0], Step::Link { target, .. } if target.as_path() == Path::new(A)));
        }
    }
}

#[test]
fn a_stale_link_is_replaced_only_when_asked_and_its_orphans_are_told() {
    let orphans = vec![PathBuf::from("/Library/LaunchDaemons/org.nixos.old.plist")];
    let stale = Facts { current: to(B, Kind::Folder), orphans, ..mac() };
    assert_eq!(told(&stale, Never), (vec![], vec![("current-system", Some("LF10"))]));
    let hints = decide(&stale, Never).findings.remove(0).hint;
    assert!(hints.iter().any(|hint| hint.contains("org.nixos.old")), "{hints:?}");
    assert_eq!(told(&stale, Always), (vec!["link-system"], vec![("orphaned-job", None)]));
    let older = Facts { current: to(B, Kind::Folder), ..nixos() };
    assert_eq!(told(&older, Never), (vec![], vec![]), "an older generation of NixOS is meant");
    assert_eq!(told(&older, Always).0, ["link-system"]);
}

#[test]
fn the_boot_replaces_a_stale_link_of_the_boot_before_and_no_younger_one() {
    for facts in [mac(), nixos()] {
        let younger = Facts { current: to(B, Kind::Folder), ..facts };
        assert_eq!(told(&younger, FormerBoot), (vec![], vec![]));
        let older = Facts { is_of_former_boot: true, ..younger };
        assert_eq!(told(&older, FormerBoot).0, ["link-system"]);
    }
}

#[test]
fn what_is_no_link_is_left_alone() {
    for kind in [Kind::Folder, Kind::File, Kind::Special] {
        let facts = Facts { current: Link::Other(kind), ..mac() };
        assert_eq!(told(&facts, Always), (vec![], vec![("current-system", None)]), "{kind}");
        let facts = Facts { gc_root: Link::Other(kind), ..mac() };
        assert_eq!(told(&facts, Always), (vec![], vec![("gc-root", None)]), "{kind}");
    }
}

#[test]
fn the_root_is_linked_to_the_link() {
    for gc_root in [Link::Missing, to(A, Kind::Folder), dangling(B)] {
        let facts = Facts { gc_root, ..mac() };
        assert_eq!(told(&facts, Never), (vec!["link-gc-root"], vec![]), "{facts:?}");
    }
}

#[test]
fn without_run_nothing_is_done_and_the_cause_is_told() {
    let missing = Facts { run: Link::Missing, current: Link::NoFolder("gone".into()), ..mac() };
    assert_eq!(told(&missing, Always), (vec![], vec![("run-folder", Some("LF11"))]));
    assert!(decide(&missing, Always).findings[0].text.contains("not made yet"));
    let manifests = vec![Manifest { path: synthetic::FILE.into(), content: Err(synthetic::Fault::NoFile) }];
    let finding = decide(&Facts { manifests, ..missing }, Always).findings.remove(0);
    assert!(finding.text.contains("/etc/synthetic.conf is missing"), "{}", finding.text);
    assert!(finding.hint[0].contains("tee -a /etc/synthetic.conf"), "{:?}", finding.hint);
    let folder = Facts { run: Link::Other(Kind::Folder), ..mac() };
    assert_eq!(told(&folder, Always), (vec![], vec![("run-folder", Some("LF11"))]));
    let link = Facts { run: to("/tmp", Kind::Folder), ..nixos() };
    assert_eq!(told(&link, Always), (vec![], vec![("run-folder", None)]));
}

#[test]
fn a_doubtful_profile_links_nothing() {
    let with = |said| Profile { said, ..mac().profile };
    for profile in [
        with(Said::Refused(Refusal::Lines)),
        with(Said::Refused(Refusal::TooLong)),
        with(Said::System(B.into())),
        Profile { is_system: false, ..with(Said::Nothing) },
        Profile { system: Err("gone".into()), ..with(Said::Nothing) },
        Profile { system: Ok("/etc".into()), ..with(Said::Nothing) },
    ] {
        let facts = Facts { profile, current: Link::Missing, gc_root: Link::Missing, ..mac() };
        assert_eq!(told(&facts, Always), (vec![], vec![("system-profile", None)]), "{facts:?}");
    }
}

#[test]
fn the_state_that_the_steps_leave_needs_no_further_step() {
    let broken = [Link::Missing, dangling(B), to(B, Kind::Folder)];
    for facts in [mac(), nixos()] {
        for current in &broken {
            let mut facts = Facts { current: current.clone(), gc_root: Link::Missing, ..facts.clone() };
            for step in decide(&facts, Always).steps {
                match step {
                    Step::Link { target, .. } => facts.current = to(&target.to_string_lossy(), Kind::Folder),
                    Step::Root { .. } => facts.gc_root = to(system::CURRENT, Kind::Folder),
                }
            }
            assert_eq!(told(&facts, Always), (vec![], vec![]), "{current:?}");
        }
    }
}
