//! The jobs.

use std::fs;
use std::os::unix::fs::chown;

use launchd_stand_in::{Outcome, Test, trials};

use crate::mac::{JOB, Mac, SYSTEM, TIM, cannot, definition};

pub(crate) const TESTS: &[Test] = trials![
    lf1_a_job_that_is_not_loaded_is_loaded_after_the_link,
    lf2_a_disabled_job_is_enabled_and_loaded,
    lf3_a_job_that_system_settings_block_is_told_with_the_place,
    lf5_a_job_that_could_not_start_is_started,
    lf6_a_job_that_launchd_gave_up_is_started,
    lf14_agents_wait_for_a_screen_and_nothing_fails,
    lf14_agents_are_loaded_where_there_is_a_screen,
];

fn lf1_a_job_that_is_not_loaded_is_loaded_after_the_link() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at("/private/var/run/current-system"))?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    let ran = mac.run(&["--json"])?.exits(0)?;
    let kinds = ran.kinds()?;
    assert_eq!(kinds.first().map(String::as_str), Some("recover-link"));
    assert!(kinds.iter().skip(1).all(|kind| kind == "recover-jobs") && kinds.len() > 1, "{kinds:?}");
    assert!(mac.launchd.job(JOB)?.is_some_and(|job| job.pid.is_some()));
    mac.is_at_rest()
}

fn lf2_a_disabled_job_is_enabled_and_loaded() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    mac.launchctl(&["disable", &format!("system/{JOB}")])?;
    mac.run(&[])?.exits(0)?;
    assert!(mac.launchd.job(JOB)?.is_some_and(|job| job.pid.is_some()));
    mac.is_at_rest()
}

fn lf3_a_job_that_system_settings_block_is_told_with_the_place() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    mac.launchd.edit(|state| {
        state.disallowed.insert(JOB.to_owned());
    })?;
    let ran = mac.run(&["--json"])?.exits(1)?;
    ran.says("Login Items & Extensions")?.says("LF3")?;
    Ok(())
}

fn lf5_a_job_that_could_not_start_is_started() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    spoil(&mac, 127, false)?;
    mac.run(&[])?.exits(0)?;
    assert!(mac.launchd.job(JOB)?.is_some_and(|job| job.pid.is_some()));
    mac.is_at_rest()
}

fn lf6_a_job_that_launchd_gave_up_is_started() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    spoil(&mac, 78, true)?;
    mac.run(&[])?.exits(0)?;
    assert!(mac.launchd.job(JOB)?.is_some_and(|job| job.pid.is_some() && !job.is_penalized));
    mac.is_at_rest()
}

/// The job as it is after a start that failed.
fn spoil(mac: &Mac, code: i32, is_penalized: bool) -> Outcome {
    Ok(mac.launchd.edit(|state| {
        let job = state.domains.get_mut("system").and_then(|domain| domain.jobs.get_mut(JOB));
        if let Some(job) = job {
            (job.pid, job.last, job.is_penalized) = (None, Some(code), is_penalized);
        }
    })?)
}

/// Has the system want an agent for all users, and one for tim.
fn agents(mac: &Mac) -> Outcome {
    for (label, folder) in [("org.nixos.all", "Library"), ("org.nixos.own", "user/Library")] {
        let text = definition(label, &format!("{SYSTEM}/sw/bin/x"));
        mac.write(&format!("{SYSTEM}/{folder}/LaunchAgents/{label}.plist"), &text, 0o444)?;
    }
    fs::create_dir_all(mac.at("/Library/LaunchAgents"))?;
    for folder in ["/Users/tim/Library", "/Users/tim/Library/LaunchAgents"] {
        fs::create_dir(mac.at(folder))?;
        chown(mac.at(folder), Some(TIM), Some(TIM))?;
    }
    Ok(())
}

fn lf14_agents_wait_for_a_screen_and_nothing_fails() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    agents(&mac)?;
    mac.launchd.edit(|state| {
        state.session = "Background".to_owned();
        state.domains.remove(&format!("gui/{TIM}"));
    })?;
    chown(mac.at("/dev/console"), Some(0), None)?;
    mac.is_at_rest()?;
    // The link is made all the same, as over SSH, and nobody is told on a screen that is not there.
    fs::remove_file(mac.at("/private/var/run/current-system"))?;
    mac.run(&[])?.exits(0)?;
    assert!(mac.calls("osascript")?.is_empty());
    mac.is_at_rest()
}

fn lf14_agents_are_loaded_where_there_is_a_screen() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    agents(&mac)?;
    mac.run(&[])?.exits(0)?;
    let state = mac.launchd.state()?;
    let domain = state.domains.get(&format!("gui/{TIM}")).ok_or("no domain")?;
    let labels: Vec<_> = domain.jobs.keys().map(String::as_str).collect();
    assert_eq!(labels, ["org.nixos.all", "org.nixos.own"]);
    mac.is_at_rest()
}
