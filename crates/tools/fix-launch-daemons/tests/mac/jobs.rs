//! What it does with jobs that can be mended, and which it leaves alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use launchd_stand_in::Outcome;
use testbed::own;

use crate::tree::{Mac, PLACE, RUNS, SYSTEM, Told, X, finding, plist, program};

pub(crate) fn lf1_a_job_that_is_not_loaded_is_loaded() -> Outcome {
    let mac = Mac::new()?;
    for label in [X, "org.nixos.y"] {
        mac.want(label, RUNS)?;
        mac.install(label)?;
    }
    mac.load("org.nixos.y")?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootstrap".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF1"));
    assert_eq!(mac.changes()?, [format!("bootstrap system /{PLACE}/{X}.plist")]);
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

pub(crate) fn a_missing_copy_is_made_with_owner_and_mode() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    let told = mac.json(&[])?;
    assert_eq!(
        (told.exit, told.steps()),
        (Some(0), vec!["install-plist".to_owned(), "bootstrap".to_owned()])
    );
    let about = fs::metadata(mac.place(X))?;
    assert_eq!(about.permissions().mode() & 0o7777, 0o444);
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&about), own().0);
    assert_eq!(fs::read(mac.place(X))?, fs::read(mac.tree.path(format!("{SYSTEM}/{PLACE}/{X}.plist")))?);
    assert_eq!(fs::read_dir(mac.tree.path(PLACE))?.count(), 1);
    mac.is_settled(&[])
}

pub(crate) fn a_copy_that_others_may_write_and_a_link_are_replaced() -> Outcome {
    for spoil in [
        |mac: &Mac| Ok(fs::set_permissions(mac.place(X), fs::Permissions::from_mode(0o666))?),
        |mac: &Mac| {
            fs::remove_file(mac.place(X))?;
            Ok(symlink(format!("/{SYSTEM}/{PLACE}/{X}.plist"), mac.place(X))?)
        },
        |mac: &Mac| {
            fs::remove_file(mac.place(X))?;
            // A run that was killed has left it.
            Ok(fs::write(mac.tree.path(PLACE).join(".fix-launch-daemons.new"), "half")?)
        },
    ] as [fn(&Mac) -> Outcome; 3]
    {
        let mac = Mac::new()?;
        mac.want(X, RUNS)?;
        mac.install(X)?;
        spoil(&mac)?;
        assert_eq!(mac.run(&[])?.code(), Some(0));
        let about = fs::symlink_metadata(mac.place(X))?;
        assert!(about.is_file() && about.permissions().mode() & 0o7777 == 0o444);
        assert_eq!(fs::read_dir(mac.tree.path(PLACE))?.count(), 1);
        mac.runs_new(X)?;
        mac.is_settled(&[])?;
    }
    Ok(())
}

pub(crate) fn a_changed_job_is_ended_waited_for_loaded_and_started() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    mac.load(X)?;
    // It takes its time to end, and launchd is not ready at once even then; loaded, it does not start by itself.
    mac.launchd.edit(|state| {
        state.teardown = 700;
        state.storms.insert(X.to_owned(), 2);
    })?;
    let started = Instant::now();
    let told = mac.json(&[])?;
    assert!(started.elapsed() > Duration::from_millis(700));
    let steps = ["bootout", "install-plist", "bootstrap", "kickstart"];
    assert_eq!((told.exit, told.steps()), (Some(0), steps.map(str::to_owned).to_vec()), "{:#}", told.object);
    // Loaded anew on purpose is no failure shape.
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "-"));
    let bootstrap = format!("bootstrap system /{PLACE}/{X}.plist");
    let calls = [
        format!("bootout system/{X}"),
        bootstrap.clone(),
        bootstrap.clone(),
        bootstrap,
        format!("kickstart system/{X}"),
    ];
    assert_eq!(mac.changes()?, calls);
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

pub(crate) fn a_job_of_another_file_name_goes_by_its_label() -> Outcome {
    let mac = Mac::new()?;
    let path = format!("{SYSTEM}/{PLACE}/other.plist");
    mac.tree.write(&path, &plist(X, "/bin/new", RUNS))?;
    assert_eq!(mac.run(&[])?.code(), Some(0));
    mac.runs_new(X)?;
    assert!(mac.tree.path(format!("{PLACE}/other.plist")).is_file());
    mac.is_settled(&[])
}

pub(crate) fn what_the_configuration_does_not_start_is_left_alone() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, &format!("{RUNS}<key>Disabled</key><true/>"))?;
    mac.want("org.nixos.once", &format!("{RUNS}<key>LaunchOnlyOnce</key><true/>"))?;
    mac.install("org.nixos.once")?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["install-plist".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-enabled", "skip", "-"));
    // It has run and is gone from the list: that is not "not loaded".
    assert_eq!(told.about("org.nixos.once")?, finding("job-loaded", "skip", "-"));
    // Ended well, or waiting for its time, is as it should be.
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.want("org.nixos.timer", "<key>StartInterval</key><integer>60</integer>")?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 0);
    })?;
    assert_eq!(mac.run(&[])?.code(), Some(0));
    mac.is_settled(&[])
}

pub(crate) fn the_store_and_the_own_job_are_never_ended() -> Outcome {
    for (label, own) in [
        ("systems.determinate.nix-store", None),
        ("systems.determinate.nix-daemon", None),
        ("org.nixos.darwin-store", None),
        ("org.nixos.fix-launch-daemons", None),
        ("org.nixos.activate-system", Some("org.nixos.activate-system")),
    ] {
        let mac = Mac::new()?;
        mac.want(label, RUNS)?;
        mac.install_old(label)?;
        mac.load(label)?;
        mac.launchd.forget()?;
        let mut command = program().command();
        if let Some(own) = own {
            command.env("XPC_SERVICE_NAME", own);
        }
        let output = command.arg("--root").arg(mac.tree.root()).arg("--json").output()?;
        let told = Told { exit: output.status.code(), object: serde_json::from_slice(&output.stdout)? };
        assert_eq!((told.exit, told.about(label)?), (Some(0), finding("job-plist", "warn", "-")), "{label}");
        assert_eq!((told.steps(), mac.changes()?), (vec!["install-plist".to_owned()], vec![]), "{label}");
        assert_eq!(mac.launchd.job(label)?.map(|job| job.program), Some("/bin/old".to_owned()));
        mac.is_settled(&[])?;
        // While nothing of it is loaded it is loaded as any other.
        mac.launchd.edit(|state| state.domains.values_mut().for_each(|domain| domain.jobs.clear()))?;
        assert_eq!(mac.run(&[])?.code(), Some(0));
        mac.runs_new(label)?;
    }
    Ok(())
}

pub(crate) fn orphans_are_told_and_taken_away_only_when_asked_for() -> Outcome {
    let mac = Mac::with_job(X)?;
    for label in [
        "org.nixos.orphan",
        "org.nixos.darwin-store",
        "org.nixos.nix-daemon",
        "com.example.own",
        "org.nixosx.y",
    ] {
        mac.install_old(label)?;
        mac.load(label)?;
    }
    let suite = plist("org.nixos.boot-activation", "/usr/local/libexec/mendutils/fix-current-system", RUNS);
    mac.tree.write(&format!("{PLACE}/org.nixos.boot-activation.plist"), &suite)?;
    mac.tree.write(&format!("{PLACE}/org.nixos.garbage.plist"), "garbage")?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about("org.nixos.orphan")?), (Some(0), finding("job-orphan", "warn", "-")));
    assert_eq!((told.findings().len(), told.steps().len()), (2, 0), "{:#}", told.object);
    // What is wanted and cannot be read may be the very one.
    mac.tree.write(&format!("{SYSTEM}/{PLACE}/bad.plist"), "garbage")?;
    let told = mac.json(&["--remove-orphans"])?;
    assert_eq!((told.exit, told.steps().len()), (Some(78), 0));
    fs::remove_file(mac.tree.path(format!("{SYSTEM}/{PLACE}/bad.plist")))?;
    let dry = mac.json(&["--remove-orphans", "--dry-run"])?;
    assert_eq!((dry.exit, dry.steps()), (Some(0), vec!["bootout".to_owned(), "remove-plist".to_owned()]));
    mac.launchd.edit(|state| state.teardown = 300)?;
    let told = mac.json(&["--remove-orphans"])?;
    assert_eq!((told.exit, told.steps()), (Some(0), dry.steps()), "{:#}", told.object);
    assert!(mac.launchd.job("org.nixos.orphan")?.is_none() && !mac.place("org.nixos.orphan").exists());
    assert_eq!(fs::read_dir(mac.tree.path(PLACE))?.count(), 7);
    mac.is_settled(&["--remove-orphans"])
}

pub(crate) fn agents_wait_for_a_session_and_are_never_a_failure() -> Outcome {
    let mac = Mac::new()?;
    let path = format!("{SYSTEM}/Library/LaunchAgents/{X}.plist");
    mac.tree.write(&path, &plist(X, "/bin/new", RUNS))?;
    let other = format!("{SYSTEM}/Library/LaunchAgents/org.nixos.y.plist");
    mac.tree.write(
        &other,
        &plist("org.nixos.y", "/bin/new", "<key>LimitLoadToSessionType</key><string>LoginWindow</string>"),
    )?;
    for arguments in [&["--agents"][..], &["--agents", "--domain", "gui/501"]] {
        let told = mac.json(arguments)?;
        let skipped = told
            .findings()
            .iter()
            .any(|it| it["id"] == "launchd-domain" && it["status"] == "skip" && it["shape"] == "LF14");
        assert!(told.exit == Some(0) && skipped, "{:#}", told.object);
        assert!(mac.tree.path(format!("Library/LaunchAgents/{X}.plist")).is_file());
    }
    mac.launchd.edit(|state| {
        state.domains.entry("gui/501".to_owned()).or_default();
    })?;
    let told = mac.json(&["--agents", "--domain", "gui/501"])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootstrap".to_owned()]));
    assert_eq!(told.about("org.nixos.y")?, finding("launchd-domain", "skip", "-"));
    let state = mac.launchd.state()?;
    assert!(state.domains.get("gui/501").is_some_and(|domain| domain.jobs.contains_key(X)));
    mac.is_settled(&["--agents", "--domain", "gui/501", "--quiet"])
}

pub(crate) fn a_users_own_agents_stand_in_the_home_directory() -> Outcome {
    let mac = Mac::new()?;
    let (uid, gid) = own();
    mac.tree.write("etc/passwd", &format!("tim:x:{uid}:{gid}::/Users/tim:/bin/zsh\n"))?;
    mac.tree.folder("Users/tim/Library")?;
    mac.tree.write(&format!("{SYSTEM}/user/Library/LaunchAgents/{X}.plist"), &plist(X, "/bin/new", RUNS))?;
    mac.launchd.edit(|state| {
        state.domains.entry(format!("gui/{uid}")).or_default();
    })?;
    assert_eq!(mac.run(&["--user-agents"])?.code(), Some(0));
    assert!(mac.tree.path(format!("Users/tim/Library/LaunchAgents/{X}.plist")).is_file());
    mac.is_settled(&["--user-agents"])
}
