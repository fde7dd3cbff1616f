use user_session::directory::Kind;
use user_session::limits::Limits;
use user_session::{Account, Mount, MountTable};

use user_session::cgroup::Population;

use super::*;
use crate::facts::{Cause, Link, Manager, Space};

const LIMITS: Limits = Limits { size: 1_000_000_000, inodes: 250_000 };
const PLAIN: Wishes = Wishes { start_manager: false, prepare: false, take_over: false };

fn mount(options: &str, super_options: &str) -> Mount {
    let text = format!("9 1 0:9 / /run/user/1000 {options} - tmpfs tmpfs {super_options}\n");
    MountTable::parse(&text).unwrap().0.remove(0)
}

fn status(uid: u32, gid: u32, mode: u32) -> Status {
    Status { uid, gid, mode, device: (0, 9), mount: Some(9) }
}

fn healthy() -> Facts {
    Facts {
        account: Account { name: "tim".into(), uid: 1000, gid: 100 },
        parent: Place::Directory(status(0, 0, 0o755)),
        place: Place::Directory(status(1000, 100, 0o700)),
        layers: vec![mount(
            "rw,nosuid,nodev,relatime",
            "rw,size=976564k,nr_inodes=250000,mode=700,uid=1000,gid=100",
        )],
        shown_elsewhere: Vec::new(),
        backing: "tmpfs".into(),
        limits: LIMITS,
        space: Some(Space { size: 1_000_001_536, inodes: 250_000 }),
        may_mount: true,
        lost_links: Vec::new(),
        is_in_own_unit: true,
        is_elsewhere: false,
        nologin: false,
        session: Some(Session { is_wanted: true, manager: Manager::Inactive, ..Session::default() }),
    }
}

fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = healthy();
    change(&mut facts);
    facts
}

fn live(facts: &mut Facts) {
    facts.is_in_own_unit = false;
    facts.session = Some(Session {
        is_wanted: true,
        bus: true,
        private: true,
        population: Population::Local,
        manager: Manager::Active,
        ..Session::default()
    });
}

/// RF1: what a bare fstab entry leaves.
fn stray(facts: &mut Facts) {
    facts.place = Place::Directory(status(0, 0, 0o1777));
    facts.layers = vec![mount("rw,relatime", "rw")];
    facts.space = Some(Space { size: 5_000_000_000, inodes: 1_250_000 });
}

fn steps(facts: &Facts) -> Vec<Step> {
    plan(facts, &PLAIN).steps
}

fn refusals(facts: &Facts) -> Vec<&'static str> {
    plan(facts, &PLAIN).findings.into_iter().filter_map(|finding| finding.shape).collect()
}

#[test]
fn a_healthy_directory_needs_nothing() {
    assert!(is_in_order(&healthy(), &PLAIN));
    assert_eq!(plan(&healthy(), &PLAIN), Plan::default());
    let live = with(live);
    assert!(is_in_order(&live, &PLAIN) && steps(&live).is_empty());
}

#[test]
fn rf1_a_stray_tmpfs_is_sealed_given_away_and_limited() {
    let facts = with(stray);
    assert!(!is_in_order(&facts, &PLAIN));
    assert_eq!(steps(&facts), [Step::Seal, Step::Owner { uid: 1000, gid: 100 }, Step::Remount(Some(LIMITS))]);
}

#[test]
fn what_others_put_into_an_open_directory_is_told_with_the_repair() {
    let facts = with(|facts| {
        stray(facts);
        facts.session.as_mut().unwrap().strangers = vec!["bus (uid 1001)".into()];
    });
    let plan = plan(&facts, &PLAIN);
    assert!(plan.steps.contains(&Step::Seal));
    assert_eq!(plan.findings[0].id, "runtime-dir-strangers");
}

#[test]
fn what_the_steps_leave_needs_no_step() {
    // The state that the steps of RF1 leave: no mode= or uid= among the options, judged by fstat.
    let facts = with(|facts| {
        stray(facts);
        facts.place = Place::Directory(status(1000, 100, 0o700));
        facts.layers = vec![mount("rw,nosuid,nodev,relatime", "rw,size=976564k,nr_inodes=250000")];
        facts.space = Some(Space { size: 1_000_001_536, inodes: 250_000 });
    });
    assert!(is_in_order(&facts, &PLAIN));
    assert!(steps(&facts).is_empty());
}

#[test]
fn a_label_is_restored_where_selinux_is_on_and_something_was_changed() {
    let mut facts = healthy();
    facts.session.as_mut().unwrap().selinux = true;
    assert!(steps(&facts).is_empty());
    stray(&mut facts);
    assert_eq!(steps(&facts).last(), Some(&Step::Relabel));
}

#[test]
fn rf2_an_old_wsl_premount_gets_its_mode_and_loses_noexec() {
    let facts = with(|facts| {
        facts.place = Place::Directory(status(1000, 100, 0o755));
        facts.layers = vec![mount("rw,nosuid,nodev,noexec", "rw,size=976564k,nr_inodes=250000,mode=755")];
    });
    assert_eq!(steps(&facts), [Step::Mode, Step::Remount(None)]);
}

#[test]
fn rf3_the_upper_layer_goes_when_the_lower_has_the_session_or_nobody_lives() {
    let mut facts = with(|facts| {
        let top = mount("rw", "rw,mode=755");
        facts.layers.push(top);
        facts.place = Place::Directory(status(0, 0, 0o755));
    });
    assert_eq!(steps(&facts), [Step::Unmount]);
    let session = facts.session.as_mut().unwrap();
    session.population = Population::Local;
    assert_eq!(steps(&facts), [Step::Unmount]);
    // The live bus is reached through the upper layer: that one is the session's.
    facts.session.as_mut().unwrap().bus = true;
    assert!(!steps(&facts).contains(&Step::Unmount));
    assert!(refusals(&facts).contains(&"RF3"));
}

#[test]
fn rf3_a_lower_layer_that_is_not_the_users_is_no_reason_to_unmount_under_a_live_session() {
    let facts = with(|facts| {
        live(facts);
        facts.session.as_mut().unwrap().bus = false;
        facts.layers.insert(0, mount("rw", "rw,mode=755"));
    });
    assert!(!steps(&facts).contains(&Step::Unmount));
}

#[test]
fn rf4_a_plain_directory_gets_a_mount_unless_live_or_in_a_container() {
    let mut facts = with(|facts| {
        facts.layers.clear();
        facts.space = None;
        facts.place = Place::Directory(status(0, 0, 0o700));
        facts.session.as_mut().unwrap().stale_sockets = vec!["bus"];
    });
    assert_eq!(steps(&facts), [Step::Owner { uid: 1000, gid: 100 }, Step::Mount(LIMITS)]);
    facts.backing = "ext4".into();
    assert!(steps(&facts).contains(&Step::RemoveSocket("bus")));
    facts.may_mount = false;
    facts.session.as_mut().unwrap().stale_sockets.clear();
    assert_eq!(steps(&facts), [Step::Owner { uid: 1000, gid: 100 }]);
    facts.place = Place::Directory(status(1000, 100, 0o700));
    assert!(is_in_order(&facts, &PLAIN));
}

#[test]
fn rf5_a_missing_directory_is_made_only_where_it_is_wanted() {
    let mut facts = with(|facts| facts.place = Place::Missing);
    facts.layers.clear();
    assert_eq!(steps(&facts), [Step::Make]);
    facts.is_in_own_unit = false;
    assert_eq!(steps(&facts), [Step::StartDirectoryUnit]);
    let fault = Cause { id: OVERRIDE, shape: "RF5", text: "x".into(), hints: vec![] };
    facts.session.as_mut().unwrap().causes = vec![fault];
    assert!(steps(&facts).is_empty());
    assert_eq!(refusals(&facts), ["RF5", "RF5"]);
    facts.session.as_mut().unwrap().causes.clear();
    facts.session.as_mut().unwrap().stops_when_unneeded = true;
    assert_eq!(refusals(&facts), ["RF5"]);
    facts.session.as_mut().unwrap().directory_unit_is_up = true;
    assert_eq!(steps(&facts), [Step::Make]);
    facts.session.as_mut().unwrap().is_wanted = false;
    let plan = plan(&facts, &PLAIN);
    assert!(plan.steps.is_empty() && plan.findings.is_empty() && plan.idle.is_some());
}

#[test]
fn rf6_a_strangers_directory_is_left_unless_asked_for_and_neither_lives() {
    let mut facts = with(|facts| facts.place = Place::Directory(status(1001, 1001, 0o700)));
    assert!(steps(&facts).is_empty());
    assert_eq!(refusals(&facts), ["RF6"]);
    let take_over = Wishes { take_over: true, ..PLAIN };
    assert!(plan(&facts, &take_over).steps.contains(&Step::Owner { uid: 1000, gid: 100 }));
    facts.session.as_mut().unwrap().other_is_live = true;
    assert!(plan(&facts, &take_over).steps.is_empty());
    facts.session.as_mut().unwrap().other_is_live = false;
    facts.session.as_mut().unwrap().manager = Manager::Active;
    assert!(plan(&facts, &take_over).steps.is_empty());
}

#[test]
fn rf7_and_rf8_mode_and_group_are_mended_on_a_live_session() {
    for mode in [0o755, 0o777, 0o1777, 0o000] {
        let facts = with(|facts| {
            live(facts);
            facts.place = Place::Directory(status(1000, 100, mode));
        });
        assert_eq!(steps(&facts), [Step::Mode], "{mode:o}");
    }
    let facts = with(|facts| {
        live(facts);
        facts.place = Place::Directory(status(1000, 0, 0o700));
    });
    assert_eq!(steps(&facts), [Step::Owner { uid: 1000, gid: 100 }]);
}

#[test]
fn a_live_session_is_never_remounted() {
    let facts = with(|facts| {
        live(facts);
        facts.layers = vec![mount("rw,nosuid,nodev,noexec", "rw")];
    });
    let plan = plan(&facts, &PLAIN);
    assert!(plan.steps.is_empty() && plan.findings.is_empty() && plan.idle.is_some());
}

#[test]
fn rf9_the_parent_gets_owner_and_mode_and_prepare_does_nothing_else() {
    for mode in [0o777, 0o000, 0o1777, 0o700] {
        let facts = with(|facts| {
            facts.parent = Place::Directory(status(1000, 0, mode));
            stray(facts);
        });
        let prepare = Wishes { prepare: true, ..PLAIN };
        assert!(!is_in_order(&facts, &prepare));
        assert_eq!(plan(&facts, &prepare).steps, [Step::ParentOwner, Step::ParentMode], "{mode:o}");
    }
}

#[test]
fn rf12_a_group_held_from_elsewhere_stops_everything() {
    let facts = with(|facts| {
        stray(facts);
        facts.session.as_mut().unwrap().population = Population::Foreign { path: "/sys/fs/cgroup/x".into() };
    });
    assert!(steps(&facts).is_empty());
    assert_eq!(refusals(&facts), ["RF12"]);
}

#[test]
fn rf16_lost_links_are_made_again_for_a_live_session_only() {
    let link = Link { name: "wayland-0", target: "/mnt/wslg/runtime-dir/wayland-0".into() };
    let facts = with(|facts| {
        live(facts);
        facts.lost_links = vec![link.clone()];
    });
    assert!(!is_in_order(&facts, &PLAIN));
    assert_eq!(steps(&facts), [Step::Link(link.clone())]);
    let at_login = with(|facts| facts.lost_links = vec![link]);
    assert!(is_in_order(&at_login, &PLAIN) && steps(&at_login).is_empty());
}

#[test]
fn rf17_links_files_and_foreign_file_systems_are_left() {
    for kind in [Kind::Symlink, Kind::File, Kind::Special] {
        let facts = with(|facts| facts.place = Place::Other(kind));
        assert!(!is_in_order(&facts, &PLAIN) && steps(&facts).is_empty());
        assert_eq!(refusals(&facts), ["RF17"]);
        let parent = with(|facts| facts.parent = Place::Other(kind));
        assert!(!is_in_order(&parent, &PLAIN) && steps(&parent).is_empty());
        assert_eq!(refusals(&parent), ["RF17"]);
    }
    let spoil: [fn(&mut Facts); 3] = [
        |facts| facts.layers[0].fstype = "ext4".into(),
        |facts| facts.layers[0].root = "/part".into(),
        |facts| facts.shown_elsewhere.push("/run".into()),
    ];
    for spoil in spoil {
        let facts = with(|facts| {
            stray(facts);
            spoil(facts);
        });
        assert!(steps(&facts).is_empty());
        assert_eq!(refusals(&facts), ["RF17"]);
    }
}

#[test]
fn rf18_nologin_is_told_but_not_while_the_host_boots() {
    let mut facts = with(|facts| facts.nologin = true);
    assert_eq!(held_up(&facts), None);
    facts.is_in_own_unit = false;
    assert_eq!(held_up(&facts).and_then(|finding| finding.shape), Some("RF18"));
    assert!(is_in_order(&facts, &PLAIN));
}

#[test]
fn rf20_nothing_is_done_in_another_namespace() {
    let facts = with(|facts| {
        stray(facts);
        facts.is_elsewhere = true;
    });
    assert!(!is_in_order(&facts, &PLAIN) && steps(&facts).is_empty());
    assert_eq!(refusals(&facts), ["RF20"]);
}

#[test]
fn causes_are_told_with_a_repair_and_not_without() {
    let cause = Cause { id: "fstab-stray", shape: "RF1", text: "x".into(), hints: vec![] };
    let mut facts = with(|facts| facts.session.as_mut().unwrap().causes = vec![cause]);
    assert!(plan(&facts, &PLAIN).findings.is_empty());
    stray(&mut facts);
    assert_eq!(refusals(&facts), ["RF1"]);
}

#[test]
fn a_chosen_limit_is_kept_and_an_unlimited_tmpfs_is_not_remounted_in_vain() {
    let chosen = with(|facts| {
        facts.layers = vec![mount("rw,nosuid,nodev", "rw,size=64k,nr_inodes=10")];
        facts.space = Some(Space { size: 65536, inodes: 10 });
    });
    assert!(is_in_order(&chosen, &PLAIN));
    let unlimited = with(|facts| {
        facts.layers = vec![mount("rw,nosuid,nodev", "rw,nr_inodes=0")];
        facts.space = Some(Space { size: 0, inodes: 0 });
    });
    assert!(steps(&unlimited).is_empty());
}

#[test]
fn only_paths_of_this_uid_are_its_twins() {
    assert!(refuse::is_runtime_directory("/mnt/wslg/run/user/1000", 1000));
    assert!(!refuse::is_runtime_directory("/run", 1000));
    assert!(!refuse::is_runtime_directory("/run/user/10001", 1000));
    assert!(!refuse::is_runtime_directory("/run/user/1001", 1000));
}

#[test]
fn the_manager_is_started_only_when_it_is_wanted_or_failed() {
    let session = |manager, wanted| Session { manager, is_wanted: wanted, ..Session::default() };
    let facts = healthy();
    assert_eq!(
        manager_step(&facts, &session(Manager::Failed, false)),
        ManagerStep::Start { failed: vec!["user@1000.service".into()] }
    );
    assert_eq!(
        manager_step(&facts, &session(Manager::Inactive, true)),
        ManagerStep::Start { failed: vec![] }
    );
    assert!(matches!(manager_step(&facts, &session(Manager::Inactive, false)), ManagerStep::Unneeded(_)));
    assert_eq!(manager_step(&facts, &session(Manager::Activating, true)), ManagerStep::Wait);
    assert_eq!(manager_step(&facts, &session(Manager::Queued, true)), ManagerStep::Wait);
    assert!(!session(Manager::Queued, true).is_live());
    assert_eq!(manager_step(&facts, &session(Manager::Active, true)), ManagerStep::RestartBus);
    let answers = Session { bus: true, ..session(Manager::Active, true) };
    assert_eq!(manager_step(&facts, &answers), ManagerStep::Nothing);
    let held =
        Session { population: Population::Foreign { path: String::new() }, ..session(Manager::Failed, true) };
    assert!(matches!(manager_step(&facts, &held), ManagerStep::Refuse(_)));
}
