//! `--restart`: what runs an old version is run anew, and judged.

use anyhow::{Context as _, Result, ensure};
use lab::{Generation, Release, Report, TIM};

use crate::host::{Host, PLACE};

/// The unit as `systemctl --user edit --full` leaves it, read by the manager and running. That the unit is reset spares it
/// the limit of starts.
fn runs_another(host: &Host) -> Result<String> {
    host.user(&[
        "sh",
        "-ec",
        &format!(
            "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/echo edited\\n' > {PLACE}/x
             mv {PLACE}/x {PLACE}/web.service; systemctl --user daemon-reload
             systemctl --user reset-failed web.service; systemctl --user restart web.service"
        ),
    ])?;
    host.property("web.service", "InvocationID")
}

fn kinds(report: &Report) -> Vec<&str> {
    report.steps.iter().map(|step| step.kind.as_str()).collect()
}

const ALL: [&str; 3] = ["restore-link", "reload", "restart-units"];

pub(crate) fn works(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    // A failure of somebody else must outlive everything here.
    host.user(&["sh", "-c", "systemd-run --user --quiet --unit=other /bin/false; sleep 0.2"])?;
    let others = || -> Result<()> {
        let state = host.property("other.service", "ActiveState")?;
        ensure!(state == "failed", "an unrelated failure is now {state}");
        Ok(())
    };
    others()?;
    let (ran, api) = (runs_another(&host)?, host.property("web-api.service", "InvocationID")?);
    let dry = host.fix(&["--restart", "--dry-run"])?.exits(0)?;
    ensure!(kinds(&dry) == ALL && dry.steps.iter().all(|step| step.state == "would"), "{dry:#?}");
    ensure!(host.property("web.service", "InvocationID")? == ran, "a dry run restarted it");
    let report = host.fix(&["--restart"])?.exits(0)?;
    ensure!(kinds(&report) == ALL, "{report:#?}");
    let verdict: Vec<_> = report.findings.iter().filter(|one| one.id == "verdict").collect();
    ensure!(verdict.len() == 1 && verdict.iter().all(|one| one.status == "ok"), "{report:#?}");
    ensure!(host.property("web.service", "InvocationID")? != ran, "it was not restarted");
    ensure!(host.property("web-api.service", "InvocationID")? == api, "what was in order was restarted");
    ensure!(host.machine().journal()?.contains("one"), "the shipped command did not run");
    others()?;
    host.is_in_order()?;
    let before = host.property("web.service", "InvocationID")?;
    host.fix(&["--restart"])?.exits(0)?.without_steps()?;
    ensure!(host.property("web.service", "InvocationID")? == before, "a second run restarted it");
    // The same by root.
    let ran = runs_another(&host)?;
    let command = ["fix-unit-provenance", "--json", "--user=tim", "--restart", "--timeout", "20", "web"];
    let report = Report::of(host.machine().root(&command).run()?)?.exits(0)?;
    ensure!(kinds(&report) == ALL, "{report:#?}");
    ensure!(host.property("web.service", "InvocationID")? != ran, "root did not restart it");
    // What is down stays down.
    runs_another(&host)?;
    host.user(&["systemctl", "--user", "stop", "web.service"])?;
    let report = host.fix(&["--restart"])?.exits(0)?;
    ensure!(kinds(&report) == ["restore-link", "reload"], "{report:#?}");
    others()
}

/// The links are back all the same, and the exit code is that of the verdict.
pub(crate) fn fails(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let text = |end: &str| {
        format!(
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'test ! -e /tmp/bad'\n{end}"
        )
    };
    let plain = text("");
    let resets = text("ExecStopPost=systemctl --user reset-failed\n");
    for (tag, text, code, shape) in [("fails", plain, 1, None), ("resets", resets, 3, Some("SF1"))] {
        host.sh("rm -f /tmp/bad")?;
        let generation = Generation::new(tag)
            .file("web.service", &text)
            .file("default.target.wants/web.service", &text)
            .file("web.service.d/shipped.conf", "[Service]\nEnvironment=FROM=first\n");
        generation.activate(host.machine(), TIM)?;
        host.sh(&format!("rm -f {PLACE}/web-api.service {PLACE}/default.target.wants/web-api.service"))?;
        runs_another(&host)?;
        host.sh("touch /tmp/bad")?;
        let report = host.fix(&["--restart"])?.exits(code).with_context(|| tag.to_owned())?;
        ensure!(kinds(&report) == ALL, "{tag}: {report:#?}");
        if let Some(shape) = shape {
            report.clone().names(shape)?;
        }
        ensure!(report.findings.iter().any(|one| one.id == "verdict" && one.status == "fail"), "{report:#?}");
        host.check(&["web"])?.exits(0)?;
    }
    Ok(())
}

/// A unit of which something is left to a person goes on.
pub(crate) fn spares(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let drop_in = "/etc/systemd/user/web.service.d";
    host.sh(&format!("mkdir -p {drop_in}; printf '[Service]\\nNice=5\\n' > {drop_in}/stale.conf"))?;
    let ran = runs_another(&host)?;
    let report = host.fix(&["--restart"])?.exits(1)?.names("PF5")?;
    ensure!(kinds(&report) == ["restore-link", "reload"], "{report:#?}");
    ensure!(
        report.findings.iter().any(|one| one.id == "unit-running" && one.status == "warn"),
        "{report:#?}"
    );
    ensure!(host.property("web.service", "InvocationID")? == ran, "it was restarted");
    // With the drop-in goes the reason.
    let command = ["fix-unit-provenance", "--json", "--user=tim", "--restart", "--remove-foreign"];
    let stale = format!("{drop_in}/stale.conf");
    let report = Report::of(host.machine().root(&[&command[..], &[&stale]].concat()).run()?)?.exits(0)?;
    ensure!(kinds(&report) == ["remove-drop-in", "reload", "restart-units"], "{report:#?}");
    ensure!(host.property("web.service", "InvocationID")? != ran, "it was not restarted");
    Ok(())
}
