//! A run as a whole: usage, cost, dry runs, two at once, killed, out of time, only advising.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use launchd_stand_in::Outcome;

use crate::tree::{Mac, PLACE, RUNS, SYSTEM, X, has, program, unloaded};

pub(crate) fn help_names_the_options_and_bad_ones_are_wrong_usage() -> Outcome {
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

pub(crate) fn without_launchctl_it_says_so() -> Outcome {
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

pub(crate) fn five_hundred_jobs_in_order_cost_two_calls() -> Outcome {
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

pub(crate) fn a_dry_run_tells_the_steps_that_a_run_takes() -> Outcome {
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

pub(crate) fn a_second_run_at_once_is_told_to_come_back() -> Outcome {
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

pub(crate) fn killed_at_any_call_the_next_run_finishes() -> Outcome {
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

pub(crate) fn a_job_that_does_not_end_is_left_to_the_next_run() -> Outcome {
    let mac = unloaded()?;
    mac.install_old(X)?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.teardown = 2500)?;
    let told = mac.json(&["--timeout", "1"])?;
    assert_eq!((told.exit, told.steps()), (Some(4), vec!["bootout".to_owned()]));
    // It was asked to end; the next run sees that, waits for it and goes on.
    let ran = mac.run(&[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

pub(crate) fn a_job_whose_new_definition_cannot_be_written_comes_back() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    mac.load(X)?;
    // What stands in the way of the temporary name cannot be removed.
    mac.tree.folder(&format!("{PLACE}/.fix-launch-daemons.new/full"))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(1), vec!["bootout".to_owned()]), "{:#}", told.object);
    has(&told, &["removing what an earlier run has left"]);
    let job = mac.launchd.job(X)?.ok_or("it is lost")?;
    assert_eq!((job.program.as_str(), job.pid.is_some()), ("/bin/old", true));
    Ok(())
}

pub(crate) fn a_system_that_cannot_be_found_is_wrong_configuration() -> Outcome {
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

pub(crate) fn advice_never_fails() -> Outcome {
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
