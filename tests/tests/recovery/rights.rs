//! Rights, locks and deaths.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use launchd_stand_in::{Outcome, Test, trials};

use crate::mac::{JOB, Mac, SYSTEM, cannot};

pub(crate) const TESTS: &[Test] = trials![
    what_sudo_refuses_is_told_with_the_line_that_is_lacking,
    root_needs_no_sudo_and_tells_who_sits_at_the_screen,
    two_at_once_are_one_and_a_75,
    one_that_is_killed_is_finished_by_the_next,
    a_notification_that_cannot_be_shown_changes_nothing,
    the_log_goes_where_it_is_told_and_follows_no_link,
];

const CURRENT: &str = "/private/var/run/current-system";

fn what_sudo_refuses_is_told_with_the_line_that_is_lacking() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchd.edit(|state| state.sudo_asks = true)?;
    let ran = mac.run(&[])?.exits(77)?;
    ran.says("a password is required")?.says(
        "tim ALL=(root) NOPASSWD: /usr/local/libexec/mendutils/fix-current-system --json --timeout 20",
    )?;
    assert_eq!(mac.current(), None);
    let calls = mac.calls("sudo")?;
    assert!(calls.iter().all(|call| call.starts_with("sudo -n ")) && calls.len() == 1, "{calls:?}");
    Ok(())
}

fn root_needs_no_sudo_and_tells_who_sits_at_the_screen() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    mac.launchd.edit(|state| state.session = "System".to_owned())?;
    mac.launchd.forget()?;
    let output = mac.as_root(&[]).output()?;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    let calls = mac.calls("sudo")?;
    assert!(calls.iter().all(|call| call.starts_with("sudo -n -u #1000 /usr/bin/osascript")), "{calls:?}");
    assert_eq!((calls.len(), mac.calls("osascript")?.len()), (1, 1));
    assert!(mac.at("/private/var/log/nix-activation-recovery.log").exists());
    assert!(!mac.at("/Users/tim/.local").exists());
    mac.is_at_rest()
}

fn two_at_once_are_one_and_a_75() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at("/private/etc/static"))?;
    let mends = format!("ln -sfn {SYSTEM}/etc {}", mac.at("/private/etc/static").display());
    mac.activates(&format!("sleep 2\n{mends}"), 0)?;
    let mut first = mac.command(&[]).spawn()?;
    let begin = Instant::now();
    while mac.activations() == 0 && begin.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(10));
    }
    mac.run(&[])?.exits(75)?.says("another run holds")?;
    assert_eq!(first.wait()?.code(), Some(0));
    assert_eq!(mac.activations(), 1);
    mac.is_at_rest()
}

fn one_that_is_killed_is_finished_by_the_next() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    let mut killed = 0;
    for pause in 0..20 {
        let _ = fs::remove_file(mac.at(CURRENT));
        if mac.launchd.job(JOB)?.is_some() {
            mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
        }
        let mut run = mac.command(&["--quiet"]).spawn()?;
        sleep(Duration::from_millis(pause * 7));
        run.kill()?;
        killed += usize::from(run.wait()?.code().is_none());
        // What it had started may still be at work, which is a 75 and passes.
        let begin = Instant::now();
        while mac.run(&["--quiet"])?.0.status.code() != Some(0) {
            assert!(begin.elapsed() < Duration::from_secs(20), "after {pause}: {:?}", mac.run(&[])?);
            sleep(Duration::from_millis(50));
        }
        assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)), "after {pause}");
    }
    assert!(killed >= 5, "killed only {killed} times: nothing was shown");
    mac.is_at_rest()
}

fn a_notification_that_cannot_be_shown_changes_nothing() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchd.edit(|state| state.osascript = 1)?;
    mac.run(&[])?.exits(0)?.says("the notification could not be shown")?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchd.edit(|state| {
        state.hangs.insert("osascript".to_owned());
    })?;
    let begin = Instant::now();
    mac.run(&[])?.exits(0)?;
    assert!(begin.elapsed() < Duration::from_secs(40), "{:?}", begin.elapsed());
    Ok(())
}

fn the_log_goes_where_it_is_told_and_follows_no_link() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.run(&["--log-file", "/Users/tim/a.log", "--json"])?.exits(0)?;
    assert!(fs::read_to_string(mac.at("/Users/tim/a.log"))?.contains("link /run/current-system"));
    assert!(!mac.at("/Users/tim/.local/log").exists());
    fs::remove_file(mac.at(CURRENT))?;
    mac.link("/Users/tim/b.log", "a.log")?;
    mac.run(&["--log-file", "/Users/tim/b.log", "--json"])?.exits(0)?.says("nothing is kept of this run")?;
    Ok(())
}
