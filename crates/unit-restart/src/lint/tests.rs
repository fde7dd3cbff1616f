use std::fs;

use super::*;

const PATHS: [&str; 1] = ["/etc/systemd/system"];

/// The flaws of a unit with this text, beside these other files.
fn flaws_of(text: &str, others: &[(&str, &str)]) -> Result<Vec<Flaw>> {
    let tree = tempfile::tempdir()?;
    let root = Root::new(tree.path());
    for (path, text) in others.iter().chain(&[("/etc/systemd/system/app.service", text)]) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(tree.path()))?;
        fs::write(path, text)?;
    }
    Ok(on_disk(&root, &PATHS, "app.service")?.map(|(_, flaws)| flaws).unwrap_or_default())
}

fn traps(text: &str) -> Result<Vec<Trap>> {
    Ok(flaws_of(text, &[])?.into_iter().map(|flaw| flaw.trap).collect())
}

const GOOD: &str = "[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=60\nExecStart=/bin/work\n";

#[test]
fn a_unit_without_traps_has_none() -> Result<()> {
    assert_eq!(traps(GOOD)?, []);
    assert_eq!(traps("[Service]\nType=notify\nExecStart=/bin/daemon\n")?, []);
    assert_eq!(traps("[Unit]\nDescription=a target\n")?, []);
    Ok(())
}

#[test]
fn each_setting_is_a_trap_of_its_own() -> Result<()> {
    for (more, trap) in [
        ("ExecStartPre=-/bin/x\n", Trap::Dash),
        ("ExecStartPre=@-/bin/x y\n", Trap::Dash),
        ("SuccessExitStatus=1\n", Trap::Declared),
        ("ExecStartPost=/bin/sh -c \"work; true\"\n", Trap::Hidden),
        ("ExecCondition=/bin/x\n", Trap::Condition),
        ("Restart=on-failure\n", Trap::Restart),
        ("RemainAfterExit=no\n", Trap::Unpinned),
        ("TimeoutStartSec=0\n", Trap::NoTimeout),
        ("ExecStart=/usr/bin/podman compose up\n", Trap::KillMode),
        ("ExecStopPost=/bin/systemctl --user reset-failed\n", Trap::ResetFailed),
        ("RestartMode=direct\nStartLimitIntervalSec=0\n", Trap::Endless),
        ("Type=exec\n", Trap::NotWaiting),
    ] {
        assert_eq!(traps(&format!("{GOOD}{more}"))?, [trap], "{more}");
    }
    assert_eq!(traps(&format!("[Unit]\nConditionPathExists=/x\n{GOOD}"))?, [Trap::Condition]);
    Ok(())
}

#[test]
fn a_reset_and_an_empty_value_take_a_trap_away() -> Result<()> {
    assert_eq!(traps(&format!("{GOOD}ExecStartPre=-/bin/x\nExecStartPre=\n"))?, []);
    assert_eq!(traps(&format!("{GOOD}SuccessExitStatus=1\nSuccessExitStatus=\n"))?, []);
    assert_eq!(traps(&format!("{GOOD}ExecStop=-/bin/x\n"))?, [], "a stop is no start");
    Ok(())
}

#[test]
fn the_script_that_resets_all_is_named_with_its_line() -> Result<()> {
    let text = format!("{GOOD}ExecStopPost=/nix/store/x/bin/cleanup --all\n");
    let wrapper = ("/nix/store/x/bin/cleanup", "#!/bin/sh\nexec \"/nix/store/y/inner\"\n");
    let inner = ("/nix/store/y/inner", "#!/bin/sh\nset -e\n  systemctl --user reset-failed || true\n");
    let flaws = flaws_of(&text, &[wrapper, inner])?;
    let told: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["/nix/store/y/inner:3: systemctl --user reset-failed || true (run by ExecStopPost=)"]);
    Ok(())
}

#[test]
fn files_and_lines_are_those_of_the_setting_that_counts() -> Result<()> {
    let drop_in = ("/etc/systemd/system/app.service.d/x.conf", "[Service]\n\nSuccessExitStatus=3\n");
    let flaws = flaws_of(GOOD, &[drop_in])?;
    let told: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["/etc/systemd/system/app.service.d/x.conf:3: SuccessExitStatus=3"]);
    Ok(())
}

#[test]
fn programs_folders_and_links_in_a_circle_are_no_scripts() -> Result<()> {
    let text = format!("{GOOD}ExecStopPost=/etc /bin/elf /a\n");
    let files =
        [("/bin/elf", "\u{7f}ELF systemctl reset-failed"), ("/a", "#!/a\n/a /b\n"), ("/b", "#!/b\n/a\n")];
    assert_eq!(flaws_of(&text, &files)?, []);
    Ok(())
}
