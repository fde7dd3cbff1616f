//! What is wrong with a job of launchd, or with its answers.

use super::*;

pub(crate) fn five_hundred_jobs_cost_no_more_calls() -> Outcome {
    let mac = Mac::new()?;
    for number in 0..500 {
        let label = format!("org.nixos.n{number}");
        for folder in [format!("{SYSTEM}/{DAEMONS}"), DAEMONS.to_owned()] {
            mac.write(&format!("{folder}/{label}.plist"), &plist(&label, "/bin/true", ""))?;
        }
    }
    mac.launchd.edit(|state| {
        let Some(system) = state.domains.get_mut("system") else { return };
        let jobs = (0..500).map(|number| (format!("org.nixos.n{number}"), launchd_stand_in::Job::default()));
        system.jobs.extend(jobs);
    })?;
    mac.told(&[])?.is(0, &[])?;
    assert_eq!(mac.launchd.calls()?.len(), 2);
    Ok(())
}

pub(crate) fn lf1_a_job_that_is_not_loaded_leaves_no_link() -> Outcome {
    let mac = Mac::new()?;
    mac.unload(ACTIVATE)?;
    mac.remove(CURRENT)?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF1"), ("job-loaded", "fail", "LF1")])?;
    told.says("current-system", &["missing", "sudo /usr/local/libexec/mendutils/fix-current-system"])?;
    told.says("job-loaded", &[ACTIVATE, "sudo /usr/local/libexec/mendutils/fix-launch-daemons"])
}

pub(crate) fn lf2_a_disabled_job_is_named_in_both_spellings() -> Outcome {
    for macos in [12, 26] {
        let mac = Mac::new()?;
        mac.launchd.edit(|state| {
            state.macos = macos;
            if let Some(system) = state.domains.get_mut("system") {
                system.disabled.insert(X.to_owned(), true);
                system.disabled.insert(ACTIVATE.to_owned(), false);
            }
        })?;
        let told = mac.told(&[])?;
        told.is(1, &[("job-enabled", "fail", "LF2")])?;
        told.says("job-enabled", &["the next boot does not load it"])?;
        mac.unload(X)?;
        let told = mac.told(&[])?;
        told.is(1, &[("job-enabled", "fail", "LF2")])?;
        told.says("job-enabled", &["so it is not loaded"])?;
    }
    Ok(())
}

pub(crate) fn lf3_what_system_settings_blocks_names_the_pane() -> Outcome {
    const PANE: &str = "System Settings > General > Login Items & Extensions";
    let mac = Mac::new()?;
    mac.unload(X)?;
    mac.launchd.edit(|state| {
        state.disallowed.insert(X.to_owned());
    })?;
    let told = mac.told(&[])?;
    if testbed::own().0 == 0 {
        told.is(1, &[("job-allowed", "fail", "LF3")])?;
        told.says("job-allowed", &[PANE, "\\\"sh\\\""])?;
    } else {
        // Only root may ask: the pane is named all the same.
        told.is(1, &[("job-loaded", "fail", "LF1")])?;
        told.says("job-loaded", &[PANE])?;
    }
    // Loaded, and never started.
    mac.launchd.edit(|state| state.disallowed_code = 0)?;
    mac.load(&format!("/{DAEMONS}/{X}.plist"))?;
    mac.launchd.edit(|state| state.disallowed.clear())?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-started", "fail", "LF3")])?;
    told.says("job-started", &[PANE])
}

pub(crate) fn lf5_a_program_that_is_gone_or_came_late_is_named() -> Outcome {
    let mac = Mac::new()?;
    mac.ended(X, 127)?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-ended", "fail", "LF5")])?;
    told.says("job-ended", &["it is there now", "fix-launch-daemons"])?;
    let gone = "/nix/store/dddddddddddddddddddddddddddddddd-gone/bin/x";
    let text = plist(X, gone, "<key>RunAtLoad</key><true/>");
    mac.write(&format!("{SYSTEM}/{DAEMONS}/{X}.plist"), &text)?;
    mac.write(&format!("{DAEMONS}/{X}.plist"), &text)?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-program", "fail", "LF5")])?;
    told.says("job-program", &[gone])
}

pub(crate) fn lf6_a_job_in_the_penalty_box_is_named() -> Outcome {
    let mac = Mac::new()?;
    mac.edit(X, |job| (job.pid, job.last, job.is_penalized) = (None, Some(78), true))?;
    mac.told(&[])?.is(1, &[("job-started", "fail", "LF6")])
}

pub(crate) fn lf7_a_program_that_may_not_run_names_full_disk_access() -> Outcome {
    let mac = Mac::new()?;
    mac.ended(X, 126)?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-ended", "fail", "LF7")])?;
    told.says("job-ended", &["Full Disk Access"])
}

pub(crate) fn lf14_agents_without_a_screen_are_skipped() -> Outcome {
    if testbed::lacks_root() {
        return Ok(());
    }
    let mac = Mac::new()?;
    at_the_screen(&mac)?;
    mac.launchd.edit(|state| {
        state.domains.remove("gui/501");
    })?;
    agent(&mac, "org.nixos.agent")?;
    let told = mac.told(&[])?;
    told.is(0, &[("launchd-domain", "skip", "LF14")])?;
    told.says("launchd-domain", &["1 agents"])
}

pub(crate) fn agents_of_the_screen_are_looked_at() -> Outcome {
    if testbed::lacks_root() {
        return Ok(());
    }
    let mac = Mac::new()?;
    at_the_screen(&mac)?;
    agent(&mac, "org.nixos.agent")?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-loaded", "fail", "LF1")])?;
    told.says("job-loaded", &["gui/501/org.nixos.agent", "mendutils/fix-launch-daemons --agents"])?;
    let (own, copy) =
        (format!("{SYSTEM}/user/Library/LaunchAgents/a.plist"), "Users/tim/Library/LaunchAgents/a.plist");
    mac.write(&own, &plist("org.nixos.own", "/bin/true", ""))?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-loaded", "fail", "LF1"), ("job-plist", "fail", "-")])?;
    told.says("job-plist", &["\"/usr/local/libexec/mendutils/fix-launch-daemons --user-agents\""])?;
    // launchd takes an agent that belongs to its user.
    mac.write(copy, &plist("org.nixos.own", "/bin/true", ""))?;
    chown(mac.tree.path(copy), Some(501), None)?;
    mac.told(&[])?.is(1, &[("job-loaded", "fail", "LF1"), ("job-loaded", "fail", "LF1")])
}

pub(crate) fn definitions_are_held_to_those_of_the_system() -> Outcome {
    let mac = Mac::new()?;
    let copy = format!("{DAEMONS}/{X}.plist");
    mac.write(&copy, &plist(X, "/bin/true", "<key>Nice</key><integer>1</integer>"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-plist", "fail", "-")])?;
    told.says("job-plist", &["is not the one of the system"])?;
    mac.write(&copy, &fs::read_to_string(mac.tree.path(format!("{SYSTEM}/{copy}")))?)?;
    fs::set_permissions(mac.tree.path(&copy), fs::Permissions::from_mode(0o664))?;
    mac.told(&[])?.says("job-plist", &["0664"])?;
    mac.link(&copy, &format!("/{SYSTEM}/{copy}"))?;
    mac.told(&[])?.says("job-plist", &["a symbolic link, and not a copy"])?;
    mac.remove(&copy)?;
    mac.told(&[])?.says("job-plist", &["is missing"])?;
    // What is no definition is named, and is no reason to pass over the others.
    mac.write(&format!("{SYSTEM}/{DAEMONS}/bad.plist"), "no list")?;
    mac.told(&[])?.is(1, &[("job-plist", "fail", "-"), ("job-plist", "fail", "-")])
}

pub(crate) fn own_jobs_are_looked_at_where_they_are_installed() -> Outcome {
    let mac = Mac::new()?;
    let program = format!("{LIBEXEC}/fix-current-system");
    mac.executable(&program)?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-plist", "fail", "-")])?;
    told.says("job-plist", &["org.nixos.boot-activation", "darwin-rebuild activate"])?;
    let label = "org.nixos.boot-activation";
    mac.write(BOOT, &plist(label, &format!("/{program}"), "<key>RunAtLoad</key><true/>"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-loaded", "fail", "LF1")])?;
    told.says(
        "job-loaded",
        &["sudo launchctl bootstrap system /Library/LaunchDaemons/org.nixos.boot-activation"],
    )?;
    mac.launchd.edit(|state| {
        state.ends.insert(label.to_owned(), 0);
    })?;
    mac.load(&format!("/{BOOT}"))?;
    let told = mac.told(&[])?;
    told.is(0, &[])?;
    told.says("own-jobs", &["installed outside of the store"])?;
    // One in the store is of no help while that is away.
    let inside = format!("/{SYSTEM}/sw/bin/zsh");
    mac.write(BOOT, &plist(label, &inside, "<key>RunAtLoad</key><true/>"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-program", "fail", "LF5")])?;
    told.says("job-program", &["it cannot help while that is away"])
}

pub(crate) fn the_daemon_that_mounts_the_store_is_looked_at() -> Outcome {
    for label in ["systems.determinate.nix-store", "org.nixos.darwin-store"] {
        let mac = Mac::new()?;
        mac.executable("usr/local/bin/determinate-nixd")?;
        let path = format!("{DAEMONS}/{label}.plist");
        mac.write(&path, &plist(label, "/usr/local/bin/determinate-nixd", "<key>RunAtLoad</key><true/>"))?;
        let told = mac.told(&[])?;
        told.is(1, &[("job-loaded", "fail", "LF1")])?;
        told.says("job-loaded", &[&format!("sudo launchctl bootstrap system /{path}")])?;
        mac.launchd.edit(|state| {
            state.ends.insert(label.to_owned(), 1);
        })?;
        mac.load(&format!("/{path}"))?;
        // It explains the volume, and stands beside it.
        fs::remove_dir_all(mac.tree.path("nix"))?;
        mac.tree.folder("nix")?;
        mac.write("etc/synthetic.conf", "nix\nrun\tprivate/var/run\n")?;
        let told = mac.told(&[])?;
        told.is(1, &[("store-volume", "fail", "LF4"), ("job-ended", "fail", "-")])?;
        told.says("job-ended", &[&format!("sudo launchctl kickstart system/{label}")])?;
    }
    Ok(())
}

pub(crate) fn an_answer_that_cannot_be_read_is_no_good_answer() -> Outcome {
    for (call, code) in [("print system", None), ("print-disabled system", None), ("print system", Some(99))]
    {
        let mac = Mac::new()?;
        mac.launchd.edit(|state| match code {
            Some(code) => {
                state.codes.insert(call.to_owned(), (code, "something new".to_owned()));
            }
            None => {
                state.garbage.insert(call.to_owned(), "system: 3 jobs\n".to_owned());
            }
        })?;
        let told = mac.told(&[])?;
        told.is(4, &[("launchd-answer", "fail", "-")])?;
        told.says("launchd-answer", &[if code.is_some() { "something new" } else { "3 jobs" }])?;
        assert!(!told.words("jobs").contains("\"ok\""), "{}", told.words("jobs"));
    }
    Ok(())
}

pub(crate) fn a_launchctl_that_hangs_is_bounded() -> Outcome {
    let mac = Mac::new()?;
    mac.launchd.edit(|state| {
        state.hangs.insert("print".to_owned());
    })?;
    let started = std::time::Instant::now();
    let told = mac.told(&["--timeout", "1"])?;
    told.is(4, &[("launchd-answer", "fail", "-")])?;
    told.says("current-system", &["\"ok\""])?;
    assert!(started.elapsed() < Duration::from_secs(5));
    Ok(())
}

/// Someone sits at the screen: root asks for that one's agents and shell.
pub(crate) fn at_the_screen(mac: &Mac) -> Outcome {
    mac.write("dev/console", "")?;
    if testbed::own().0 == 0 {
        chown(mac.tree.path("dev/console"), Some(501), None)?;
    }
    Ok(mac.launchd.edit(|state| {
        state.domains.entry("gui/501".to_owned()).or_default();
    })?)
}

/// An agent of the system, installed and not loaded.
pub(crate) fn agent(mac: &Mac, label: &str) -> Outcome {
    let text = plist(label, "/bin/true", "<key>RunAtLoad</key><true/>");
    mac.write(&format!("{SYSTEM}/Library/LaunchAgents/{label}.plist"), &text)?;
    mac.write(&format!("Library/LaunchAgents/{label}.plist"), &text)
}
