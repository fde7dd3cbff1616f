//! What a user can have a manager of the user's own say, and root does not follow.

use anyhow::{Context as _, Result, ensure};
use lab::session::SOON;
use lab::{Release, Report, wait_until};

use crate::host::Host;

/// Tim runs a manager whose own units are in a folder of the system.
pub(crate) fn elsewhere(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    // The directory is taken away after the manager has ended, by a job of its own.
    host.sh("systemctl stop user@1000.service user-runtime-dir@1000.service; mkdir -p /run/user/1000; \
         chown tim: /run/user/1000; chmod 700 /run/user/1000")?;
    let fix = |arguments: &[&str]| {
        let command = [&["fix-unit-provenance", "--json", "--user=tim"], arguments].concat();
        Report::of(host.machine().root(&command).run()?)
    };
    let own = ["systemctl", "--user", "show", "--property", "UnitPath"];
    for folder in ["/etc", "/run"] {
        host.sh(&format!(
            "systemd-run --quiet --unit=own --uid=tim --property=Delegate=yes --setenv=XDG_CONFIG_HOME={folder} \
             --setenv=XDG_RUNTIME_DIR=/run/user/1000 /lib/systemd/systemd --user"
        ))?;
        let says = || -> Result<String> { Ok(host.machine().user("tim", &own).run()?.stdout) };
        let control = format!("{folder}/systemd/user.control");
        wait_until(SOON, || Ok(says()?.contains(&control)))
            .with_context(|| format!("its own units are elsewhere: {}", says().unwrap_or_default()))?;
        let report = fix(&[])?.exits(78)?.without_steps()?.names("PF9")?;
        ensure!(
            report.findings.iter().any(|one| one.text.contains("not below the user's home")),
            "{report:#?}"
        );
        fix(&["--dry-run"])?.exits(78)?.without_steps()?;
        let left = host.sh(&format!("ls -A {folder}/systemd/user 2> /dev/null || true"))?;
        ensure!(!left.stdout.contains("web"), "root was led into {folder}/systemd/user: {left}");
        host.sh("systemctl stop own.service")?;
    }
    Ok(())
}
