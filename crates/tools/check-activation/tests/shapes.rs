//! The real program on the tree of a Mac, whose launchd is played: every failure shape is diagnosed by its name.

#[path = "shapes/jobs.rs"]
mod jobs;
mod mac;
#[path = "shapes/system.rs"]
mod system;

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
        jobs::five_hundred_jobs_cost_no_more_calls,
        jobs::lf1_a_job_that_is_not_loaded_leaves_no_link,
        jobs::lf2_a_disabled_job_is_named_in_both_spellings,
        jobs::lf3_what_system_settings_blocks_names_the_pane,
        system::lf4_a_volume_that_is_away_is_the_cause_of_all,
        jobs::lf5_a_program_that_is_gone_or_came_late_is_named,
        jobs::lf6_a_job_in_the_penalty_box_is_named,
        jobs::lf7_a_program_that_may_not_run_names_full_disk_access,
        system::lf8_failed_checks_with_a_right_link_are_a_warning,
        system::lf8_files_of_another_system_are_a_failure,
        system::lf9_files_that_an_upgrade_replaced_are_listed,
        system::lf10_a_link_to_another_system_is_stale,
        system::lf11_run_is_judged_with_its_manifest,
        system::lf12_a_link_that_leads_nowhere_is_dangling,
        system::lf13_a_login_shell_that_cannot_be_reached_is_told,
        jobs::lf14_agents_without_a_screen_are_skipped,
        jobs::agents_of_the_screen_are_looked_at,
        jobs::definitions_are_held_to_those_of_the_system,
        jobs::own_jobs_are_looked_at_where_they_are_installed,
        jobs::the_daemon_that_mounts_the_store_is_looked_at,
        jobs::an_answer_that_cannot_be_read_is_no_good_answer,
        jobs::a_launchctl_that_hangs_is_bounded,
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

/// All files but the stand-in's own.
fn files(mac: &Mac) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut files = mac.tree.listing()?;
    files.retain(|line| !line.contains("/stand-in"));
    Ok(files)
}
