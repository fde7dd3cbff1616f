//! The failure shapes: named, mended or explained, and nothing done the second time.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use launchd_stand_in::Outcome;

use crate::tree::{Mac, PLACE, RUNS, SYSTEM, X, disable, finding, has, plist, stays, unloaded};

pub(crate) fn lf2_a_disabled_job_is_enabled_whatever_the_spelling_and_the_code() -> Outcome {
    for (macos, code) in [(12, 5), (15, 119), (26, 5)] {
        let mac = unloaded()?;
        disable(&mac)?;
        mac.launchd.edit(|state| (state.macos, state.disabled_code) = (macos, code))?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.steps()), (Some(0), vec!["enable".to_owned(), "bootstrap".to_owned()]));
        assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF2"));
        mac.runs_new(X)?;
        mac.is_settled(&[])?;
    }
    Ok(())
}

pub(crate) fn lf2_a_loaded_job_that_is_disabled_is_enabled_for_the_next_boot() -> Outcome {
    let mac = Mac::with_job(X)?;
    disable(&mac)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["enable".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF2"));
    mac.is_settled(&[])
}

pub(crate) fn lf2_an_override_that_comes_back_is_told() -> Outcome {
    let mac = unloaded()?;
    disable(&mac)?;
    // launchctl says that it was done.
    mac.launchd.edit(|state| {
        state.garbage.insert("enable".to_owned(), String::new());
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(3), finding("job-enabled", "fail", "LF2")));
    Ok(())
}

pub(crate) fn lf3_what_macos_blocks_is_told_and_not_tried_again() -> Outcome {
    for code in [5, 161, 0] {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.disallowed.insert(X.to_owned());
            state.disallowed_code = code;
        })?;
        let started = Instant::now();
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-allowed", "fail", "LF3")), "{code}");
        has(&told, &["System Settings > General > Login Items & Extensions", "switch \\\"sh\\\" on"]);
        // One attempt, and none to start it.
        assert_eq!(mac.changes()?, [format!("bootstrap system /{PLACE}/{X}.plist")]);
        assert!(started.elapsed() < Duration::from_secs(4));
        stays(&mac, &told, &[])?;
    }
    Ok(())
}

pub(crate) fn lf4_without_the_volume_nothing_is_loaded() -> Outcome {
    let mac = Mac::new()?;
    mac.tree.write(&format!("definitions/{X}.plist"), &plist(X, "/nix/store/gone/bin/x", RUNS))?;
    fs::remove_dir_all(mac.tree.path("nix"))?;
    mac.tree.folder("nix")?;
    let told = mac.json(&["--directory", "/definitions"])?;
    assert_eq!((told.exit, told.about(X)?), (Some(75), finding("job-program", "fail", "LF4")));
    assert_eq!(told.steps(), ["install-plist"]);
    assert!(mac.changes()?.is_empty());
    stays(&mac, &told, &["--directory", "/definitions"])
}

pub(crate) fn lf5_a_job_whose_program_is_gone_is_told() -> Outcome {
    let mac = unloaded()?;
    fs::remove_file(mac.tree.path("bin/new"))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(78), finding("job-program", "fail", "LF5")));
    // It would only be put into the penalty box.
    assert!(mac.changes()?.is_empty());
    stays(&mac, &told, &[])
}

pub(crate) fn lf5_a_job_of_a_collected_system_is_loaded_anew() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    fs::remove_file(mac.tree.path("bin/old"))?;
    mac.load(X)?;
    // The file is the new one; what is loaded is the old one.
    fs::remove_file(mac.place(X))?;
    mac.install(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootout".to_owned(), "bootstrap".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF5"));
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

pub(crate) fn lf5_a_program_that_came_late_is_started_again() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 127);
    })?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.ends.clear())?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["kickstart".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF5"));
    mac.is_settled(&[])?;
    // One that stays away is told.
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 127);
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-ended", "fail", "LF5")));
    Ok(())
}

pub(crate) fn lf6_a_job_in_the_penalty_box_is_loaded_anew() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.sick.insert(X.to_owned(), 1);
    })?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.teardown = 400)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootout".to_owned(), "bootstrap".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF6"));
    mac.is_settled(&[])
}

pub(crate) fn lf6_a_sick_job_is_given_up_after_one_attempt() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.sick.insert(X.to_owned(), 100);
    })?;
    mac.load(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-started", "fail", "LF6")));
    assert_eq!(mac.changes()?.len(), 2);
    Ok(())
}

pub(crate) fn lf7_a_program_that_may_not_be_executed_is_told() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 126);
    })?;
    mac.load(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-ended", "fail", "LF7")));
    has(&told, &["Privacy & Security > Full Disk Access"]);
    stays(&mac, &told, &[])?;
    let mac = unloaded()?;
    fs::set_permissions(mac.tree.path("bin/new"), fs::Permissions::from_mode(0o644))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(78), finding("job-program", "fail", "LF7")));
    stays(&mac, &told, &[])
}

pub(crate) fn lf8_a_run_that_failed_is_told_and_nothing_is_done() -> Outcome {
    for (code, exit, status) in
        [(1, 0, "warn"), (2, 0, "warn"), (-9, 0, "warn"), (13, 1, "fail"), (78, 1, "fail")]
    {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.ends.insert(X.to_owned(), code);
        })?;
        mac.load(X)?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.about(X)?), (Some(exit), finding("job-ended", status, "-")), "{code}");
        assert!(mac.changes()?.is_empty());
        stays(&mac, &told, &[])?;
    }
    Ok(())
}

pub(crate) fn lf14_agents_without_a_session_of_their_own_are_skipped() -> Outcome {
    let mac = Mac::new()?;
    let path = format!("{SYSTEM}/Library/LaunchAgents/{X}.plist");
    mac.tree.write(&path, &plist(X, "/bin/new", RUNS))?;
    mac.launchd.edit(|state| {
        state.domains.entry("user/501".to_owned()).or_default();
        // It was there when it was listed, and the user has logged out since.
        state
            .codes
            .insert("bootstrap".to_owned(), (125, "Domain does not support specified action\n".to_owned()));
        state.domains.entry("gui/501".to_owned()).or_default();
    })?;
    let told = mac.json(&["--agents", "--domain", "gui/501"])?;
    assert_eq!(told.exit, Some(0), "{:#}", told.object);
    let told = mac.json(&["--agents", "--domain", "user/501"])?;
    assert_eq!((told.exit, told.about(X)?), (Some(0), finding("launchd-domain", "skip", "-")));
    Ok(())
}
