//! The real program on the tree of a Mac, whose launchd is played: every failure shape is diagnosed by its name.

mod mac;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use launchd_stand_in::{Outcome, run, trials};
use mac::{ACTIVATE, BOOTED, CURRENT, DAEMONS, ETC, Mac, OTHER, SYSTEM, plist};

const X: &str = "org.nixos.x";
const LIBEXEC: &str = "usr/local/libexec/mendutils";
const BOOT: &str = "Library/LaunchDaemons/org.nixos.boot-activation.plist";

fn main() -> ExitCode {
    run(trials![
        a_mac_in_order_is_silent_and_asks_launchd_twice,
        five_hundred_jobs_cost_no_more_calls,
        lf1_a_job_that_is_not_loaded_leaves_no_link,
        lf2_a_disabled_job_is_named_in_both_spellings,
        lf3_what_system_settings_blocks_names_the_pane,
        lf4_a_volume_that_is_away_is_the_cause_of_all,
        lf5_a_program_that_is_gone_or_came_late_is_named,
        lf6_a_job_in_the_penalty_box_is_named,
        lf7_a_program_that_may_not_run_names_full_disk_access,
        lf8_failed_checks_with_a_right_link_are_a_warning,
        lf8_files_of_another_system_are_a_failure,
        lf9_files_that_an_upgrade_replaced_are_listed,
        lf10_a_link_to_another_system_is_stale,
        lf11_run_is_judged_with_its_manifest,
        lf12_a_link_that_leads_nowhere_is_dangling,
        lf13_a_login_shell_that_cannot_be_reached_is_told,
        lf14_agents_without_a_screen_are_skipped,
        agents_of_the_screen_are_looked_at,
        definitions_are_held_to_those_of_the_system,
        own_jobs_are_looked_at_where_they_are_installed,
        the_daemon_that_mounts_the_store_is_looked_at,
        an_answer_that_cannot_be_read_is_no_good_answer,
        a_launchctl_that_hangs_is_bounded,
        a_log_of_an_earlier_boot_says_nothing,
        without_launchd_the_files_are_judged,
        the_short_form_tells_once_a_boot_and_cause,
    ])
}

fn a_mac_in_order_is_silent_and_asks_launchd_twice() -> Outcome {
    let mac = Mac::new()?;
    let before = files(&mac)?;
    let quiet = mac.run(&["--quiet"])?;
    assert_eq!((quiet.code(), quiet.said().as_str()), (Some(0), ""));
    assert_eq!(mac.launchd.calls()?, ["launchctl print system", "launchctl print-disabled system"]);
    mac.told(&[])?.is(0, &[])?;
    assert_eq!(files(&mac)?, before);
    let loud = mac.run(&[])?.answer();
    for line in [
        "ok    run-folder  ",
        "ok    store-volume  ",
        "ok    system-profile  ",
        "ok    current-system  ",
        "ok    gc-root  ",
        "ok    etc-static  ",
        "ok    etc-files  ",
        "ok    jobs  all 2 jobs that are wanted are loaded",
        "skip  own-jobs  ",
    ] {
        assert!(loud.contains(line), "no {line:?} in {loud}");
    }
    Ok(())
}

fn five_hundred_jobs_cost_no_more_calls() -> Outcome {
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

fn lf1_a_job_that_is_not_loaded_leaves_no_link() -> Outcome {
    let mac = Mac::new()?;
    mac.unload(ACTIVATE)?;
    mac.remove(CURRENT)?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF1"), ("job-loaded", "fail", "LF1")])?;
    told.says("current-system", &["missing", "sudo /usr/local/libexec/mendutils/fix-current-system"])?;
    told.says("job-loaded", &[ACTIVATE, "sudo /usr/local/libexec/mendutils/fix-launch-daemons"])
}

fn lf2_a_disabled_job_is_named_in_both_spellings() -> Outcome {
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

fn lf3_what_system_settings_blocks_names_the_pane() -> Outcome {
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

fn lf4_a_volume_that_is_away_is_the_cause_of_all() -> Outcome {
    let mac = Mac::new()?;
    fs::remove_dir_all(mac.tree.path("nix"))?;
    mac.tree.folder("nix")?;
    mac.write("etc/synthetic.conf", "nix\nrun\tprivate/var/run\n")?;
    at_the_screen(&mac)?;
    mac.write("var/log/determinate-nix-init.log", "a password is wanted\n")?;
    let told = mac.told(&[])?;
    let wrong = [("store-volume", "fail", "LF4"), ("login-shell", "fail", "LF13")];
    // Without root it is the test's own user whose shell counts, and who is not in the tree.
    told.is(1, if testbed::own().0 == 0 { &wrong } else { &wrong[..1] })?;
    told.says("store-volume", &["nix-recover", "says of this boot: a password is wanted"])?;
    told.says("current-system", &["cannot be judged while the store is away"])
}

fn lf5_a_program_that_is_gone_or_came_late_is_named() -> Outcome {
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

fn lf6_a_job_in_the_penalty_box_is_named() -> Outcome {
    let mac = Mac::new()?;
    mac.edit(X, |job| (job.pid, job.last, job.is_penalized) = (None, Some(78), true))?;
    mac.told(&[])?.is(1, &[("job-started", "fail", "LF6")])
}

fn lf7_a_program_that_may_not_run_names_full_disk_access() -> Outcome {
    let mac = Mac::new()?;
    mac.ended(X, 126)?;
    let told = mac.told(&[])?;
    told.is(1, &[("job-ended", "fail", "LF7")])?;
    told.says("job-ended", &["Full Disk Access"])
}

fn lf8_failed_checks_with_a_right_link_are_a_warning() -> Outcome {
    let mac = Mac::new()?;
    mac.ended(ACTIVATE, 1)?;
    let told = mac.told(&[])?;
    told.is(0, &[("job-ended", "warn", "LF8")])?;
    told.says("job-ended", &["harmless for the link", "App Management", "darwin-rebuild activate"])?;
    // Without the link the same exit is a failure.
    mac.remove(CURRENT)?;
    mac.told(&[])?.is(1, &[("current-system", "fail", "LF1"), ("job-ended", "fail", "-")])?;
    // Of another daemon it is its own affair.
    let mac = Mac::new()?;
    mac.ended(X, 1)?;
    mac.told(&[])?.is(0, &[("job-ended", "warn", "-")])
}

fn lf8_files_of_another_system_are_a_failure() -> Outcome {
    let mac = Mac::new()?;
    mac.link("etc/static", &format!("/{OTHER}"))?;
    mac.told(&[])?.is(1, &[("etc-static", "fail", "LF8")])
}

fn lf9_files_that_an_upgrade_replaced_are_listed() -> Outcome {
    let mac = Mac::new()?;
    mac.write("etc/zshrc", "Apple's")?;
    let told = mac.told(&[])?;
    told.is(1, &[("etc-files", "fail", "LF9")])?;
    told.says("etc-files", &["/etc/zshrc", "sudo mv /etc/zshrc /etc/zshrc.before-nix-darwin"])?;
    mac.remove("etc/zshrc")?;
    mac.told(&[])?.is(0, &[("etc-files", "warn", "-")])
}

fn lf10_a_link_to_another_system_is_stale() -> Outcome {
    let mac = Mac::new()?;
    mac.link(CURRENT, &format!("/{OTHER}"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF10")])?;
    told.says("current-system", &[OTHER, "darwin-rebuild activate"])
}

fn lf11_run_is_judged_with_its_manifest() -> Outcome {
    let mac = Mac::new()?;
    mac.remove("run")?;
    mac.write("etc/synthetic.conf", "run private/var/run\n")?;
    let told = mac.told(&["--offline"])?;
    told.is(1, &[("run-folder", "fail", "LF11"), ("current-system", "fail", "LF11")])?;
    told.says("run-folder", &["/etc/synthetic.conf", "line 1", "apfs.util -t", "253"])
}

fn lf12_a_link_that_leads_nowhere_is_dangling() -> Outcome {
    let mac = Mac::new()?;
    mac.link(CURRENT, "/nix/store/ffffffffffffffffffffffffffffffff-gone")?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF12")])?;
    told.says("current-system", &["collected", "fix-current-system"])
}

fn lf13_a_login_shell_that_cannot_be_reached_is_told() -> Outcome {
    if testbed::lacks_root() {
        return Ok(());
    }
    let mac = Mac::new()?;
    at_the_screen(&mac)?;
    mac.told(&[])?.is(0, &[])?;
    mac.remove(&format!("{SYSTEM}/sw/bin/zsh"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("login-shell", "fail", "LF13")])?;
    told.says("login-shell", &["chsh -s /bin/zsh"])
}

fn lf14_agents_without_a_screen_are_skipped() -> Outcome {
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

fn agents_of_the_screen_are_looked_at() -> Outcome {
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

fn definitions_are_held_to_those_of_the_system() -> Outcome {
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

fn own_jobs_are_looked_at_where_they_are_installed() -> Outcome {
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

fn the_daemon_that_mounts_the_store_is_looked_at() -> Outcome {
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

fn an_answer_that_cannot_be_read_is_no_good_answer() -> Outcome {
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

fn a_launchctl_that_hangs_is_bounded() -> Outcome {
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

fn a_log_of_an_earlier_boot_says_nothing() -> Outcome {
    let mac = Mac::new()?;
    mac.remove(CURRENT)?;
    mac.write("var/log/nix-boot-activation.log", "ERROR: the profile is not there\n")?;
    mac.daemon("org.nixos.y", "<key>StandardErrorPath</key><string>/var/log/y.log</string>", Some(3))?;
    mac.ended("org.nixos.y", 3)?;
    mac.write("var/log/y.log", "first\nlast words\n")?;
    let told = mac.told(&[])?;
    told.says("current-system", &["says of this boot: ERROR: the profile is not there"])?;
    told.says("job-ended", &["/var/log/y.log says of this boot: last words"])?;
    let before = SystemTime::UNIX_EPOCH + Duration::from_secs(BOOTED - 1);
    for log in ["nix-boot-activation.log", "y.log"] {
        let log = fs::File::options().append(true).open(mac.tree.path(format!("var/log/{log}")))?;
        log.set_modified(before)?;
    }
    let told = mac.told(&[])?;
    assert!(!told.object.to_string().contains("this boot"), "{}", told.object);
    Ok(())
}

fn without_launchd_the_files_are_judged() -> Outcome {
    let mac = Mac::new()?;
    mac.unload(X)?;
    mac.told(&["--offline"])?.is(0, &[])?;
    assert!(mac.launchd.calls()?.is_empty());
    mac.remove("bin/launchctl")?;
    let told = mac.told(&[])?;
    told.is(0, &[])?;
    told.says("jobs", &["skip", "launchd was not asked", "launchctl"])?;
    mac.write(&format!("{ETC}/shells"), "changed")?;
    mac.remove(&format!("{DAEMONS}/{X}.plist"))?;
    mac.told(&[])?.is(1, &[("job-plist", "fail", "-")])
}

fn the_short_form_tells_once_a_boot_and_cause() -> Outcome {
    let mac = Mac::new()?;
    let ran = mac.run(&["--once="])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    mac.remove(CURRENT)?;
    let ran = mac.run(&["--once="])?;
    assert_eq!((ran.code(), ran.answer().as_str()), (Some(1), "first-boot LF1\n"));
    let said = ran.said();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "check-activation: the system of the profile does not run: /run/current-system is missing [LF1]",
            "check-activation: to mend it: nix-recover",
            "first-boot LF1",
        ]
    );
    let again = mac.run(&["--once=first-boot LF1"])?;
    assert_eq!((again.code(), again.said().as_str()), (Some(1), ""));
    // Another cause, and another boot.
    mac.link(CURRENT, &format!("/{OTHER}"))?;
    assert_eq!(mac.run(&["--once=first-boot LF1"])?.answer(), "first-boot LF10\n");
    mac.write("proc/sys/kernel/random/boot_id", "second-boot\n")?;
    assert_eq!(mac.run(&["--once=first-boot LF10"])?.answer(), "second-boot LF10\n");
    // The store away.
    fs::remove_dir_all(mac.tree.path("nix"))?;
    mac.write("etc/fstab", "UUID=1 /nix apfs rw,noauto\n")?;
    assert_eq!(mac.run(&["--once="])?.answer(), "second-boot LF4\n");
    assert!(mac.launchd.calls()?.is_empty());
    Ok(())
}

/// Someone sits at the screen: root asks for that one's agents and shell.
fn at_the_screen(mac: &Mac) -> Outcome {
    mac.write("dev/console", "")?;
    if testbed::own().0 == 0 {
        chown(mac.tree.path("dev/console"), Some(501), None)?;
    }
    Ok(mac.launchd.edit(|state| {
        state.domains.entry("gui/501".to_owned()).or_default();
    })?)
}

/// An agent of the system, installed and not loaded.
fn agent(mac: &Mac, label: &str) -> Outcome {
    let text = plist(label, "/bin/true", "<key>RunAtLoad</key><true/>");
    mac.write(&format!("{SYSTEM}/Library/LaunchAgents/{label}.plist"), &text)?;
    mac.write(&format!("Library/LaunchAgents/{label}.plist"), &text)
}

/// All files but the stand-in's own.
fn files(mac: &Mac) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut files = mac.tree.listing()?;
    files.retain(|line| !line.contains("/stand-in"));
    Ok(files)
}
