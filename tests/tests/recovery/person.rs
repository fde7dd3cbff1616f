//! By hand, on a terminal that is one.

use std::fs;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;

use launchd_stand_in::{Outcome, Test, trials};
use nix::pty::openpty;

use crate::mac::{FORMER, JOB, Mac, SYSTEM, cannot};

pub(crate) const TESTS: &[Test] = trials![
    nix_recover_explains_asks_does_and_says_how_to_go_on,
    a_no_is_a_no_and_the_next_question_is_asked,
    a_person_may_run_what_puts_grants_at_risk,
    sudo_may_ask_for_a_password_once,
    without_a_terminal_nobody_is_asked,
];

const CURRENT: &str = "/private/var/run/current-system";

/// Runs it as `nix-recover` on a terminal with these answers; its code, and all that was to be seen.
fn converse(mac: &Mac, answers: &str) -> Result<(Option<i32>, String), Box<dyn std::error::Error>> {
    let pty = openpty(None, None)?;
    let (mut master, slave) = (File::from(pty.master), File::from(pty.slave));
    let mut command = mac.command(&[]);
    command.arg0("nix-recover");
    command.stdin(slave.try_clone()?).stdout(slave.try_clone()?).stderr(slave);
    let mut child = command.spawn()?;
    drop(command);
    master.write_all(answers.as_bytes())?;
    let mut seen = Vec::new();
    // A terminal without anybody behind it is an error to read on Linux.
    let _ = master.read_to_end(&mut seen);
    Ok((child.wait()?.code(), String::from_utf8_lossy(&seen).into_owned()))
}

fn nix_recover_explains_asks_does_and_says_how_to_go_on() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    assert_eq!(converse(&mac, "")?.0, Some(0));
    mac.link(CURRENT, FORMER)?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    let (code, seen) = converse(&mac, "y\nyes\n")?;
    assert_eq!(code, Some(0), "{seen}");
    for words in [
        "/run/current-system leads to",
        "[LF10]",
        "Shall I replace /run/current-system, which works",
        "It runs: sudo /usr/local/libexec/mendutils/fix-current-system --json --timeout 20 --stale.",
        "the jobs of that system stay",
        "Shall I have launchd run the daemons",
        "exec $SHELL",
    ] {
        assert!(seen.contains(words), "no {words:?} in {seen}");
    }
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    assert!(mac.calls("osascript")?.is_empty());
    mac.is_at_rest()
}

fn a_no_is_a_no_and_the_next_question_is_asked() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    let (code, seen) = converse(&mac, "\ny\n")?;
    assert_eq!(code, Some(1), "{seen}");
    assert!(seen.contains("not wanted: link /run/current-system"), "{seen}");
    assert_eq!(mac.current(), None);
    assert!(mac.launchd.job(JOB)?.is_some());
    Ok(())
}

fn a_person_may_run_what_puts_grants_at_risk() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at("/private/etc/static"))?;
    let mends = format!("ln -sfn {SYSTEM}/etc {}", mac.at("/private/etc/static").display());
    mac.activates(&format!("{mends}\nfalse && tccutil reset All"), 0)?;
    let (code, seen) = converse(&mac, "n\n")?;
    assert_eq!((code, mac.activations()), (Some(1), 0), "{seen}");
    let (code, seen) = converse(&mac, "y\n")?;
    assert_eq!((code, mac.activations()), (Some(0), 1), "{seen}");
    assert!(seen.contains("Mind: where macOS denies it App Management"), "{seen}");
    mac.is_at_rest()
}

fn sudo_may_ask_for_a_password_once() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    mac.launchd.edit(|state| state.sudo_asks = true)?;
    let (code, seen) = converse(&mac, "y\ny\n")?;
    assert_eq!(code, Some(77), "{seen}");
    let asked = mac.calls("sudo")?.iter().filter(|call| *call == "sudo -v").count();
    assert_eq!(asked, 1);
    Ok(())
}

fn without_a_terminal_nobody_is_asked() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    let mut command = mac.command(&["--ask"]);
    let output = command.stdin(Stdio::null()).output()?;
    assert_eq!(output.status.code(), Some(69), "{output:?}");
    assert_eq!(mac.current(), None);
    mac.run(&["--yes"])?.exits(0)?;
    mac.is_at_rest()
}
