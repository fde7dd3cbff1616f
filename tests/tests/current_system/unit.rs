//! As a unit: the hardening does not keep it from its work.

use super::*;

const UNIT: &str = "fix-current-system.service";

pub(crate) fn works(release: Release) -> Result<()> {
    let machine = host(release).enable(UNIT).boot()?;
    let says = |name: &str| machine.property(UNIT, name);
    ensure!(says("Result")? == "success" && says("ExecMainStatus")? == "0", "{}", machine.journal()?);
    is_good(&machine)?;
    sh(&machine, &format!("ln -sfn /nix/store/gone {LINK}; rm {ROOT}; systemctl start {UNIT}"))?;
    is_good(&machine)?;
    let journal = [
        "journalctl",
        "--no-pager",
        "--quiet",
        "--output=json",
        "--output-fields=PRIORITY,MESSAGE",
        "-u",
        UNIT,
    ];
    let journal = machine.root(&journal).ok()?;
    let notices = journal
        .stdout
        .lines()
        .filter(|line| line.contains("\"link /") && line.contains("\"PRIORITY\":\"5\""));
    ensure!(notices.count() == 4, "{journal}");
    // Without a profile there is nothing to do.
    sh(&machine, &format!("rm {PROFILE}; systemctl start {UNIT}"))?;
    ensure!(says("ConditionResult")? == "no");
    Ok(())
}
