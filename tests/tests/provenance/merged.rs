//! PF4, PF5 and PF7: what counts in place of a shipped file, what merges into it, and what the manager has not read.

use anyhow::{Result, ensure};
use lab::{Release, TIM};

use crate::host::{Host, PLACE, second};

const STALE: &str = "fail unit-loaded PF7";

pub(crate) fn shadows(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let other = "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n'";
    for folder in [format!("{PLACE}.control"), "/run/user/1000/systemd/user.control".to_owned()] {
        host.sh(&format!("mkdir -p {folder}; {other} > {folder}/web.service"))?;
        host.finds_with(&folder, &["fail unit-fragment PF4", STALE])?;
        host.reload()?;
        host.finds_with(&folder, &["fail unit-fragment PF4"])?;
        host.restore()?;
    }
    // A generator that runs early.
    let generator = "#!/bin/sh\n{ echo '[Service]'; echo 'ExecStart=/bin/false'; } > \"$2/web.service\"\n";
    let path = "/etc/systemd/user-generators/early";
    host.sh(&format!(
        "mkdir -p /etc/systemd/user-generators; cat > {path} <<'END'\n{generator}END\nchmod +x {path}"
    ))?;
    host.reload()?;
    host.finds_with("a generator", &["fail unit-fragment PF4"])?;
    host.sh("rm /etc/systemd/user-generators/early")?;
    host.restore()?;
    // A transient unit takes the name of one whose link is missing.
    host.user(&["systemctl", "--user", "stop", "web.service"])?;
    host.sh(&format!("rm -r {PLACE}/web.service {PLACE}/web.service.d"))?;
    host.reload()?;
    host.user(&[
        "systemd-run",
        "--user",
        "--quiet",
        "--unit=web.service",
        "--remain-after-exit",
        "/bin/true",
    ])?;
    let found = host.wrong(&["web"])?;
    ensure!(found == ["fail unit-file PF2", "fail unit-fragment PF4"], "{found:?}");
    Ok(())
}

pub(crate) fn drop_ins(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    for folder in ["/etc/systemd/user", "/run/systemd/user", PLACE, "/run/user/1000/systemd/user.control"] {
        for form in ["web-api.service.d", "web-.service.d", "service.d"] {
            let file = format!("{folder}/{form}/50-x.conf");
            host.sh(&format!("mkdir -p {folder}/{form}; printf '[Service]\\nNice=5\\n' > {file}"))?;
            let found = host.wrong(&["web-api"])?;
            ensure!(found == [STALE, "fail unit-drop-in PF5"], "{file}: {found:?}");
            host.reload()?;
            let found = host.wrong(&["web-api"])?;
            ensure!(found == ["fail unit-drop-in PF5"], "{file}, read: {found:?}");
            let concerned = form == "service.d";
            let found = host.wrong(&["web"])?;
            ensure!(found.is_empty() != concerned, "{file} for another unit: {found:?}");
            host.check(&["web-api", "--allow-drop-in", &file])?.exits(0)?;
            host.check(&["web-api", "--allow-drop-in", "??-x.conf", "--strict"])?.exits(0)?;
            host.sh(&format!("rm -r {folder}/{form}"))?;
            host.reload()?;
        }
    }
    // One that hides the shipped one, and a mask of it.
    let hiding = format!("{PLACE}.control/web.service.d");
    host.sh(&format!("mkdir -p {hiding}; printf '[Service]\\nNice=5\\n' > {hiding}/shipped.conf"))?;
    host.reload()?;
    let report = host.check(&["web"])?;
    ensure!(report.clone().explains("PF5", &["hides", "shipped.conf"]).is_ok(), "{report:#?}");
    host.sh(&format!("ln -sfT /dev/null {hiding}/shipped.conf"))?;
    host.reload()?;
    host.check(&["web"])?.explains("PF5", &["hides", "shipped.conf"])?;
    host.restore()?;
    // An instance of a template.
    host.user(&["systemctl", "--user", "set-property", "web.service", "CPUWeight=50"])?;
    host.check(&["web"])?.explains("PF5", &["set-property"])?;
    Ok(())
}

/// Each is a change of which `NeedDaemonReload` says "no".
pub(crate) fn unseen(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    second().build(host.machine())?;
    let other = "printf '[Service]\\nNice=5\\n'";
    let changes = [
        ("retargeted", format!("ln -sfT {} {PLACE}/web.service", second().source("web.service"))),
        (
            "a regular file with the old time",
            format!(
                "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/echo three\\n' > {PLACE}/x; \
                 touch -d @1 {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"
            ),
        ),
        (
            "the first drop-in",
            format!("mkdir {PLACE}/web-api.service.d; {other} > {PLACE}/web-api.service.d/a.conf"),
        ),
        (
            "for the type",
            format!("mkdir -p /etc/systemd/user/service.d; {other} > /etc/systemd/user/service.d/a.conf"),
        ),
        (
            "a stronger directory",
            format!(
                "mkdir -p {PLACE}.control; printf '[Service]\\nExecStart=/bin/false\\n' > {PLACE}.control/web.service"
            ),
        ),
    ];
    for (what, change) in changes {
        host.sh(&change)?;
        for unit in ["web.service", "web-api.service"] {
            let needs = host.property(unit, "NeedDaemonReload")?;
            // Newer releases look for drop-ins anew.
            ensure!(
                needs == "no" || host.session.systemd()? > 252,
                "{what}: NeedDaemonReload of {unit} says {needs}: it is another now"
            );
        }
        let report = host.check(&[])?.exits(1)?;
        ensure!(report.clone().names("PF7").is_ok(), "{what}: {report:#?}");
        host.check(&["--all"])?.names("PF7")?;
        host.restore()?;
    }
    // A setting that is no command: the time alone tells.
    let text = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo one\nNice=7\n";
    let third = lab::Generation::new("third").file("web.service", text);
    third.build(host.machine())?;
    host.sh(&format!("ln -sfT {} {PLACE}/web.service", third.source("web.service")))?;
    host.check(&["web"])?.explains("PF7", &["changed since the manager read"])?;
    Ok(())
}

pub(crate) fn activated(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    second().activate(host.machine(), TIM)?;
    let found = host.wrong(&["web"])?;
    ensure!(found == [STALE], "activated and not read: {found:?}");
    // The link of the other unit is a new one, to the same command.
    let found = host.wrong(&[])?;
    ensure!(found == [STALE, "warn unit-loaded PF7"], "activated and not read: {found:?}");
    host.check(&["web"])?.explains("PF7", &["/bin/echo one", "/bin/echo two", "--reload"])?;
    // A restart runs the old command and succeeds.
    host.user(&["systemctl", "--user", "restart", "web.service"])?;
    let found = host.wrong(&["web"])?;
    ensure!(found == [STALE], "restarted: {found:?}");
    host.reload()?;
    host.is_in_order()
}
