//! PF1 to PF3, PF6 and PF9: what lies in the place of the links.

use anyhow::{Result, ensure};
use lab::{Release, TIM};

use crate::host::{Host, PLACE, first, second};

const STALE: &str = "fail unit-loaded PF7";

pub(crate) fn regular(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    // Identical, with the time of the store: nothing that runs would change.
    host.sh(&format!(
        "cp --remove-destination -pL {PLACE}/web.service {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"
    ))?;
    host.finds_with("a copy", &["fail unit-file PF1", "warn unit-loaded PF7"])?;
    host.reload()?;
    host.finds_with("a copy that was read", &["fail unit-file PF1"])?;
    host.restore()?;
    // As `systemctl edit --full` and an editor leave it.
    let editor = format!(
        "printf '[Service]\\nExecStart=/bin/false\\n' > {PLACE}/x && mv {PLACE}/x {PLACE}/web.service"
    );
    host.user(&["sh", "-c", &editor])?;
    host.finds_with("another file", &["fail unit-file PF1", STALE])?;
    host.reload()?;
    host.finds_with("another file that was read", &["fail unit-file PF1"])?;
    host.restore()?;
    host.sh(&format!("rm {PLACE}/web.service; mkdir {PLACE}/web.service"))?;
    let found = host.wrong(&["web"])?;
    ensure!(found.first().is_some_and(|one| one == "fail unit-file PF1"), "a folder: {found:?}");
    host.restore()?;
    host.sh(&format!("rm {PLACE}/web.service; mkfifo {PLACE}/web.service"))?;
    let found = host.wrong(&["web"])?;
    ensure!(found.first().is_some_and(|one| one == "fail unit-file PF1"), "a pipe: {found:?}");
    host.restore()?;
    // A drop-in of the generation, too.
    host.sh(&format!(
        "cd {PLACE}/web.service.d; cp -pL --remove-destination shipped.conf x; mv x shipped.conf"
    ))?;
    host.reload()?;
    host.finds_with("a copied drop-in", &["fail unit-file PF1"])
}

pub(crate) fn missing(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.sh(&format!("rm {PLACE}/web.service"))?;
    host.finds_with("before the reload", &["fail unit-file PF2", STALE])?;
    host.reload()?;
    host.finds_with("after it", &["fail unit-file PF2", "fail unit-loaded PF10"])?;
    host.restore()?;
    host.sh(&format!("rm {PLACE}/web.service.d/shipped.conf"))?;
    host.finds_with("a drop-in", &["fail unit-file PF2", STALE])?;
    host.restore()?;
    host.sh(&format!("rm {PLACE}/default.target.wants/web.service"))?;
    host.reload()?;
    host.finds_with("the link that pulls it in", &["fail unit-file PF2"])?;
    host.restore()?;
    // To systemd it is a linked unit, of which "disable" removes the link to its file as well.
    host.user(&["systemctl", "--user", "disable", "--quiet", "web.service"])?;
    host.finds_with("disabled", &["fail unit-file PF2", "fail unit-loaded PF10"])
}

pub(crate) fn links(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    second().build(host.machine())?;
    let link = |target: &str| host.sh(&format!("ln -sfT {target} {PLACE}/web.service")).map(drop);
    link(&second().source("web.service"))?;
    host.finds_with("another generation", &["fail unit-file PF3", STALE])?;
    host.reload()?;
    host.finds_with("another generation that was read", &["fail unit-file PF3"])?;
    host.restore()?;
    // The same file by way of another generation, which can be collected.
    host.sh(&format!("ln -sfT {} {PLACE}/web-api.service", second().source("web-api.service")))?;
    host.reload()?;
    let found = host.wrong(&[])?;
    ensure!(found == ["warn unit-file PF3"], "the same by another generation: {found:?}");
    host.restore()?;
    link("/nix/store/00000000000000000000000000000000-home-manager-files/.config/systemd/user/web.service")?;
    host.reload()?;
    host.finds_with("dangling", &["fail unit-file PF3", "fail unit-loaded PF10"])?;
    host.restore()?;
    host.sh("printf '[Service]\\nExecStart=/bin/false\\n' > /home/tim/own.service")?;
    link("/home/tim/own.service")?;
    host.reload()?;
    host.finds_with("out of the store", &["fail unit-file PF3"])?;
    host.restore()?;
    link("web.service")?;
    host.reload()?;
    let found = host.wrong(&["web"])?;
    ensure!(found.first().is_some_and(|one| one == "fail unit-file PF3"), "a loop: {found:?}");
    Ok(())
}

pub(crate) fn masks(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.user(&["systemctl", "--user", "stop", "web.service"])?;
    host.sh(&format!("ln -sfT /dev/null {PLACE}/web.service"))?;
    host.reload()?;
    let found = host.wrong(&["web"])?;
    // Systemd 252 asks for a reload of a masked unit with drop-ins for ever.
    let expected: &[&str] = match host.property("web.service", "NeedDaemonReload")?.as_str() {
        "yes" => &["fail unit-file PF6", "warn unit-loaded PF8"],
        _ => &["fail unit-file PF6"],
    };
    ensure!(found == expected, "{found:?}");
    host.reload()?;
    ensure!(host.wrong(&["web"])? == expected, "it is another after a second reload");
    ensure!((host.session.systemd()? == 252) == (expected.len() == 2), "NeedDaemonReload is another now");
    host.restore()?;
    host.user(&["systemctl", "--user", "stop", "web.service"])?;
    host.sh(&format!("mkdir -p {PLACE}.control; ln -s /dev/null {PLACE}.control/web.service"))?;
    host.reload()?;
    let found = host.wrong(&["web"])?;
    ensure!(found.first().is_some_and(|one| one == "fail unit-fragment PF6"), "{found:?}");
    host.restore()?;
    // An empty file is a mask as well.
    host.sh(&format!("rm {PLACE}/web.service; : > {PLACE}/web.service"))?;
    host.reload()?;
    let found = host.wrong(&["web"])?;
    ensure!(found.first().is_some_and(|one| one == "fail unit-file PF6"), "{found:?}");
    Ok(())
}

pub(crate) fn folders(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    host.sh(
        "mv /home/tim/.config/systemd /home/tim/elsewhere; ln -s ../elsewhere /home/tim/.config/systemd",
    )?;
    host.reload()?;
    let found = host.wrong(&[])?;
    ensure!(found == ["warn unit-folder PF9"], "a link: {found:?}");
    host.check(&["--strict"])?.exits(1)?;
    host.sh("rm /home/tim/.config/systemd; mv /home/tim/elsewhere /home/tim/.config/systemd")?;
    host.reload()?;
    host.sh(&format!("chown root: {PLACE}"))?;
    host.reload()?;
    let found = host.wrong(&[])?;
    ensure!(found == ["warn unit-folder PF9"], "root's: {found:?}");
    host.sh(&format!("chown tim: {PLACE}; mount --bind {PLACE} {PLACE}; mount -o remount,ro,bind {PLACE}"))?;
    host.reload()?;
    let found = host.wrong(&[])?;
    ensure!(found == ["warn unit-folder PF9"], "read-only: {found:?}");
    host.sh(&format!("umount {PLACE}"))?;
    // What cannot be read is told, and the rest is judged.
    host.sh(
        "mkdir -p -m 700 /etc/systemd/user/x; chmod 700 /etc/systemd/user; chown root: /etc/systemd/user",
    )?;
    host.reload()?;
    let found = host.wrong(&[])?;
    ensure!(found == ["warn unit-folder PF9"], "unreadable: {found:?}");
    Ok(())
}

pub(crate) fn pointers(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    second().build(host.machine())?;
    let state = "/home/tim/.local/state";
    let pf11 = ["fail generation PF11"];
    host.sh(&format!("ln -sfT {} {state}/nix/profiles/home-manager-1-link", second().home()))?;
    let report = host.check(&["web"])?.exits(78)?;
    ensure!(report.findings.iter().any(|one| one.text.contains(&second().home())), "{report:#?}");
    host.finds_with("they disagree", &pf11)?;
    host.sh(&format!("rm -r {state}"))?;
    ensure!(host.wrong(&[])? == pf11, "there is none");
    host.check(&[])?.exits(78)?;
    first().activate(host.machine(), TIM)?;
    // Each link is made anew, to what it was.
    host.finds_with("activated again", &["warn unit-loaded PF7"])?;
    host.reload()?;
    host.is_in_order()?;
    // The service of the NixOS module alone.
    host.sh(&format!("rm -r {state}"))?;
    let start = format!("/nix/store/00000000000000000000000000000000-hm-setup-env {}", first().home());
    host.sh(&format!(
        "printf '[Service]\\nExecStart={start}\\n' > /etc/systemd/system/home-manager-tim.service"
    ))?;
    host.finds_with("the service of the NixOS module", &[])?;
    // The same with its `startAsUserService`.
    let profile = "/etc/profiles/per-user/tim/share/systemd/user/home-manager.service.d";
    host.sh(&format!(
        "rm /etc/systemd/system/home-manager-tim.service; mkdir -p {profile}
         printf '[Service]\\nExecStart={}/activate\\n' > {profile}/10-user-activation.conf",
        first().home()
    ))?;
    host.finds_with("the user service of the NixOS module", &[])?;
    // The generation is collected.
    host.sh(&format!("rm -r {}", first().home()))?;
    ensure!(host.wrong(&[])? == pf11, "it was collected");
    Ok(())
}
