//! The full activation: when it is run, when it is not, and what it ends with.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};

use launchd_stand_in::{Outcome, Test, trials};

use crate::mac::{JOB, Mac, SYSTEM, cannot, definition};

pub(crate) const TESTS: &[Test] = trials![
    lf8_a_failed_check_with_a_right_link_is_no_reason_to_activate,
    lf8_etc_is_mended_by_a_full_activation_once_a_boot,
    lf8_where_grants_are_at_risk_only_the_command_is_told,
    lf8_home_managers_check_counts_as_well,
    lf9_the_files_that_keep_it_from_beginning_are_listed,
    an_activate_that_says_it_is_done_and_is_not_is_contradicted,
    an_aborted_launchctl_is_told_as_such,
    it_is_not_run_without_a_screen,
    what_others_could_have_written_is_not_run,
];

const STATIC: &str = "/private/etc/static";

/// What nix-darwin has in every activation since 25.11 (`modules/system/applications.nix`).
const CHECK: &str = "for appBundle in /Applications/Nix\\ Apps/*.app; do\n  true\ndone\n\
                     if false; then\n  tccutil reset SystemPolicyAppBundles > /dev/null\nfi\n";

/// A Mac whose /etc was left by a boot that failed its checks.
fn broken(words: &str, code: u32) -> Result<Mac, Box<dyn std::error::Error>> {
    let mac = Mac::new()?;
    fs::remove_file(mac.at(STATIC))?;
    mac.activates(words, code)?;
    Ok(mac)
}

/// Words of an activate that mends it.
fn mends(mac: &Mac) -> String {
    format!("ln -sfn {SYSTEM}/etc {}", mac.at(STATIC).display())
}

fn lf8_a_failed_check_with_a_right_link_is_no_reason_to_activate() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    let label = "org.nixos.activate-system";
    let text = definition(label, "/bin/sh");
    mac.write("/bin/sh", "", 0o755)?;
    for folder in [SYSTEM, ""] {
        mac.write(&format!("{folder}/Library/LaunchDaemons/{label}.plist"), &text, 0o444)?;
    }
    mac.launchd.edit(|state| {
        state.ends.insert(label.to_owned(), 1);
    })?;
    mac.load(label)?;
    mac.is_at_rest()?;
    assert_eq!(mac.activations(), 0);
    Ok(())
}

fn lf8_etc_is_mended_by_a_full_activation_once_a_boot() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken("", 0)?;
    mac.activates(&format!("{CHECK}{}", mends(&mac)), 0)?;
    let ran = mac.run(&["--json"])?.exits(0)?;
    assert_eq!((ran.kinds()?, mac.activations()), (vec!["activate".to_owned()], 1));
    mac.is_at_rest()?;
    fs::remove_file(mac.at(STATIC))?;
    mac.run(&["--json"])?.exits(1)?.says("once since the boot")?.says("App Management")?;
    assert_eq!(mac.activations(), 1);
    mac.boots("22222222-2222-2222-2222-222222222222")?;
    mac.run(&[])?.exits(0)?;
    assert_eq!(mac.activations(), 2);
    mac.is_at_rest()
}

fn lf8_where_grants_are_at_risk_only_the_command_is_told() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken(CHECK, 0)?;
    fs::create_dir_all(mac.at("/Applications/Nix Apps/kitty.app"))?;
    let ran = mac.run(&["--json"])?.exits(1)?;
    assert!(ran.kinds()?.is_empty());
    ran.says("kitty.app")?.says("sudo /nix/var/nix/profiles/system/activate")?.says("LF8")?;
    assert_eq!(mac.activations(), 0);
    // Nor with --yes in a job, where nobody is at a terminal.
    mac.run(&["--yes"])?.exits(1)?;
    assert_eq!(mac.activations(), 0);
    Ok(())
}

fn lf8_home_managers_check_counts_as_well() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let inner = "/nix/store/dddddddddddddddddddddddddddddddd-home-manager-generation/activate";
    let mac = broken(&format!("true {inner}"), 0)?;
    let check = CHECK.replace("/Applications/Nix\\ Apps/", "'Applications/Home Manager Apps/'");
    mac.write(inner, &format!("#!/bin/sh\n{check}"), 0o555)?;
    fs::create_dir_all(mac.at("/Users/tim/Applications/Home Manager Apps/a.app"))?;
    mac.run(&[])?.exits(1)?.says("a.app")?;
    assert_eq!(mac.activations(), 0);
    Ok(())
}

fn lf9_the_files_that_keep_it_from_beginning_are_listed() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let words = "printf '\\033[1;31merror: Unexpected files in /etc, aborting activation\\033[0m\\n' >&2\n\
                 printf 'The following files have unrecognized content and would be overwritten:\\n\\n' >&2\n\
                 printf '  %s\\n' /etc/bashrc >&2\nprintf '\\nPlease check there is nothing critical\\n' >&2";
    let mac = Mac::new()?;
    mac.activates(words, 2)?;
    fs::remove_file(mac.at("/private/etc/bashrc"))?;
    mac.write("/private/etc/bashrc", "# macOS\n", 0o644)?;
    let ran = mac.run(&["--json"])?.exits(1)?;
    ran.says("LF9")?
        .says("keep it from beginning: /etc/bashrc")?
        .says("sudo mv /etc/bashrc /etc/bashrc.before-nix-darwin")?;
    assert_eq!(mac.activations(), 1);
    Ok(())
}

fn an_activate_that_says_it_is_done_and_is_not_is_contradicted() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken("", 0)?;
    mac.run(&[])?.exits(3)?.says("it was reported done and does not hold")?;
    assert_eq!(mac.activations(), 1);
    Ok(())
}

fn an_aborted_launchctl_is_told_as_such() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken("echo 'Abort trap: 6' >&2", 134)?;
    mac.run(&[])?.exits(1)?.says("launchctl was aborted in it")?.says("Abort trap: 6")?;
    assert_eq!(mac.activations(), 1);
    Ok(())
}

fn it_is_not_run_without_a_screen() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken("", 0)?;
    mac.launchd.edit(|state| state.session = "Background".to_owned())?;
    mac.run(&["--yes"])?.exits(1)?.says("no session at the screen")?;
    assert_eq!(mac.activations(), 0);
    Ok(())
}

fn what_others_could_have_written_is_not_run() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = broken("", 0)?;
    let activate = mac.at(&format!("{SYSTEM}/activate"));
    fs::set_permissions(&activate, fs::Permissions::from_mode(0o575))?;
    mac.run(&[])?.exits(77)?.says("it is not run as root: others than its owner may write")?;
    fs::set_permissions(&activate, fs::Permissions::from_mode(0o555))?;
    chown(mac.at("/nix/var/nix/profiles"), Some(1000), None)?;
    mac.run(&["--yes"])?.exits(77)?.says("belongs to uid 1000")?;
    assert_eq!(mac.activations(), 0);
    chown(mac.at("/nix/var/nix/profiles"), Some(0), None)?;
    // The stamp is for a run, and there was none.
    mac.activates(&mends(&mac), 0)?;
    mac.run(&[])?.exits(0)?;
    fs::set_permissions(mac.at("/usr/local/libexec"), fs::Permissions::from_mode(0o777))?;
    mac.launchctl(&["bootout", &format!("system/{JOB}")])?;
    mac.run(&[])?.exits(77)?.says("/usr/local/libexec")?;
    assert!(mac.launchd.job(JOB)?.is_none());
    Ok(())
}
