//! Units, sockets, linger, WSL, and what cannot be seen.

use super::*;

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
fn root_without_a_session_needs_no_manager_even_on_wsl() {
    let mut facts = absent();
    facts.account = Account { name: "root".into(), uid: 0, gid: 0 };
    facts.is_own = true;
    facts.environment = Some(Environment::default());
    facts.host.wsl = good().host.wsl;
    facts.wsl = good().wsl;
    let told = wrong(&findings(&facts));
    assert_eq!(told, []);
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
    let found = changed(|facts| {
        facts.linger.is_declared = false;
        facts.linger.policy = Some(Verdict::Disables);
    });
    assert_eq!(wrong(&found), [("linger", Word::Warn, Some("RF15"))]);
    assert!(
        one(&found, "linger").hint[0].contains("users.users.tim.linger = true;")
            && !one(&found, "linger").fixable
    );
    let found = changed(|facts| facts.linger.unknown = vec!["gone".into()]);
    assert_eq!(wrong(&found), [("linger-unknown", Word::Warn, Some("RF15"))]);
}

#[test]
fn links_are_not_called_good_where_there_is_no_directory() {
    let found = changed(|facts| facts.directory.place = Ok(Place::Missing));
    assert_eq!(one(&found, "wslg-links").status, Word::Skip);
}

#[test]
fn rf16_lost_links_fail_and_an_absent_gui_does_not() {
    let link = Link { name: "wayland-0", target: "/mnt/wslg/runtime-dir/wayland-0".into() };
    let found = changed(|facts| facts.wsl.as_mut().unwrap().lost_links = Ok(vec![link]));
    assert_eq!(wrong(&found), [("wslg-links", Word::Fail, Some("RF16"))]);
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
    assert_eq!(wrong(&found), [("wsl-version", Word::Warn, Some("RF2"))]);
    // A session that needs a login can be lost with it.
    let found = changed(|facts| {
        facts.host.wsl.as_mut().unwrap().version = Some(Version(2, 6, 9));
        facts.linger.is_declared = false;
    });
    assert!(wrong(&found).contains(&("wsl-version", Word::Warn, Some("RF14"))));
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
