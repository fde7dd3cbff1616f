//! The link and what it stands on.

use std::fs;
use std::path::Path;

use launchd_stand_in::{Outcome, Test, trials};

use crate::mac::{FORMER, Mac, SYSTEM, cannot};

pub(crate) const TESTS: &[Test] = trials![
    a_mac_in_order_is_left_alone,
    lf1_a_missing_link_is_made_and_told_on_the_screen,
    lf12_a_link_to_what_was_collected_is_replaced,
    lf10_a_link_that_works_is_replaced_only_where_that_is_agreed_to,
    lf11_a_run_that_is_no_link_is_told_with_its_cure,
    lf13_a_login_shell_that_cannot_be_reached_is_told,
    a_dry_run_tells_the_steps_and_takes_none,
    a_nixos_has_its_link_made_and_nothing_else,
    a_host_without_any_system_is_told_so,
    a_launchd_that_does_not_answer_does_not_keep_the_link_away,
];

const CURRENT: &str = "/private/var/run/current-system";

fn a_mac_in_order_is_left_alone() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    mac.is_at_rest()?;
    assert!(!mac.at("/Users/tim/.local").exists());
    // The list and the overrides of the daemons.
    assert!(mac.launchd.calls()?.len() <= 2, "{:?}", mac.launchd.calls()?);
    Ok(())
}

fn lf1_a_missing_link_is_made_and_told_on_the_screen() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    let ran = mac.run(&["--json"])?.exits(0)?;
    assert_eq!(ran.kinds()?, ["recover-link"]);
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    let told = mac.calls("osascript")?;
    let [told] = told.as_slice() else { return Err(format!("{told:?}").into()) };
    assert!(told.contains("on run argv") && told.contains("Boot recovery completed"), "{told}");
    let log = fs::read_to_string(mac.at("/Users/tim/.local/log/nix-activation-recovery.log"))?;
    assert!(log.contains("link /run/current-system to"), "{log}");
    assert_eq!(mac.activations(), 0);
    mac.is_at_rest()
}

fn lf12_a_link_to_what_was_collected_is_replaced() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    mac.link(CURRENT, "/nix/store/dddddddddddddddddddddddddddddddd-gone")?;
    mac.run(&[])?.exits(0)?.says("link /run/current-system to")?;
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    mac.is_at_rest()
}

fn lf10_a_link_that_works_is_replaced_only_where_that_is_agreed_to() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    mac.link(CURRENT, FORMER)?;
    mac.run(&[])?.exits(1)?.says("is not replaced unasked")?;
    mac.run(&["--json"])?.exits(1)?.says("LF10")?;
    assert_eq!(mac.current().as_deref(), Some(Path::new(FORMER)));
    let told = mac.calls("osascript")?;
    assert!(told.iter().all(|told| told.contains("recover-activation --ask")), "{told:?}");
    mac.run(&["--yes"])?.exits(0)?;
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    mac.is_at_rest()
}

fn lf11_a_run_that_is_no_link_is_told_with_its_cure() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at("/run"))?;
    mac.write("/private/etc/synthetic.conf", "nux\n", 0o644)?;
    let ran = mac.run(&["--json"])?.exits(1)?;
    assert!(ran.kinds()?.is_empty());
    ran.says("LF11")?.says("apfs.util -t")?.says("synthetic.conf")?;
    Ok(())
}

fn lf13_a_login_shell_that_cannot_be_reached_is_told() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    let passwd = "tim:*:1000:1000::/Users/tim:/run/current-system/sw/bin/fish\n";
    mac.write("/private/etc/passwd", passwd, 0o644)?;
    mac.run(&["--json"])?.exits(1)?.says("LF13")?.says("chsh -s /bin/zsh")?;
    // With the link away the link is made first, and the shell comes with it.
    mac.write(&format!("{SYSTEM}/sw/bin/fish"), "", 0o555)?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.run(&[])?.exits(0)?;
    mac.is_at_rest()
}

fn a_dry_run_tells_the_steps_and_takes_none() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    fs::remove_file(mac.at("/private/etc/static"))?;
    let before = mac.listing()?;
    let ran = mac.run(&["--dry-run", "--json"])?.exits(0)?;
    assert_eq!(ran.kinds()?, ["recover-link", "activate"]);
    assert_eq!(mac.listing()?, before);
    assert!(mac.calls("sudo")?.is_empty() && mac.calls("osascript")?.is_empty());
    Ok(())
}

fn a_nixos_has_its_link_made_and_nothing_else() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at("/System/Library/CoreServices/SystemVersion.plist"))?;
    for name in ["/run", "/etc"] {
        fs::remove_file(mac.at(name))?;
    }
    fs::rename(mac.at("/private/etc"), mac.at("/etc"))?;
    fs::create_dir(mac.at("/run"))?;
    mac.write("/etc/NIXOS", "", 0o644)?;
    mac.write(&format!("{SYSTEM}/nixos-version"), "26.05", 0o444)?;
    fs::remove_dir_all(mac.at("/bin"))?;
    let ran = mac.run(&["--json"])?.exits(0)?;
    assert_eq!(ran.kinds()?, ["recover-link"]);
    assert_eq!(fs::read_link(mac.at("/run/current-system"))?, Path::new(SYSTEM));
    let before = mac.listing()?;
    assert_eq!(mac.run(&[])?.exits(0)?.said(), "");
    assert_eq!(mac.listing()?, before);
    Ok(())
}

fn a_host_without_any_system_is_told_so() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    fs::remove_file(mac.at("/private/etc/static"))?;
    fs::remove_dir_all(mac.at("/nix/var"))?;
    mac.run(&[])?.exits(69)?.says("there is nothing to recover")?;
    Ok(())
}

fn a_launchd_that_does_not_answer_does_not_keep_the_link_away() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = Mac::new()?;
    fs::remove_file(mac.at(CURRENT))?;
    mac.launchd.edit(|state| {
        state.hangs.insert("print".to_owned());
    })?;
    mac.run(&[])?.exits(1)?.says("had not ended at the deadline")?;
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    Ok(())
}
