//! A healthy session, and each known failure shape as one change to it.

use oneshot::{Exit, Status as Word};
use systemd::files::{Overrides, Setting};
use systemd::journal::{Journal, Line};
use systemd::login::User;
use systemd::manager::Manager;
use systemd::unit::{self, Unit};
use user_session::bus::Answer;
use user_session::causes::Host;
use user_session::cgroup::Population;
use user_session::directory::{Kind, Status};
use user_session::limits::Limits;
use user_session::namespace::MountNamespace;
use user_session::policy::Verdict;
use user_session::wsl::{Version, Wsl};
use user_session::wslg::Link;
use user_session::{Account, MountTable, fstab};

use super::*;
use crate::drawing;
use crate::facts::{Causes, Directory, Environment, Linger, Next, Place, Sockets, Units, WslSession};

/// A healthy WSL host (kernel 6.6.87.2), as its mount table reads.
const TABLE: &str = "\
60 1 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard
691 60 0:30 / /mnt rw,relatime - tmpfs none rw
692 691 0:111 / /mnt/wslg rw,relatime shared:37 - tmpfs none rw
737 60 0:177 / /run rw,nosuid,nodev shared:59 - tmpfs none rw,mode=755
743 737 0:180 / /run/user rw,nosuid,nodev,noexec,noatime shared:62 - tmpfs none rw,mode=755
776 743 0:111 /run/user /run/user rw,relatime shared:37 - tmpfs none rw
979 776 0:200 / /run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=100
996 692 0:200 / /mnt/wslg/run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=100
";

fn place(uid: u32, gid: u32, mode: u32) -> Place {
    Place::Directory(Status { uid, gid, mode, device: (0, 200), mount: None })
}

fn a_unit(id: &str, active: &str) -> Unit {
    unit::parse(&format!("Id={id}\nLoadState=loaded\nActiveState={active}\nSubState=x\nResult=success\n"))
        .remove(0)
}

fn good() -> Facts {
    let table = MountTable::parse(TABLE).unwrap();
    let stack = |path: &str| table.stack(path).into_iter().cloned().collect::<Vec<_>>();
    let layers = stack("/run/user/1000");
    let limits = Limits { size: 1_650_688, inodes: 403 };
    let listens = Answer::Listens { uid: 1000 };
    let environment = Environment {
        runtime_directory: Some("/run/user/1000/".into()),
        bus: Some("unix:path=/run/user/1000/bus,guid=0123".into()),
    };
    Facts {
        account: Account { name: "tim".into(), uid: 1000, gid: 100 },
        is_own: true,
        host: Host {
            is_nixos: true,
            wsl: Some(Wsl { version: Some(Version(2, 7, 1)), automount_root: "/mnt".into(), is_wsl1: false }),
        },
        manager: Ok(Manager {
            version: "257.13".into(),
            state: "running".into(),
            failed_units: 0,
            virtualization: "wsl".into(),
        }),
        namespace: MountNamespace::OfPid1,
        directory: Directory {
            parent: Ok(place(0, 0, 0o755)),
            place: Ok(place(1000, 100, 0o700)),
            parent_layers: stack("/run/user"),
            twins: layers
                .last()
                .map(|layer| table.twins(layer).map(|twin| twin.point.clone()).collect())
                .unwrap(),
            layers,
            fstype: "tmpfs".into(),
            limits,
            space: Some(limits),
            may_mount: true,
        },
        causes: Causes {
            next: Some(Next {
                system: "/nix/var/nix/profiles/system".into(),
                is_running: false,
                stray: Vec::new(),
            }),
            ..Causes::default()
        },
        units: Ok(Units {
            directory: a_unit("user-runtime-dir@1000.service", "active"),
            manager: a_unit("user@1000.service", "active"),
            sessions: a_unit("systemd-user-sessions.service", "active"),
        }),
        population: Population::Local,
        nologin: Vec::new(),
        journal: Some(Ok(Journal::Lines(Vec::new()))),
        sockets: Sockets { bus: listens, private: listens, has_bus_unit: true },
        environment: Some(environment),
        linger: Linger {
            user: Ok(Some(User {
                state: "active".into(),
                linger: true,
                sessions: vec!["1".into()],
                runtime_path: "/run/user/1000".into(),
            })),
            is_declared: true,
            policy: Some(Verdict::Enables),
            unknown: Vec::new(),
        },
        wsl: Some(WslSession {
            has_login: true,
            has_gui: true,
            lost_links: Ok(Vec::new()),
            servers: vec![("wayland-0", listens)],
            has_x11: Some(true),
        }),
    }
}

/// A plain host where the user is not logged in and nobody asks for a manager.
fn absent() -> Facts {
    let mut facts = good();
    facts.is_own = false;
    facts.environment = None;
    facts.host.wsl = None;
    facts.wsl = None;
    facts.directory.place = Ok(Place::Missing);
    facts.directory.layers.clear();
    facts.linger = Linger { user: Ok(None), is_declared: false, policy: None, unknown: Vec::new() };
    facts.sockets.bus = Answer::Missing;
    facts.sockets.private = Answer::Missing;
    set_manager(&mut facts, "inactive", "");
    facts
}

fn set_manager(facts: &mut Facts, active: &str, more: &str) {
    let text = format!("Id=user@1000.service\nLoadState=loaded\nActiveState={active}\nSubState=x\n{more}");
    if let Ok(units) = &mut facts.units {
        units.manager = unit::parse(&text).remove(0);
    }
}

fn changed(change: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = good();
    change(&mut facts);
    findings(&facts)
}

/// Ids and shapes of what is not in order, in their order.
fn wrong(found: &[Finding]) -> Vec<(&'static str, Word, Option<&'static str>)> {
    let wrong = found.iter().filter(|finding| matches!(finding.status, Word::Warn | Word::Fail));
    wrong.map(|finding| (finding.id, finding.status, finding.shape)).collect()
}

fn one<'a>(found: &'a [Finding], id: &str) -> &'a Finding {
    found.iter().find(|finding| finding.id == id).unwrap()
}

fn entry(point: &str, more: &str) -> fstab::Entry {
    fstab::parse(&format!("\ntmpfs {point} {more}\n")).remove(0)
}

#[test]
fn a_healthy_session_has_nothing_to_say_but_ok() {
    let found = findings(&good());
    assert!(found.iter().all(|finding| finding.status == Word::Ok), "{:?}", wrong(&found));
    assert!(found.iter().all(|finding| finding.subject.as_deref() == Some("tim") && finding.hint.is_empty()));
}

#[test]
fn a_user_who_is_not_there_is_skipped_and_not_failed() {
    let found = findings(&absent());
    assert_eq!(wrong(&found), []);
    assert_eq!(one(&found, "user-manager").status, Word::Skip);
}

#[test]
fn rf1_a_stray_mount_is_told_with_its_stanza() {
    let found = changed(|facts| {
        facts.directory.place = Ok(place(0, 0, 0o1777));
        let layer = facts.directory.layers.last_mut().unwrap();
        layer.options = "rw,relatime".into();
        layer.super_options = "rw".into();
        facts.directory.space = Some(Limits { size: 8 << 30, inodes: 2_000_000 });
        facts.causes.stray = vec![entry("/mnt/wslg/run/user/1000", "tmpfs defaults")];
        facts.causes.next = None;
        facts.sockets.bus = Answer::Missing;
        facts.sockets.private = Answer::Missing;
        set_manager(facts, "failed", "Result=exit-code\nExecMainCode=1\nExecMainStatus=1\n");
    });
    let fail = |id| (id, Word::Fail, Some("RF1"));
    let warn = |id| (id, Word::Warn, Some("RF1"));
    assert_eq!(
        wrong(&found),
        [
            fail("runtime-dir-owner"),
            fail("runtime-dir-group"),
            fail("runtime-dir-mode"),
            warn("runtime-dir-flags"),
            warn("runtime-dir-size"),
            fail("fstab-stray"),
            ("user-manager", Word::Fail, None),
            ("bus", Word::Fail, None),
            ("manager-socket", Word::Fail, None),
        ]
    );
    let hints = one(&found, "fstab-stray").hint.join("\n");
    assert!(
        hints.contains("fileSystems.\"/mnt/wslg/run/user/1000\"") && hints.contains("nixos-rebuild boot"),
        "{hints}"
    );
    assert_eq!(one(&found, "runtime-dir-owner").hint, ["fix-runtime-dir --start-manager 1000"]);
}

#[test]
fn rf1_a_mended_directory_leaves_the_cause_as_a_warning() {
    let found = changed(|facts| {
        facts.causes.stray = vec![entry("/mnt/wslg/run/user/1000", "tmpfs defaults")];
        facts.causes.next = None;
    });
    assert_eq!(wrong(&found), [("fstab-stray", Word::Warn, Some("RF1"))]);
}

#[test]
fn a_mount_that_is_limited_in_one_way_only_is_told() {
    for (options, words) in [("rw,size=1612k", "on inodes"), ("rw,nr_inodes=403", "on size")] {
        let found = changed(|facts| {
            facts.directory.layers.last_mut().unwrap().super_options = options.into();
            facts.directory.space = Some(Limits { size: 8 << 30, inodes: 2_000_000 });
        });
        assert_eq!(wrong(&found), [("runtime-dir-size", Word::Warn, Some("RF1"))]);
        assert!(one(&found, "runtime-dir-size").text.contains(words), "{options}");
    }
}

#[test]
fn rf2_the_mount_of_old_wsl_has_the_wrong_mode_and_noexec() {
    let found = changed(|facts| {
        facts.directory.place = Ok(place(1000, 100, 0o755));
        facts.directory.layers.last_mut().unwrap().options = "rw,nosuid,nodev,noexec".into();
    });
    let fail = |id| (id, Word::Fail, Some("RF2"));
    assert_eq!(wrong(&found), [fail("runtime-dir-mode"), fail("runtime-dir-flags")]);
}

#[test]
fn rf3_a_mount_that_hides_the_session_fails_and_one_that_does_not_warns() {
    let double = |facts: &mut Facts| {
        let upper = facts.directory.layers[0].clone();
        facts.directory.layers.push(upper);
    };
    let found = changed(|facts| {
        double(facts);
        facts.sockets.bus = Answer::Missing;
    });
    assert_eq!(
        wrong(&found),
        [("runtime-dir-layers", Word::Fail, Some("RF3")), ("bus", Word::Fail, Some("RF3"))]
    );
    assert_eq!(wrong(&changed(double)), [("runtime-dir-layers", Word::Warn, Some("RF3"))]);
}

#[test]
fn rf4_a_plain_directory_is_a_warning_except_where_nothing_can_be_mounted() {
    let plain = |facts: &mut Facts| facts.directory.layers.clear();
    assert_eq!(wrong(&changed(plain)), [("runtime-dir-fstype", Word::Warn, Some("RF4"))]);
    let found = changed(|facts| {
        plain(facts);
        facts.directory.may_mount = false;
    });
    assert_eq!(wrong(&found), []);
    let found = changed(|facts| {
        plain(facts);
        facts.directory.place = Ok(place(0, 0, 0o700));
    });
    assert_eq!(one(&found, "runtime-dir-owner").shape, Some("RF4"));
}

#[test]
fn rf5_a_missing_directory_points_at_the_override() {
    let setting = |key: &str, value: &str| Setting {
        file: "/etc/systemd/system/user-runtime-dir@.service.d/wsl.conf".into(),
        line: 3,
        section: "Unit".into(),
        key: key.into(),
        value: value.into(),
    };
    let found = changed(|facts| {
        facts.directory.place = Ok(Place::Missing);
        facts.causes.overrides = Overrides {
            mask: None,
            settings: vec![
                setting("ConditionPathExists", "!/run/user/%i"),
                setting("ExecStart", "true"),
                setting("ExecStartPost", "-fix-runtime-dir %i"),
            ],
        };
    });
    let fail = |id| (id, Word::Fail, Some("RF5"));
    assert_eq!(
        wrong(&found),
        [fail("runtime-dir-exists"), fail("runtime-dir-override"), fail("runtime-dir-override")]
    );
    let text = &one(&found, "runtime-dir-override").text;
    assert!(text.starts_with("line 3 of /etc/systemd/system/user-runtime-dir@.service.d/wsl.conf"), "{text}");
}

#[test]
fn rf5_a_mask_is_an_override_too() {
    let found = changed(|facts| {
        facts.causes.overrides.mask = Some("/etc/systemd/system/user-runtime-dir@.service".into());
    });
    assert_eq!(wrong(&found), [("runtime-dir-override", Word::Warn, Some("RF5"))]);
}

#[test]
fn rf6_anothers_directory_is_not_called_fixable() {
    let found = changed(|facts| facts.directory.place = Ok(place(1001, 100, 0o700)));
    assert_eq!(wrong(&found), [("runtime-dir-owner", Word::Fail, Some("RF6"))]);
    assert!(!one(&found, "runtime-dir-owner").fixable);
}

#[test]
fn rf7_and_rf8_a_wrong_mode_or_group_alone() {
    let found = changed(|facts| facts.directory.place = Ok(place(1000, 100, 0o1777)));
    assert_eq!(wrong(&found), [("runtime-dir-mode", Word::Fail, Some("RF7"))]);
    let found = changed(|facts| facts.directory.place = Ok(place(1000, 0, 0o700)));
    assert_eq!(wrong(&found), [("runtime-dir-group", Word::Fail, Some("RF8"))]);
    assert_eq!(one(&found, "runtime-dir-group").expected.as_deref(), Some("100"));
}

#[test]
fn rf9_the_parent_is_judged_both_ways() {
    for (mode, words) in [(0o777, "refuses"), (0o700, "cannot reach")] {
        let found = changed(|facts| facts.directory.parent = Ok(place(0, 0, mode)));
        assert_eq!(wrong(&found), [("run-user-parent", Word::Fail, Some("RF9"))]);
        assert!(one(&found, "run-user-parent").text.contains(words));
    }
}

#[test]
fn rf10_a_manager_that_failed_over_a_good_directory_only_needs_a_start() {
    let found = changed(|facts| set_manager(facts, "failed", "Result=exit-code\n"));
    assert_eq!(wrong(&found), [("user-manager", Word::Fail, Some("RF10"))]);
    assert_eq!(one(&found, "user-manager").hint[0], "fix-runtime-dir --start-manager 1000");
}

#[test]
fn rf11_a_manager_that_never_ran_and_rf14_one_that_was_taken_down() {
    let found = changed(|facts| set_manager(facts, "inactive", ""));
    assert_eq!(wrong(&found), [("user-manager", Word::Fail, Some("RF11"))]);
    let found = changed(|facts| set_manager(facts, "inactive", "InactiveEnterTimestampMonotonic=7\n"));
    assert_eq!(wrong(&found), [("user-manager", Word::Fail, Some("RF14"))]);
    assert!(one(&found, "user-manager").hint[0].contains("fix-linger"));
}

#[test]
fn rf11_a_missing_login_program_is_named() {
    let found = changed(|facts| {
        facts.wsl.as_mut().unwrap().has_login = false;
        set_manager(facts, "inactive", "");
    });
    assert_eq!(
        wrong(&found),
        [("user-manager", Word::Fail, Some("RF11")), ("bin-login", Word::Fail, Some("RF11"))]
    );
}

#[test]
fn rf12_a_collision_is_seen_in_the_group_or_in_the_result() {
    let path = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service".to_owned();
    let by_group = changed(|facts| {
        facts.population = Population::Foreign { path };
        set_manager(facts, "failed", "Result=resources\n");
    });
    let by_result = changed(|facts| set_manager(facts, "failed", "Result=resources\n"));
    let by_status = changed(|facts| set_manager(facts, "failed", "Result=exit-code\nExecMainStatus=219\n"));
    for found in [by_group, by_result, by_status] {
        assert_eq!(
            wrong(&found),
            [("user-manager", Word::Fail, Some("RF12")), ("cgroup-collision", Word::Fail, Some("RF12"))]
        );
        assert!(!one(&found, "cgroup-collision").fixable);
    }
}

#[test]
fn rf12_without_wsl_lacking_resources_are_no_collision() {
    let found = changed(|facts| {
        facts.host.wsl = None;
        facts.wsl = None;
        set_manager(facts, "failed", "Result=resources\n");
    });
    assert_eq!(wrong(&found), [("user-manager", Word::Fail, Some("RF10"))]);
}

#[test]
fn rf13_a_bus_that_is_gone_or_dead_beside_a_live_manager() {
    for answer in [Answer::Missing, Answer::Refuses] {
        let found = changed(|facts| facts.sockets.bus = answer);
        assert_eq!(wrong(&found), [("bus", Word::Fail, Some("RF13"))]);
    }
    let found = changed(|facts| {
        facts.sockets.bus = Answer::Missing;
        facts.sockets.has_bus_unit = false;
    });
    assert!(one(&found, "bus").hint[0].contains("dbus-user-session"));
}

#[test]
fn a_stranger_on_the_bus_is_never_ok() {
    let found = changed(|facts| facts.sockets.bus = Answer::Listens { uid: 1001 });
    assert_eq!(wrong(&found), [("bus", Word::Fail, None)]);
}

#[test]
fn a_socket_that_may_not_be_asked_is_skipped() {
    let found = changed(|facts| facts.sockets.bus = Answer::Fails(nix::Error::EACCES));
    assert_eq!(one(&found, "bus").status, Word::Skip);
}

#[test]
fn rf15_linger_is_compared_with_logind_and_with_nixos() {
    let found = changed(|facts| facts.linger.user = Ok(None));
    assert_eq!(wrong(&found), [("linger", Word::Fail, Some("RF15"))]);
    let found = changed(|facts| facts.linger.is_declared = false);
    assert_eq!(wrong(&found), [("linger", Word::Fail, Some("RF15"))]);
    let found = changed(|facts| facts.linger.policy = Some(Verdict::Disables));
    assert_eq!(wrong(&found), [("linger-policy", Word::Warn, Some("RF15"))]);
    assert!(one(&found, "linger-policy").hint[0].contains("users.users.tim.linger = true;"));
    let found = changed(|facts| {
        facts.linger.is_declared = false;
        facts.linger.policy = None;
    });
    assert_eq!(wrong(&found), [("linger", Word::Warn, Some("RF15"))]);
    let found = changed(|facts| facts.linger.unknown = vec!["gone".into()]);
    assert_eq!(wrong(&found), [("linger-unknown", Word::Warn, Some("RF15"))]);
}

#[test]
fn rf16_lost_links_are_a_warning_and_absent_gui_is_none() {
    let link = Link { name: "wayland-0", target: "/mnt/wslg/runtime-dir/wayland-0".into() };
    let found = changed(|facts| facts.wsl.as_mut().unwrap().lost_links = Ok(vec![link]));
    assert_eq!(wrong(&found), [("wslg-links", Word::Warn, Some("RF16"))]);
    let found = changed(|facts| facts.wsl.as_mut().unwrap().has_x11 = Some(false));
    assert_eq!(wrong(&found), [("wslg-x11", Word::Warn, Some("RF16"))]);
    let found = changed(|facts| {
        *facts.wsl.as_mut().unwrap() = WslSession {
            has_login: true,
            has_gui: false,
            lost_links: Ok(Vec::new()),
            servers: Vec::new(),
            has_x11: None,
        };
    });
    assert_eq!(wrong(&found), []);
}

#[test]
fn rf17_what_is_no_directory_or_a_foreign_mount_is_left_to_people() {
    let found = changed(|facts| facts.directory.place = Ok(Place::Other(Kind::Symlink)));
    assert_eq!(wrong(&found), [("runtime-dir-type", Word::Fail, Some("RF17"))]);
    let found = changed(|facts| facts.directory.layers.last_mut().unwrap().fstype = "ext4".into());
    assert_eq!(wrong(&found), [("runtime-dir-fstype", Word::Fail, Some("RF17"))]);
    assert!(!one(&found, "runtime-dir-fstype").fixable);
}

#[test]
fn rf18_a_manager_at_the_barrier_is_undecided_and_nologin_is_named() {
    let found = changed(|facts| {
        facts.nologin = vec!["/run/nologin"];
        set_manager(facts, "activating", "Job=7\n");
        if let Ok(units) = &mut facts.units {
            units.sessions = a_unit("systemd-user-sessions.service", "inactive");
        }
    });
    assert_eq!(
        wrong(&found),
        [("user-manager", Word::Fail, Some("RF18")), ("nologin", Word::Fail, Some("RF18"))]
    );
    let found = changed(|facts| facts.nologin = vec!["/run/nologin"]);
    assert_eq!(wrong(&found), [("nologin", Word::Warn, Some("RF18"))]);
    assert!(one(&found, "nologin").hint[0].contains("rm /run/nologin"));
}

#[test]
fn a_manager_on_its_way_is_undecided() {
    let found = changed(|facts| set_manager(facts, "activating", "Job=7\n"));
    let mut report = oneshot::Report::new("t", oneshot::report::Answer::Findings, &quiet());
    for finding in found {
        report.finding(finding);
    }
    assert_eq!(report.exit(), Exit::Undecided);
}

fn quiet() -> oneshot::Common {
    oneshot::Common { json: true, ..oneshot::Common::default() }
}

#[test]
fn rf20_another_namespace_is_said_first() {
    let found = changed(|facts| facts.namespace = MountNamespace::Other);
    assert_eq!(wrong(&found), [("mount-ns", Word::Fail, Some("RF20"))]);
    let found = changed(|facts| facts.namespace = MountNamespace::Unknown);
    assert_eq!(one(&found, "mount-ns").status, Word::Skip);
}

#[test]
fn rf21_a_working_session_calls_the_warning_of_wsl_false() {
    let found = findings(&good());
    assert_eq!(
        (one(&found, "wsl-warning").shape, one(&found, "wsl-warning").status),
        (Some("RF21"), Word::Ok)
    );
    let found = changed(|facts| set_manager(facts, "failed", ""));
    assert!(found.iter().all(|finding| finding.id != "wsl-warning"));
}

#[test]
fn old_versions_of_wsl_have_their_advisories() {
    let found = changed(|facts| facts.host.wsl.as_mut().unwrap().version = Some(Version(2, 5, 9)));
    assert_eq!(
        wrong(&found),
        [("wsl-version", Word::Warn, Some("RF2")), ("wsl-version", Word::Warn, Some("RF14"))]
    );
}

#[test]
fn the_journal_is_evidence_while_it_is_broken_and_history_once_it_works() {
    let line = |message: &str| Line {
        time: 4_000_000,
        priority: 3,
        identifier: "(systemd)".into(),
        unit: None,
        message: message.into(),
    };
    let lines = || {
        Some(Ok(Journal::Lines(vec![
            line(
                "pam_systemd(systemd-user:session): Runtime directory '/run/user/1000' is not owned by UID 1000, as it should.",
            ),
            line(
                "pam_systemd(login:session): Runtime directory '/run/user/10001' is not owned by UID 10001, as it should.",
            ),
            line("user@1000.service: Failed to attach to cgroup /user.slice: Device or resource busy"),
            line("something else"),
        ])))
    };
    let found = changed(|facts| facts.journal = lines());
    assert_eq!(wrong(&found), []);
    let found = changed(|facts| {
        facts.journal = lines();
        set_manager(facts, "failed", "");
    });
    let told: Vec<_> =
        found.iter().filter(|finding| finding.id == "journal").map(|finding| finding.shape).collect();
    assert_eq!(told, [Some("RF1"), Some("RF12")]);
    assert!(one(&found, "journal").text.starts_with("4 s after boot: "), "{}", one(&found, "journal").text);
}

#[test]
fn the_next_system_is_compared_by_mount() {
    let point = "/mnt/wslg/run/user/1000";
    let next = |stray: Vec<fstab::Entry>| Some(Next { system: "/n".into(), is_running: false, stray });
    let defaults = || entry(point, "tmpfs defaults");
    let cases = [
        (vec![defaults()], vec![], Word::Fail),
        (vec![], vec![defaults()], Word::Fail),
        (vec![defaults()], vec![entry(point, "ramfs defaults")], Word::Fail),
        (vec![defaults()], vec![entry(point, "tmpfs mode=700")], Word::Warn),
        (vec![defaults()], vec![defaults()], Word::Ok),
        (vec![], vec![], Word::Ok),
    ];
    for (now, then, expected) in cases {
        let found = changed(|facts| {
            facts.causes.stray = now.clone();
            facts.causes.next = next(then.clone());
        });
        assert_eq!(one(&found, "next-system").status, expected, "{now:?} {then:?}");
    }
    let found = changed(|facts| {
        facts.causes.stray = vec![defaults()];
        facts.causes.next = next(Vec::new());
    });
    assert!(one(&found, "next-system").hint[0].contains("nixos-rebuild boot"));
}

#[test]
fn variables_that_lead_elsewhere_warn_and_missing_ones_fail() {
    let found = changed(|facts| {
        facts.environment =
            Some(Environment { runtime_directory: Some("/mnt/wslg/runtime-dir".into()), bus: None });
    });
    assert_eq!(wrong(&found), [("env-runtime-dir", Word::Warn, None), ("env-bus", Word::Fail, None)]);
}

#[test]
fn what_cannot_be_seen_is_skipped_with_its_reason() {
    let found = changed(|facts| {
        facts.manager = Err("no".into());
        facts.units = Err("no bus".into());
        facts.linger.user = Err("no bus".into());
        facts.journal = Some(Ok(Journal::Unreadable("not yours".into())));
        facts.directory.place = Err("denied".into());
        facts.environment = None;
    });
    assert_eq!(wrong(&found), []);
    for id in ["systemd-pid1", "user-manager", "session", "journal", "runtime-dir-exists", "env-runtime-dir"]
    {
        assert_eq!(one(&found, id).status, Word::Skip, "{id}");
    }
}

#[test]
fn on_nixos_a_directory_that_nobody_needs_is_told() {
    let mut facts = absent();
    facts.directory.place = Ok(place(1000, 100, 0o700));
    let found = findings(&facts);
    assert_eq!(one(&found, "runtime-dir-exists").status, Word::Warn);
}

#[test]
fn the_drawing_shows_each_layer_where_it_hangs() {
    let mut facts = good();
    let lines = drawing::mounts(&facts);
    assert_eq!(
        lines,
        [
            "/run/user  tmpfs none  rw,nosuid,nodev,noexec,noatime  WSL's own",
            "└─ /run/user  tmpfs none[/run/user]  rw,relatime  WSL's bind, seen by every shell",
            "   └─ /run/user/1000  tmpfs tmpfs  rw,nosuid,nodev,relatime  1000:100 0700",
            "      └─ /mnt/wslg/run/user/1000  the same, by propagation",
        ]
    );
    let upper = facts.directory.layers[0].clone();
    facts.directory.layers.push(upper);
    let lines = drawing::mounts(&facts);
    assert!(lines[2].ends_with("hidden") && lines[3].ends_with("hides what is below"), "{lines:?}");
}
