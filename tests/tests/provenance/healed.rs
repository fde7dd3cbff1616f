//! What `fix-unit-provenance` repairs, what it leaves, and that it can be killed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lab::{Output, Release, Report};

use crate::host::{Host, PLACE, second};

/// So many runs are killed, each a little later.
const ROUNDS: u32 = 12;

/// What timeout(1) exits with when it had to send SIGKILL.
const KILLED: i32 = 137;

pub(crate) fn heals(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    second().build(host.machine())?;
    let unit = format!("{PLACE}/web.service");
    let text = "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n'";
    let drifts = [
        ("PF1, another file", format!("{text} > {PLACE}/x; mv {PLACE}/x {unit}")),
        ("PF1, a copy", format!("cp --remove-destination -pL {unit} {PLACE}/x; mv {PLACE}/x {unit}")),
        (
            "PF2",
            format!(
                "rm {unit} {PLACE}/default.target.wants/web-api.service {PLACE}/web.service.d/shipped.conf"
            ),
        ),
        ("PF2, the whole folder", format!("rm -r {PLACE}")),
        ("PF3, another generation", format!("ln -sfT {} {unit}", second().source("web.service"))),
        ("PF3, dangling", format!("ln -sfT /nix/store/gone {unit}")),
        ("PF3, a loop", format!("ln -sfT web.service {unit}")),
    ];
    for reads in [false, true] {
        for (what, drift) in &drifts {
            host.sh(drift)?;
            if reads {
                host.reload()?;
            }
            host.mends(&format!("{what}, {}", if reads { "read" } else { "not read" }))?;
            if *what == "PF1, another file" {
                let kept = host.sh(&format!("cat {PLACE}/web.service.backup"))?;
                ensure!(kept.stdout.contains("ExecStart=/bin/false"), "{kept}");
            }
        }
    }
    Ok(())
}

pub(crate) fn leaves(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let other = "printf '[Service]\\nExecStart=/bin/false\\n'";
    for (what, change, undo, code, shape) in [
        ("a mask", format!("ln -sfT /dev/null {PLACE}/web.service"), String::new(), 1, "PF6"),
        ("a folder", format!("rm {PLACE}/web.service; mkdir {PLACE}/web.service"), String::new(), 1, "PF1"),
        ("a pipe", format!("rm {PLACE}/web.service; mkfifo {PLACE}/web.service"), String::new(), 1, "PF1"),
        (
            "a stronger file",
            format!("mkdir -p {PLACE}.control; {other} > {PLACE}.control/web.service"),
            String::new(),
            1,
            "PF4",
        ),
        (
            "a linked parent",
            format!(
                "rm {PLACE}/web.service; cd /home/tim; mv .config/systemd away; ln -s ../away .config/systemd"
            ),
            "cd /home/tim; rm .config/systemd; mv away .config/systemd".to_owned(),
            1,
            "PF9",
        ),
        (
            "a folder of root",
            format!("rm {PLACE}/web.service; chown root: {PLACE}"),
            format!("chown tim: {PLACE}"),
            1,
            "PF9",
        ),
        (
            "a lost generation",
            format!(
                "rm {PLACE}/web.service; ln -sfT /nix/store/gone /home/tim/.local/state/nix/profiles/home-manager-1-link"
            ),
            String::new(),
            78,
            "PF11",
        ),
    ] {
        host.sh(&change)?;
        host.reload()?;
        host.leaves(&[], code, shape).with_context(|| what.to_owned())?;
        host.sh(&format!("true; {undo}"))?;
        host.restore()?;
    }
    // A unit of tim's own.
    host.user(&["sh", "-c", &format!("{other} > {PLACE}/own.service")])?;
    host.reload()?;
    let before = host.snapshot()?;
    host.fix(&["own"])?.exits(1)?.without_steps()?;
    host.fix(&[])?.exits(0)?.without_steps()?;
    ensure!(host.snapshot()? == before, "the own unit was touched");
    Ok(())
}

pub(crate) fn by_root(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let fix = |arguments: &[&str]| {
        let command = [&["fix-unit-provenance", "--json", "--user=tim"], arguments].concat();
        Report::of(host.machine().root(&command).run()?)
    };
    host.sh(&format!("rm -r {PLACE}"))?;
    let report = fix(&[])?.exits(0)?.with_steps()?;
    let reloads = report.steps.iter().filter(|step| step.kind == "reload").count();
    ensure!(reloads == 1, "{report:#?}");
    let owners = host.sh("find /home/tim/.config ! -user tim")?;
    ensure!(owners.stdout.is_empty(), "not tim's: {owners}");
    host.is_in_order()?;
    fix(&[])?.exits(0)?.without_steps()?;
    // A stale drop-in of /etc is root's to remove, and only by its name.
    let stale = "/etc/systemd/user/web.service.d/stale.conf";
    host.sh(&format!(
        "mkdir -p {}; printf '[Service]\\nNice=5\\n' > {stale}",
        "/etc/systemd/user/web.service.d"
    ))?;
    fix(&["--reload"])?.exits(1)?.names("PF5")?;
    host.fix(&["--remove-foreign", stale])?.exits(77)?;
    fix(&["--remove-foreign", stale])?.exits(0)?.with_steps()?;
    host.sh(&format!("test ! -e {stale}; test -e {stale}.backup"))?;
    host.is_in_order()?;
    // Without a manager the links are put back all the same.
    host.sh("systemctl stop user@1000.service")?;
    host.sh(&format!("rm {PLACE}/web.service"))?;
    fix(&[])?.exits(0)?.with_steps()?;
    host.sh(&format!("test -L {PLACE}/web.service; systemctl start user@1000.service"))?;
    host.session.works()?;
    host.is_in_order()
}

/// A reload takes as long as the generators that run in it.
pub(crate) fn slow(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let takes = |seconds: u32| {
        let slow = "/etc/systemd/user-generators/slow";
        host.sh(&format!(
            "mkdir -p $(dirname {slow}); printf '#!/bin/sh\\nsleep {seconds}\\n' > {slow}; chmod 755 {slow}"
        ))
    };
    takes(4)?;
    host.sh(&format!("rm {PLACE}/web.service"))?;
    let report = host.fix(&["--timeout", "1"])?.exits(4)?.with_steps()?;
    ensure!(report.findings.iter().any(|one| one.id == "unit-manager"), "{report:#?}");
    host.sh(&format!("test -L {PLACE}/web.service"))?;
    // What was begun ends.
    host.reload()?;
    host.is_in_order()?;
    takes(17)?;
    host.sh(&format!("rm {PLACE}/web.service"))?;
    let report = host.fix(&[])?.exits(0)?.with_steps()?;
    ensure!(report.steps.iter().any(|step| step.kind == "reload"), "{report:#?}");
    host.is_in_order()
}

/// Killed at moments spread over a whole run; a watcher looks whether the unit is ever missing.
pub(crate) fn killed(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.sh(&format!(
        "systemd-run --quiet --unit=watch sh -c 'while :; do test -L {PLACE}/web.service || test -f {PLACE}/web.service || touch /run/missing; done'"
    ))?;
    let edited = format!(
        "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n' > {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"
    );
    let fix = |after: &str| -> Result<(Output, Duration)> {
        host.user(&["sh", "-c", &edited])?;
        let command = ["timeout", "--signal=KILL", after, "fix-unit-provenance"];
        let started = Instant::now();
        let output = host.machine().user("tim", &command).deadline(Duration::from_secs(40)).run()?;
        Ok((output, started.elapsed()))
    };
    // How long a whole run takes here, the way into the machine included, which is not killed.
    let mut whole = Duration::MAX;
    for _ in 0..3 {
        let (output, took) = fix("30")?;
        ensure!(output.code == 0, "{output}");
        whole = whole.min(took);
    }
    let mut killed = 0;
    for step in 1..=ROUNDS {
        let after = format!("{:.3}", (whole * step / (ROUNDS + 1)).as_secs_f64());
        let (output, _) = fix(&after)?;
        killed += u32::from(output.code == KILLED);
        host.fix(&[])?.exits(0).with_context(|| format!("after a kill at {after} s"))?;
        host.is_in_order()?;
    }
    ensure!(killed >= ROUNDS / 3, "{killed} of {ROUNDS} runs were killed; a whole one takes {whole:?}");
    host.sh("systemctl stop watch.service; test ! -e /run/missing")?;
    let left = host.sh(&format!("ls -A {PLACE} | grep '^\\.' || true"))?;
    ensure!(left.stdout.is_empty(), "left behind: {left}");
    Ok(())
}
