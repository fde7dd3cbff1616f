//! The timer's service: it heals without a new generation, and its end tells the truth.

use anyhow::{Context as _, Result, ensure};
use lab::session::{SOON, plain};
use lab::{Generation, Machine, Output, Release, wait_until};

use crate::host::{Host, PLACE};

const SERVICE: &str = "podman-provenance-audit.service";
const TIMER: &str = "podman-provenance-audit.timer";

/// As `systemctl --user edit --full` leaves it.
fn edited() -> String {
    format!(
        "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n' > {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"
    )
}

/// Starts the service of tim's manager.
fn start(host: &Host) -> Result<Output> {
    host.machine().user("tim", &["systemctl", "--user", "start", SERVICE]).run()
}

/// How the last run ended: the result of the unit and the exit code of the check.
fn end(host: &Host) -> Result<(String, String)> {
    Ok((host.property(SERVICE, "Result")?, host.property(SERVICE, "ExecMainStatus")?))
}

fn ended(result: &str, status: &str) -> (String, String) {
    (result.to_owned(), status.to_owned())
}

/// T05 as the users have it: nothing is switched, and the timer alone brings the link back.
pub(crate) fn heals(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.user(&["sh", "-c", &edited()])?;
    host.reload()?;
    let ran = host.property("web.service", "InvocationID")?;
    start(&host)?.exits(0).with_context(|| host.machine().journal().unwrap_or_default())?;
    ensure!(end(&host)? == ended("success", "0"), "{:?}", end(&host)?);
    host.is_in_order().context("healed by the service")?;
    ensure!(host.sh(&format!("cat {PLACE}/web.service.backup"))?.stdout.contains("/bin/false"));
    ensure!(host.property("web.service", "InvocationID")? == ran, "the unit was restarted");
    let journal = host.machine().journal()?;
    ensure!(journal.contains("link /home/tim/.config/systemd/user/web.service to"), "{journal}");
    // A second run has nothing to say.
    let before = host.snapshot()?;
    start(&host)?.exits(0)?;
    ensure!(host.snapshot()? == before, "a second run changed something");
    // What is for a person to decide fails the service, and what can be healed beside it is healed.
    let stale = "/etc/systemd/user/web.service.d/stale.conf";
    host.sh(&format!(
        "mkdir -p {}; printf '[Service]\\nNice=5\\n' > {stale}",
        "/etc/systemd/user/web.service.d"
    ))?;
    host.sh(&format!("rm {PLACE}/web-api.service"))?;
    start(&host)?.exits(1)?;
    ensure!(end(&host)? == ended("exit-code", "1"), "{:?}", end(&host)?);
    host.sh(&format!("test -L {PLACE}/web-api.service; test -e {stale}"))?;
    ensure!(host.wrong(&[])? == ["fail unit-drop-in PF5"], "{:?}", host.wrong(&[])?);
    host.sh("rm -r /etc/systemd/user/web.service.d")?;
    start(&host)?.exits(0)?;
    ensure!(end(&host)? == ended("success", "0"), "{:?}", end(&host)?);
    // Without a generation the verdict is 78, whatever the repair thinks of it.
    host.sh("rm -r /home/tim/.local/state")?;
    start(&host)?.exits(1)?;
    ensure!(end(&host)? == ended("exit-code", "78"), "{:?}", end(&host)?);
    Ok(())
}

/// The timer has the users' times, and starts the service by itself.
pub(crate) fn timer(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.user(&["systemctl", "--user", "enable", "--quiet", TIMER])?;
    let times = host.property(TIMER, "TimersMonotonic")?;
    for time in ["OnBootUSec=3min ;", "OnUnitActiveUSec=15min ;"] {
        ensure!(times.contains(time), "{time} is not among {times}");
    }
    host.sh(&format!("rm {PLACE}/web.service"))?;
    // The machine is young: its three minutes are cut short, and only that.
    let folder = "/run/user/1000/systemd/user.control";
    host.sh(&format!(
        "mkdir -p {folder}/{TIMER}.d; printf '[Timer]\\nOnActiveSec=1s\\nAccuracySec=100ms\\n' > {folder}/{TIMER}.d/soon.conf"
    ))?;
    host.reload()?;
    host.user(&["systemctl", "--user", "start", TIMER])?;
    wait_until(SOON, || Ok(host.property(SERVICE, "ExecMainStartTimestampMonotonic")? != "0"))
        .context("the timer starts nothing")?;
    wait_until(SOON, || Ok(host.property(SERVICE, "ActiveState")? != "activating"))?;
    ensure!(end(&host)? == ended("success", "0"), "{:?}\n{}", end(&host)?, host.machine().journal()?);
    host.is_in_order().context("healed by the timer")?;
    let listed = host.user(&["systemctl", "--user", "list-timers", "--no-pager", "--no-legend"])?;
    let line = listed.stdout.lines().find(|line| line.contains(TIMER)).context("it is not listed")?;
    // The turn of the boot is still to come: the machine is no three minutes old.
    ensure!(line.contains(" 2min "), "{line}");
    let times = host.property(TIMER, "TimersMonotonic")?;
    ensure!(!times.contains("OnUnitActiveUSec=15min ; next_elapse=0"), "no turn after the last one: {times}");
    Ok(())
}

/// The same of the system manager, whose folder is one of links; and with all its hardening where it is the store's.
pub(crate) fn system(release: Release) -> Result<()> {
    let machine = plain(release, true).boot()?;
    let generation = Generation::new("first").service("web.service", "/bin/echo one");
    generation.switch(&machine)?;
    let start = || machine.root(&["systemctl", "start", SERVICE]).run();
    let ends = |machine: &Machine, result: &str, status: &str| -> Result<()> {
        let end = (machine.property(SERVICE, "Result")?, machine.property(SERVICE, "ExecMainStatus")?);
        ensure!(end == ended(result, status), "{end:?}\n{}", machine.journal()?);
        Ok(())
    };
    start()?;
    ends(&machine, "success", "0").context("a folder of the store")?;
    let sh = |script: &str| machine.root(&["sh", "-euc", script]).ok();
    sh(
        "cp -a /etc/systemd/system/. /run/links; rm /etc/systemd/system; cp -a /run/links /etc/systemd/system; systemctl daemon-reload",
    )?;
    start()?;
    ends(&machine, "success", "0").context("a folder of links")?;
    let unit = "/etc/systemd/system/web.service";
    sh(&format!(
        "cp --remove-destination -L {unit} /run/x; sed -i s/one/three/ /run/x; mv /run/x {unit}; systemctl daemon-reload"
    ))?;
    start()?.exits(0).with_context(|| machine.journal().unwrap_or_default())?;
    ends(&machine, "success", "0").context("drift")?;
    sh(&format!(
        "test -L {unit}; grep -q three {unit}.backup; systemctl show -p ExecStart web.service | grep -q 'echo one'"
    ))?;
    sh(
        "mkdir -p /run/systemd/system/web.service.d; printf '[Service]\\nNice=5\\n' > /run/systemd/system/web.service.d/x.conf; systemctl daemon-reload",
    )?;
    start()?.exits(1)?;
    ends(&machine, "exit-code", "1").context("a foreign drop-in")?;
    sh("rm -r /run/systemd/system/web.service.d; mount --bind /etc /etc; mount -o remount,ro,bind /etc")?;
    start()?;
    ends(&machine, "success", "0").context("/etc is read-only")
}
