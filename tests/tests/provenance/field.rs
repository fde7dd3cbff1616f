//! The tests of the field by their names there, and real material.

use anyhow::{Context as _, Result, ensure};
use lab::crowd::Crowd;
use lab::session::plain;
use lab::{Generation, Machine, Release, Report};

use crate::host::{Host, PLACE, told};

/// A regular file in place of the link survives a switch that changes nothing.
pub(crate) fn t05(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.user(&[
        "sh",
        "-c",
        &format!(
            "cp --remove-destination -L {PLACE}/web.service {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"
        ),
    ])?;
    host.reload()?;
    host.check(&["web.service"])?.exits(1)?.explains("PF1", &["regular file", "Home Manager"])?;
    host.check(&["--owner", "home-manager"])?.exits(1)?.names("PF1")?;
    host.check(&["--offline", "web.service"])?.exits(1)?.names("PF1")?;
    // The generation is the same as before, and nothing is activated.
    host.mends("T05")
}

/// A stale drop-in in /etc, which may be read-only.
pub(crate) fn t06(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.sh("mkdir -p /etc/systemd/user/web.service.d; printf '[Service]\\nNice=5\\n' > /etc/systemd/user/web.service.d/stale.conf")?;
    host.reload()?;
    host.finds(&["fail unit-drop-in PF5"])?;
    host.sh("mount --bind /etc /etc; mount -o remount,ro,bind /etc")?;
    ensure!(host.machine().root(&["touch", "/etc/systemd/user/x"]).run()?.code != 0, "/etc can be written");
    host.finds_with("/etc is read-only", &["fail unit-drop-in PF5"])?;
    let report = host.check(&["web", "--offline"])?.exits(1)?;
    report.explains("PF5", &["/etc/systemd/user/web.service.d/stale.conf"])?;
    host.leaves(&["web"], 1, "PF5")
}

/// A change that NeedDaemonReload sees.
pub(crate) fn t07(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.sh(&format!("sleep 0.1; printf '[Service]\\nNice=5\\n' > {PLACE}/web.service.d/second.conf"))?;
    ensure!(host.property("web.service", "NeedDaemonReload")? == "yes", "NeedDaemonReload is another now");
    host.check(&["web"])?.exits(1)?.names("PF7")?;
    host.reload()?;
    ensure!(host.property("web.service", "NeedDaemonReload")? == "no", "NeedDaemonReload stays");
    let found = host.wrong(&["web"])?;
    ensure!(found == ["fail unit-drop-in PF5"], "{found:?}");
    // The same, cleared by the repair: one reload, and a second run has nothing to do.
    host.sh(&format!("rm {PLACE}/web.service.d/second.conf; touch {PLACE}/web.service.d"))?;
    let report = host.fix(&[])?.exits(0)?.with_steps()?;
    ensure!(report.steps.iter().all(|step| step.kind == "reload") && report.steps.len() == 1, "{report:#?}");
    ensure!(host.property("web.service", "NeedDaemonReload")? == "no", "NeedDaemonReload stays");
    host.fix(&[])?.exits(0)?.without_steps()?;
    host.is_in_order()
}

fn system(machine: &Machine, arguments: &[&str]) -> Result<Report> {
    Report::of(machine.root(&[&["check-unit-provenance", "--system", "--json"], arguments].concat()).run()?)
}

/// The units of the release's own packages, hundreds of them, as a system of NixOS ships its.
pub(crate) fn real_units(release: Release) -> Result<()> {
    let machine = plain(release, true).linger("tim").boot()?;
    let without = system(&machine, &["--all"])?.exits(78)?;
    ensure!(told(&without) == ["fail generation PF11"], "without a generation: {without:#?}");
    Generation::new("debian").file("own.service", "[Service]\nExecStart=/bin/true\n").switch(&machine)?;
    for arguments in [&[][..], &["--all"], &["--all", "--strict"], &["own.service"]] {
        let report = system(&machine, arguments)?;
        ensure!(told(&report).is_empty() && report.exit == 0, "{arguments:?}: {report:#?}");
    }
    // All of them named, so that every one is asked for and every command compared.
    let list = "find /usr/lib/systemd/system -maxdepth 1 -type f ! -name '*@.*' -printf '%f\\n' | \
                sed -n '/\\.\\(service\\|socket\\|timer\\|target\\|path\\|mount\\)$/p'";
    let names = machine.root(&["sh", "-c", list]).ok()?.stdout;
    let names: Vec<&str> = names.lines().collect();
    ensure!(names.len() > 100, "there are only {} units", names.len());
    let report = system(&machine, &names)?;
    let stale: Vec<_> = report.findings.iter().filter(|one| one.id == "unit-loaded").collect();
    ensure!(stale.is_empty(), "false alarms: {stale:#?}");
    Ok(())
}

/// The same shapes on the system manager, whose folder is a link into the store, and then a folder of links.
pub(crate) fn system_units(release: Release) -> Result<()> {
    let machine = plain(release, true).boot()?;
    let first = Generation::new("first").service("web.service", "/bin/echo one");
    let second = Generation::new("second").service("web.service", "/bin/echo two");
    first.switch(&machine)?;
    machine.root(&["systemctl", "start", "web.service"]).ok()?;
    system(&machine, &["web", "--strict"])?.exits(0)?;
    // A drop-in that only root may read is not one that the disk lacks.
    let sh = |script: &str| machine.root(&["sh", "-euc", script]).ok();
    let secret = "/run/systemd/system/web.service.d";
    sh(&format!(
        "mkdir -p {secret}; printf '[Service]\\nNice=5\\n' > {secret}/x.conf; chmod 700 {secret}; systemctl daemon-reload"
    ))?;
    let by_tim = machine.user("tim", &["check-unit-provenance", "--system", "--json", "web"]).run()?;
    let found = told(&Report::of(by_tim)?);
    ensure!(found == ["warn unit-folder PF9"], "by tim: {found:?}");
    sh(&format!("rm -r {secret}; systemctl daemon-reload"))?;
    let finds = |expected: &[&str]| {
        let report = system(&machine, &["web"])?;
        ensure!(told(&report) == expected, "expecting {expected:?}: {report:#?}");
        Ok(())
    };
    // The system moved on, and /etc did not: an activation that stopped half way.
    sh("cp -a /run/current-system /run/before; cp -a /etc/static /run/static")?;
    second.switch(&machine)?;
    system(&machine, &["web", "--strict"])?.exits(0)?;
    sh("cp -a --remove-destination -T /run/static /etc/static; systemctl daemon-reload")?;
    finds(&["warn unit-file PF3", "fail unit-file PF3"]).context("/etc/static is of another system")?;
    sh("cp -a --remove-destination -T /run/before /run/current-system")?;
    finds(&[]).context("the first system again")?;
    // A mutable /etc: the folder is one of links.
    sh(
        "cp -rL --remove-destination /etc/systemd/system /run/copy; cp -a /etc/systemd/system/. /run/links; rm /etc/systemd/system; \
        cp -a /run/links /etc/systemd/system; systemctl daemon-reload",
    )?;
    finds(&[]).context("a folder of links")?;
    sh(
        "cp --remove-destination /run/copy/web.service /etc/systemd/system/web.service; systemctl daemon-reload",
    )?;
    finds(&["fail unit-file PF1"])?;
    sh("rm /etc/systemd/system/web.service; systemctl daemon-reload")?;
    finds(&["fail unit-file PF2", "fail unit-loaded PF10"])?;
    Ok(())
}

/// 5,000 units and 2,000 drop-ins cost three calls of systemctl.
pub(crate) fn many(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    Crowd { units: 5000, drop_ins: 2000 }.activate(host.machine())?;
    host.sh("cp /usr/bin/systemctl /usr/bin/systemctl.real; \
             printf '#!/bin/sh\\necho \"$*\" | cut -c1-60 >> /tmp/calls\\nexec /usr/bin/systemctl.real \"$@\"\\n' > /usr/bin/systemctl; \
             touch /tmp/calls; chmod 666 /tmp/calls")?;
    let started = std::time::Instant::now();
    let report = host.check(&[])?;
    let took = started.elapsed();
    ensure!(told(&report).is_empty(), "{:#?}", report.findings.iter().take(5).collect::<Vec<_>>());
    let calls = host.sh("cat /tmp/calls")?.stdout;
    ensure!(calls.lines().count() <= 3, "{calls}");
    // No measurement: the machine is shared. One `systemctl show` a unit takes longer than this.
    ensure!(took < std::time::Duration::from_secs(30), "it took {took:?}");
    Ok(())
}
