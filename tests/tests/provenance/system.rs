//! Every shape on the system manager, whose folder is one of links, as a mutable `/etc` has it.

use anyhow::{Context as _, Result, ensure};
use lab::session::plain;
use lab::{Generation, Machine, Output, Release, Report};

use crate::host::told;

const PLACE: &str = "/etc/systemd/system";
const STALE: &str = "fail unit-loaded PF7";
const OTHER: &str = "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n'";

/// A machine whose current system ships `web.service`, with a drop-in, and `web-api.service`.
#[derive(Debug)]
pub(crate) struct Host {
    machine: Machine,
}

fn first() -> Generation {
    Generation::new("first")
        .service("web.service", "/bin/echo one")
        .file("web.service.d/shipped.conf", "[Service]\nEnvironment=FROM=first\n")
        .service("web-api.service", "/bin/echo api")
}

impl Host {
    fn boot(release: Release) -> Result<Self> {
        let host = Self { machine: plain(release, true).boot()? };
        let second = Generation::new("second").service("web.service", "/bin/echo two");
        second.switch(&host.machine)?;
        host.sh("readlink -f /etc/static >/run/second")?;
        first().switch(&host.machine)?;
        host.sh(&format!(
            "cp -rs $(readlink -f {PLACE}) /run/links; rm {PLACE}; cp -a /run/links {PLACE}; systemctl daemon-reload
             systemctl start web.service web-api.service"
        ))?;
        host.finds("at first", &[])?;
        Ok(host)
    }

    fn sh(&self, script: &str) -> Result<Output> {
        self.machine.root(&["sh", "-euc", script]).ok()
    }

    fn reload(&self) -> Result<()> {
        self.sh("systemctl daemon-reload").map(drop)
    }

    fn check(&self, arguments: &[&str]) -> Result<Report> {
        let command = [&["check-unit-provenance", "--system", "--json"], arguments].concat();
        Report::of(self.machine.root(&command).run()?)
    }

    fn fix(&self, arguments: &[&str]) -> Result<Report> {
        let command = [&["fix-unit-provenance", "--system", "--json"], arguments].concat();
        Report::of(self.machine.root(&command).run()?)
    }

    /// Fails unless the check finds just this, by name and as a whole, and changes nothing by looking.
    fn finds(&self, what: &str, expected: &[&str]) -> Result<()> {
        let before = self.snapshot()?;
        for arguments in [&["web.service"][..], &[]] {
            let report = self.check(arguments)?;
            let told = told(&report);
            ensure!(
                told == expected,
                "{what}: {arguments:?} finds {told:?} and not {expected:?}: {report:#?}"
            );
        }
        ensure!(self.snapshot()? == before, "{what}: the check changed something");
        Ok(())
    }

    /// Fails unless the repair says no, names the shape, and leaves every byte.
    fn leaves(&self, what: &str, code: i32, shape: &str) -> Result<()> {
        let before = self.snapshot()?;
        let report = self.fix(&[])?.exits(code).and_then(|report| report.without_steps()?.names(shape));
        report.with_context(|| what.to_owned())?;
        ensure!(self.snapshot()? == before, "{what}: something changed");
        Ok(())
    }

    /// Repairs it, and fails unless all is as shipped and loaded so, what ran goes on, and a second run does nothing.
    fn mends(&self, what: &str) -> Result<()> {
        let ran = self.machine.property("web.service", "InvocationID")?;
        self.fix(&[])?.exits(0)?.with_steps().with_context(|| what.to_owned())?;
        ensure!(self.machine.property("web.service", "InvocationID")? == ran, "{what}: it was restarted");
        self.finds(&format!("{what}, mended"), &[])?;
        let cat = self.sh("systemctl cat web.service")?;
        ensure!(cat.stdout.contains("ExecStart=/bin/echo one"), "{what}: {cat}");
        let loaded = self.machine.property("web.service", "ExecStart")?;
        ensure!(loaded.contains("argv[]=/bin/echo one ;"), "{what}: {loaded}");
        let before = self.snapshot()?;
        self.fix(&[])?.exits(0)?.without_steps()?;
        ensure!(self.snapshot()? == before, "{what}: a second run changed something");
        Ok(())
    }

    fn snapshot(&self) -> Result<String> {
        let files = "find /etc/systemd /run/systemd/system /run/systemd/transient /run/current-system \
                     -printf '%p %y %i %m %U:%G %s %l %T@ %C@\\n' 2>/dev/null | sort || true
                     systemctl list-units --all --plain --no-legend 'web*'";
        Ok(self.sh(files)?.stdout)
    }

    /// Everything back as the system ships it, and read.
    fn restore(&self) -> Result<()> {
        self.sh(&format!(
            "rm -rf {PLACE} /etc/systemd/system.control /run/systemd/system.control /run/systemd/system/*.d
             cp -a /run/links {PLACE}; systemctl daemon-reload; systemctl reset-failed web.service web-api.service || true
             systemctl restart web.service web-api.service"
        ))?;
        self.finds("after everything was put back", &[])
    }
}

/// What drifts and is put back; each before and after the manager read it.
pub(crate) fn heals(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let unit = format!("{PLACE}/web.service");
    let drifts = [
        ("PF1, another file", format!("{OTHER} >{PLACE}/x; mv {PLACE}/x {unit}"), "fail unit-file PF1"),
        (
            "PF1, a copy",
            format!("cp --remove-destination -pL {unit} {PLACE}/x; mv {PLACE}/x {unit}"),
            "fail unit-file PF1",
        ),
        ("PF2", format!("rm {unit} {PLACE}/web.service.d/shipped.conf"), "fail unit-file PF2"),
        (
            "PF3, another generation",
            format!("ln -sfT $(cat /run/second)/systemd/system/web.service {unit}"),
            "fail unit-file PF3",
        ),
        ("PF3, dangling", format!("ln -sfT /nix/store/gone {unit}"), "fail unit-file PF3"),
        (
            "PF3, out of the store",
            format!("{OTHER} >/root/own.service; ln -sfT /root/own.service {unit}"),
            "fail unit-file PF3",
        ),
        ("PF3, a loop", format!("ln -sfT web.service {unit}"), "fail unit-file PF3"),
    ];
    for reads in [false, true] {
        for (what, drift, expected) in &drifts {
            host.sh(drift)?;
            if reads {
                host.reload()?;
            }
            let what = format!("{what}, {}", if reads { "read" } else { "not read" });
            let found = told(&host.check(&["web"])?);
            ensure!(found.first().is_some_and(|one| one == expected), "{what}: {found:?}");
            host.mends(&what)?;
        }
    }
    let kept = host.sh(&format!("cat {PLACE}/web.service.backup"))?;
    ensure!(kept.stdout.contains("ExecStart=/bin/false"), "{kept}");
    // PF10: up, and its file is gone.
    host.sh(&format!("rm {unit}; systemctl daemon-reload"))?;
    host.finds("PF10", &["fail unit-file PF2", "fail unit-loaded PF10"])?;
    host.mends("PF10")
}

/// What a person decides, told and left as it is.
pub(crate) fn leaves(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let unit = format!("{PLACE}/web.service");
    for (what, change, expected, shape) in [
        ("PF1, a folder", format!("rm {unit}; mkdir {unit}"), "fail unit-file PF1", "PF1"),
        ("PF1, a pipe", format!("rm {unit}; mkfifo {unit}"), "fail unit-file PF1", "PF1"),
        (
            "PF4, system.control",
            format!("mkdir -p /etc/systemd/system.control; {OTHER} >/etc/systemd/system.control/web.service"),
            "fail unit-fragment PF4",
            "PF4",
        ),
        (
            "PF4, its runtime twin",
            format!("mkdir -p /run/systemd/system.control; {OTHER} >/run/systemd/system.control/web.service"),
            "fail unit-fragment PF4",
            "PF4",
        ),
        ("PF6", format!("ln -sfT /dev/null {unit}"), "fail unit-file PF6", "PF6"),
        ("PF6, an empty file", format!("rm {unit}; : >{unit}"), "fail unit-file PF6", "PF6"),
        (
            "PF6, stronger",
            "mkdir -p /etc/systemd/system.control; ln -s /dev/null /etc/systemd/system.control/web.service"
                .to_owned(),
            "fail unit-fragment PF6",
            "PF6",
        ),
    ] {
        host.sh(&change)?;
        host.reload()?;
        let found = told(&host.check(&["web"])?);
        ensure!(found.first().is_some_and(|one| one == expected), "{what}: {found:?}");
        host.leaves(what, 1, shape)?;
        host.restore().with_context(|| what.to_owned())?;
    }
    // PF8 is told where the manager asks for a reload of a masked unit for ever, and is never a reason for one.
    host.sh(&format!("systemctl stop web.service; ln -sfT /dev/null {unit}; systemctl daemon-reload"))?;
    let asks = host.machine.property("web.service", "NeedDaemonReload")? == "yes";
    let found = told(&host.check(&["web"])?);
    ensure!(found.iter().any(|one| one == "warn unit-loaded PF8") == asks, "PF8: {found:?}");
    host.restore()?;
    // A transient unit takes the name.
    host.sh(&format!(
        "systemctl stop web.service; rm -r {unit} {unit}.d; systemctl daemon-reload
         systemd-run --quiet --unit=web.service --remain-after-exit /bin/true"
    ))?;
    let found = told(&host.check(&["web"])?);
    ensure!(found == ["fail unit-file PF2", "fail unit-fragment PF4"], "a transient unit: {found:?}");
    Ok(())
}

/// Drop-ins of others, in each form and directory.
pub(crate) fn drop_ins(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    for folder in [PLACE, "/run/systemd/system", "/etc/systemd/system.control"] {
        for form in ["web-api.service.d", "web-.service.d", "service.d"] {
            let file = format!("{folder}/{form}/50-x.conf");
            host.sh(&format!("mkdir -p {folder}/{form}; printf '[Service]\\nNice=5\\n' >{file}"))?;
            let found = told(&host.check(&["web-api"])?);
            ensure!(found == [STALE, "fail unit-drop-in PF5"], "{file}: {found:?}");
            host.reload()?;
            let found = told(&host.check(&["web-api"])?);
            ensure!(found == ["fail unit-drop-in PF5"], "{file}, read: {found:?}");
            host.leaves(&file, 1, "PF5")?;
            host.fix(&["--remove-foreign", &file])?.exits(0)?.with_steps()?;
            host.sh(&format!("test ! -e {file}; rm -r {folder}/{form}; systemctl daemon-reload"))?;
            host.finds(&file, &[])?;
        }
    }
    Ok(())
}

/// The changes that NeedDaemonReload does not see, and one reload that takes them in.
pub(crate) fn unseen(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let old = "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/echo three\\n'";
    for (what, change) in [
        ("retargeted", format!("ln -sfT $(cat /run/second)/systemd/system/web.service {PLACE}/web.service")),
        (
            "with the old time",
            format!("{old} >{PLACE}/x; touch -d @1 {PLACE}/x; mv {PLACE}/x {PLACE}/web.service"),
        ),
        (
            "the first drop-in",
            format!(
                "mkdir {PLACE}/web-api.service.d; printf '[Service]\\nNice=5\\n' >{PLACE}/web-api.service.d/a.conf"
            ),
        ),
        (
            "for the type",
            format!("mkdir {PLACE}/service.d; printf '[Service]\\nNice=5\\n' >{PLACE}/service.d/a.conf"),
        ),
        (
            "a stronger directory",
            format!("mkdir -p /etc/systemd/system.control; {OTHER} >/etc/systemd/system.control/web.service"),
        ),
    ] {
        host.sh(&change)?;
        let report = host.check(&[])?.exits(1)?;
        ensure!(report.clone().names("PF7").is_ok(), "{what}: {report:#?}");
        let report = host.fix(&["--reload"])?;
        let reloads = report.steps.iter().filter(|step| step.kind == "reload").count();
        ensure!(reloads == 1 && report.steps.len() == 1, "{what}: {report:#?}");
        let found = told(&host.check(&[])?);
        ensure!(!found.contains(&STALE.to_owned()), "{what}, read: {found:?}");
        host.restore().with_context(|| what.to_owned())?;
    }
    Ok(())
}

/// PF9 and PF11: where nothing can be put back, and from nothing.
pub(crate) fn places(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let unit = format!("{PLACE}/web.service");
    // Read-only, as /etc on WSL was.
    host.sh(&format!(
        "rm {unit}; systemctl daemon-reload; mount --bind /etc /etc; mount -o remount,ro,bind /etc"
    ))?;
    host.finds("read-only", &["warn unit-folder PF9", "fail unit-file PF2", "fail unit-loaded PF10"])?;
    host.leaves("read-only", 1, "PF9")?;
    host.sh("umount /etc")?;
    host.mends("writable again")?;
    // A link that is not the store's.
    host.sh(&format!(
        "rm {unit}; mv {PLACE} /root/units; ln -s /root/units {PLACE}; systemctl daemon-reload"
    ))?;
    host.leaves("a linked folder", 1, "PF9")?;
    host.sh(&format!("rm {PLACE}; mv /root/units {PLACE}; systemctl daemon-reload"))?;
    host.mends("a folder again")?;
    // The folder of the store: that of another system is for a switch to mend.
    host.sh(&format!(
        "mv {PLACE} /run/away; ln -sfT $(cat /run/second)/systemd/system {PLACE}; systemctl daemon-reload"
    ))?;
    let report = host.fix(&[])?.exits(1)?.without_steps()?.explains("PF9", &["nixos-rebuild switch"])?;
    ensure!(report.error.is_none(), "{report:#?}");
    host.sh(&format!("rm {PLACE}; mv /run/away {PLACE}; systemctl daemon-reload"))?;
    host.finds("the folder of links again", &[])?;
    // No folder at all: it is made.
    host.sh(&format!("rm -r {PLACE}; systemctl daemon-reload"))?;
    host.fix(&["web", "web-api"])?.exits(0)?.with_steps()?;
    host.check(&["web", "web-api"])?.exits(0)?;
    host.restore()?;
    // PF11.
    host.sh("mv /run/current-system /run/kept; ln -s /nix/store/gone /run/current-system")?;
    host.check(&["web"])?.exits(78)?.names("PF11")?;
    host.sh(&format!("rm {unit}"))?;
    host.leaves("no system", 78, "PF11")?;
    host.sh("mv -T /run/kept /run/current-system")?;
    host.mends("the system is back")?;
    // A file that the store lost.
    host.sh(&format!("rm $(readlink -f {unit}); systemctl daemon-reload"))?;
    host.check(&["web"])?.exits(1)?.names("PF11")?;
    host.sh(&format!("rm {unit}"))?;
    host.leaves("a lost file", 1, "PF11")
}
