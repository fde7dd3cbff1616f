//! The real program on the tree of a Mac, whose launchd is played: what it does with jobs that can be mended.

#[expect(dead_code, reason = "the tests of failures use the rest")]
mod mac;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use launchd_stand_in::{Outcome, run, trials};
use mac::{Mac, PLACE, RUNS, SYSTEM, finding, plist, program};
use testbed::own;

const X: &str = "org.nixos.x";

fn main() -> ExitCode {
    run(trials![
        help_names_the_options_and_bad_ones_are_wrong_usage,
        without_launchctl_it_says_so,
        five_hundred_jobs_in_order_cost_two_calls,
        lf1_a_job_that_is_not_loaded_is_loaded,
        a_missing_copy_is_made_with_owner_and_mode,
        a_copy_that_others_may_write_and_a_link_are_replaced,
        a_changed_job_is_ended_waited_for_loaded_and_started,
        a_job_of_another_file_name_goes_by_its_label,
        a_dry_run_tells_the_steps_that_a_run_takes,
        what_the_configuration_does_not_start_is_left_alone,
        the_store_and_the_own_job_are_never_ended,
        orphans_are_told_and_taken_away_only_when_asked_for,
        agents_wait_for_a_session_and_are_never_a_failure,
        a_users_own_agents_stand_in_the_home_directory,
        a_second_run_at_once_is_told_to_come_back,
        killed_at_any_call_the_next_run_finishes,
        a_system_that_cannot_be_found_is_wrong_configuration,
        advice_never_fails,
    ])
}

fn help_names_the_options_and_bad_ones_are_wrong_usage() -> Outcome {
    let help = program().run(&["--help"])?.answer();
    for option in
        ["--system-config", "--agents", "--user-agents", "--domain", "--remove-orphans", "--advisory"]
    {
        assert!(help.contains(option), "{option} is missing in {help}");
    }
    for wrong in [
        &["--system-config", "relative"][..],
        &["--domain", "gui"],
        &["--agents", "--domain", "system"],
        &["--agents", "--user-agents"],
        &["--directory", "/a", "--system-config", "/b"],
        &["--label-prefix", ""],
        &["--label-prefix", "*"],
    ] {
        assert_eq!(program().run(wrong)?.code(), Some(2), "{wrong:?}");
    }
    let mac = Mac::new()?;
    assert_eq!(mac.run(&["--domain", "gui/501"])?.code(), Some(2));
    Ok(())
}

fn without_launchctl_it_says_so() -> Outcome {
    let tree = testbed::Tree::new()?;
    let ran = program().run_on(&tree, &[])?;
    assert_eq!(ran.code(), Some(69));
    assert!(ran.said().contains("bin/launchctl is not there"), "{}", ran.said());
    // Somebody else's could have been put there.
    tree.write("bin/launchctl", "#!/bin/sh\n")?;
    fs::set_permissions(tree.path("bin/launchctl"), fs::Permissions::from_mode(0o777))?;
    assert_eq!(program().run_on(&tree, &[])?.code(), Some(77));
    if cfg!(target_os = "linux") {
        assert_eq!(program().run(&[])?.code(), Some(69));
    }
    Ok(())
}

fn five_hundred_jobs_in_order_cost_two_calls() -> Outcome {
    let mac = Mac::new()?;
    for number in 0..500 {
        mac.want(
            &format!("{X}{number}"),
            if number % 2 == 0 { RUNS } else { "<key>StartInterval</key><integer>60</integer>" },
        )?;
        mac.install(&format!("{X}{number}"))?;
    }
    // As launchd has them after a boot: those that start are running, the others wait for their time.
    mac.launchd.edit(|state| {
        let Some(system) = state.domains.get_mut("system") else { return };
        for number in 0..500 {
            let pid = (number % 2 == 0).then_some(1000 + number);
            let job = launchd_stand_in::Job { program: "/bin/new".to_owned(), pid, ..Default::default() };
            system.jobs.insert(format!("{X}{number}"), job);
        }
    })?;
    mac.is_settled(&[])?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.findings().len(), told.steps().len()), (Some(0), 500, 0));
    Ok(())
}

fn lf1_a_job_that_is_not_loaded_is_loaded() -> Outcome {
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

fn a_missing_copy_is_made_with_owner_and_mode() -> Outcome {
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

fn a_copy_that_others_may_write_and_a_link_are_replaced() -> Outcome {
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

fn a_changed_job_is_ended_waited_for_loaded_and_started() -> Outcome {
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

fn a_job_of_another_file_name_goes_by_its_label() -> Outcome {
    let mac = Mac::new()?;
    let path = format!("{SYSTEM}/{PLACE}/other.plist");
    mac.tree.write(&path, &plist(X, "/bin/new", RUNS))?;
    assert_eq!(mac.run(&[])?.code(), Some(0));
    mac.runs_new(X)?;
    assert!(mac.tree.path(format!("{PLACE}/other.plist")).is_file());
    mac.is_settled(&[])
}

fn a_dry_run_tells_the_steps_that_a_run_takes() -> Outcome {
    let mac = Mac::new()?;
    for label in ["org.nixos.a", "org.nixos.b", "org.nixos.c", "org.nixos.d"] {
        mac.want(label, RUNS)?;
    }
    mac.install("org.nixos.b")?;
    mac.install_old("org.nixos.c")?;
    mac.load("org.nixos.c")?;
    mac.install("org.nixos.d")?;
    mac.launchd.edit(|state| {
        if let Some(system) = state.domains.get_mut("system") {
            system.disabled.insert("org.nixos.d".to_owned(), true);
        }
    })?;
    let before = mac.files()?;
    let dry = mac.json(&["--dry-run"])?;
    assert_eq!((dry.exit, mac.changes()?.len(), mac.files()?), (Some(0), 0, before));
    let said = mac.run(&["--dry-run"])?.answer();
    assert!(said.starts_with("would copy /nix/store/"), "{said}");
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), dry.steps()));
    assert_eq!(told.steps().len(), 8);
    mac.is_settled(&[])
}

fn what_the_configuration_does_not_start_is_left_alone() -> Outcome {
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

fn the_store_and_the_own_job_are_never_ended() -> Outcome {
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
        let told = mac::Told { exit: output.status.code(), object: serde_json::from_slice(&output.stdout)? };
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

fn orphans_are_told_and_taken_away_only_when_asked_for() -> Outcome {
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

fn agents_wait_for_a_session_and_are_never_a_failure() -> Outcome {
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

fn a_users_own_agents_stand_in_the_home_directory() -> Outcome {
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

fn a_second_run_at_once_is_told_to_come_back() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.teardown = 3000)?;
    let mut first = program().command().arg("--root").arg(mac.tree.root()).spawn()?;
    let limit = Instant::now() + Duration::from_secs(20);
    while mac.launchd.job(X)?.is_none_or(|job| job.gone_at.is_none()) {
        assert!(Instant::now() < limit, "the first run does not end the job");
        std::thread::sleep(Duration::from_millis(10));
    }
    let ran = mac.run(&[])?;
    assert_eq!(ran.code(), Some(75), "{}", ran.said());
    assert!(mac.changes()?.is_empty());
    assert!(first.wait()?.success());
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

fn killed_at_any_call_the_next_run_finishes() -> Outcome {
    for call in [
        "print system".to_owned(),
        format!("bootout system/{X}"),
        format!("print system/{X}"),
        "bootstrap".to_owned(),
    ] {
        let mac = Mac::new()?;
        mac.want(X, RUNS)?;
        mac.install_old(X)?;
        mac.load(X)?;
        mac.launchd.edit(|state| {
            state.hangs.insert(call.clone());
        })?;
        mac.launchd.forget()?;
        let mut child = program().command().arg("--root").arg(mac.tree.root()).spawn()?;
        let limit = Instant::now() + Duration::from_secs(20);
        while !mac.launchd.calls()?.iter().any(|line| line.starts_with(&format!("launchctl {call}"))) {
            assert!(Instant::now() < limit, "{call} is never made");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill()?;
        child.wait()?;
        mac.launchd.edit(|state| state.hangs.clear())?;
        let ran = mac.run(&[])?;
        assert_eq!(ran.code(), Some(0), "{call}: {}", ran.said());
        mac.runs_new(X)?;
        mac.is_settled(&[])?;
    }
    Ok(())
}

fn a_system_that_cannot_be_found_is_wrong_configuration() -> Outcome {
    let mac = Mac::with_job(X)?;
    assert_eq!(mac.run(&["--system-config", "/nix/store/gone"])?.code(), Some(78));
    assert_eq!(mac.run(&["--directory", "/nowhere"])?.code(), Some(78));
    assert_eq!(mac.run(&["--system-config", &format!("/{SYSTEM}")])?.code(), Some(0));
    assert_eq!(mac.run(&["--directory", &format!("/{SYSTEM}/{PLACE}")])?.code(), Some(0));
    fs::remove_file(mac.tree.path("nix/var/nix/profiles/system"))?;
    assert_eq!(mac.run(&[])?.code(), Some(78));
    // The volume is not mounted yet: a later run may succeed.
    mac.tree.write("etc/synthetic.conf", "nix\nrun\tprivate/var/run\n")?;
    fs::rename(mac.tree.path("nix"), mac.tree.path("elsewhere"))?;
    mac.tree.folder("nix")?;
    let ran = mac.run(&[])?;
    assert_eq!(ran.code(), Some(75), "{}", ran.said());
    assert!(ran.said().contains("LF4"), "{}", ran.said());
    Ok(())
}

fn advice_never_fails() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.launchd.edit(|state| {
        state.codes.insert("bootstrap".to_owned(), (99, "odd\n".to_owned()));
    })?;
    assert_eq!(mac.run(&[])?.code(), Some(1));
    let ran = mac.run(&["--advisory"])?;
    assert_eq!(ran.code(), Some(0));
    assert!(ran.said().contains("exit 99"), "{}", ran.said());
    assert_eq!(mac.run(&["--advisory", "--directory", "/nowhere"])?.code(), Some(0));
    fs::remove_file(mac.tree.path("bin/launchctl"))?;
    assert_eq!(mac.run(&["--advisory"])?.code(), Some(0));
    Ok(())
}
