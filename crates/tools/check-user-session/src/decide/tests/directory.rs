//! The directory, its mounts, and what in files breaks them.

use user_session::directory::Kind;

use super::*;
use crate::drawing;

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
        [("runtime-dir-layers", Word::Fail, Some("RF3")), ("bus", Word::Fail, Some("RF3"))],
        "the first mount is as it should be"
    );
    assert_eq!(wrong(&changed(double)), [("runtime-dir-layers", Word::Warn, Some("RF3"))]);
}

#[test]
fn rf3_all_that_is_wrong_is_the_upper_mounts() {
    let found = changed(|facts| {
        let mut upper = facts.directory.layers[0].clone();
        upper.options = "rw,nosuid,nodev,noexec".into();
        upper.super_options = "rw,mode=755".into();
        facts.directory.layers.push(upper);
        facts.directory.place = Ok(place(1000, 100, 0o755));
        facts.directory.space = None;
        facts.sockets.bus = Answer::Missing;
        facts.sockets.private = Answer::Missing;
    });
    let told: Vec<_> = wrong(&found).into_iter().map(|(id, _, shape)| (id, shape)).collect();
    let ids = [
        "runtime-dir-mode",
        "runtime-dir-layers",
        "runtime-dir-flags",
        "runtime-dir-size",
        "bus",
        "manager-socket",
    ];
    assert_eq!(told, ids.map(|id| (id, Some("RF3"))));
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
fn rf17_what_is_no_directory_or_a_foreign_mount_is_left_to_people() {
    let found = changed(|facts| facts.directory.place = Ok(Place::Other(Kind::Symlink)));
    assert_eq!(wrong(&found), [("runtime-dir-type", Word::Fail, Some("RF17"))]);
    let found = changed(|facts| facts.directory.layers.last_mut().unwrap().fstype = "ext4".into());
    assert_eq!(wrong(&found), [("runtime-dir-fstype", Word::Fail, Some("RF17"))]);
    assert!(!one(&found, "runtime-dir-fstype").fixable);
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
