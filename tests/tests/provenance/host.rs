//! A machine whose Home Manager ships units to tim, and the check on it.

use anyhow::{Context as _, Result, ensure};
use lab::session::{SOON, plain};
use lab::{Generation, Machine, Output, Release, Report, Session, TIM, wait_until};

/// Where tim's links belong.
pub(crate) const PLACE: &str = "/home/tim/.config/systemd/user";

/// What the units do that are shipped first.
pub(crate) fn first() -> Generation {
    Generation::new("first")
        .service("web.service", "/bin/echo one")
        .file("web.service.d/shipped.conf", "[Service]\nEnvironment=FROM=first\n")
        .service("web-api.service", "/bin/echo api")
}

/// The next generation, which changes one command.
pub(crate) fn second() -> Generation {
    Generation::new("second")
        .service("web.service", "/bin/echo two")
        .file("web.service.d/shipped.conf", "[Service]\nEnvironment=FROM=first\n")
        .service("web-api.service", "/bin/echo api")
}

/// Tim's session, with the first generation active and loaded.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) session: Session,
}

impl Host {
    pub(crate) fn boot(release: Release) -> Result<Self> {
        let machine = plain(release, true).linger("tim").boot()?;
        let session = Session::without_wslg(machine);
        session.works()?;
        let host = Self { session };
        first().activate(host.machine(), TIM)?;
        host.reload()?;
        host.user(&["systemctl", "--user", "start", "web.service", "web-api.service"])?;
        host.is_in_order()?;
        Ok(host)
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.session.machine
    }

    /// A script as root.
    pub(crate) fn sh(&self, script: &str) -> Result<Output> {
        self.session.sh(script)
    }

    /// A command as tim that must succeed.
    pub(crate) fn user(&self, command: &[&str]) -> Result<Output> {
        self.machine().user("tim", command).ok()
    }

    pub(crate) fn reload(&self) -> Result<()> {
        self.user(&["systemctl", "--user", "daemon-reload"]).map(drop)
    }

    /// A property of a unit of tim's manager.
    pub(crate) fn property(&self, unit: &str, name: &str) -> Result<String> {
        let output = self.user(&["systemctl", "--user", "show", "--value", "--property", name, unit])?;
        Ok(output.text().to_owned())
    }

    /// The check as tim, as its JSON.
    pub(crate) fn check(&self, arguments: &[&str]) -> Result<Report> {
        let command = [&["check-unit-provenance", "--json"], arguments].concat();
        Report::of(self.machine().user("tim", &command).run()?)
    }

    /// The repair as tim, as its JSON.
    pub(crate) fn fix(&self, arguments: &[&str]) -> Result<Report> {
        let command = [&["fix-unit-provenance", "--json"], arguments].concat();
        Report::of(self.machine().user("tim", &command).run()?)
    }

    /// Repairs it, and fails unless all is as shipped and loaded so, what ran goes on, and a second run does nothing.
    pub(crate) fn mends(&self, what: &str) -> Result<()> {
        let ran = self.property("web.service", "InvocationID")?;
        let dry = self.snapshot()?;
        self.fix(&["--dry-run"])?.exits(0)?;
        ensure!(self.snapshot()? == dry, "{what}: a dry run changed something");
        self.fix(&[])?.exits(0)?.with_steps().with_context(|| what.to_owned())?;
        ensure!(self.property("web.service", "InvocationID")? == ran, "{what}: it was restarted");
        self.is_in_order().with_context(|| format!("{what}, mended"))?;
        let cat = self.user(&["systemctl", "--user", "cat", "web.service"])?;
        ensure!(cat.stdout.contains("ExecStart=/bin/echo one"), "{what}: {cat}");
        let loaded = self.property("web.service", "ExecStart")?;
        ensure!(loaded.contains("argv[]=/bin/echo one ;"), "{what}: {loaded}");
        let before = self.snapshot()?;
        self.fix(&[])?.exits(0)?.without_steps()?;
        ensure!(self.snapshot()? == before, "{what}: a second run changed something");
        Ok(())
    }

    /// Fails unless the repair says no, names the shape, and leaves every byte.
    pub(crate) fn leaves(&self, arguments: &[&str], code: i32, shape: &str) -> Result<()> {
        let before = self.snapshot()?;
        self.fix(arguments)?.exits(code)?.without_steps()?.names(shape)?;
        ensure!(self.snapshot()? == before, "{shape}: something changed");
        Ok(())
    }

    /// What is not in order, as "status id shape", in the order of the report and each once.
    pub(crate) fn wrong(&self, arguments: &[&str]) -> Result<Vec<String>> {
        Ok(told(&self.check(arguments)?))
    }

    /// Fails unless the check finds just this, by name, as a whole and for root; and changes nothing by looking.
    pub(crate) fn finds(&self, expected: &[&str]) -> Result<()> {
        let before = self.snapshot()?;
        for arguments in [&["web.service"][..], &[]] {
            let report = self.check(arguments)?;
            let told = told(&report);
            ensure!(told == expected, "{arguments:?} finds {told:?} and not {expected:?}: {report:#?}");
        }
        let command = ["check-unit-provenance", "--json", "--user=tim"];
        let report = Report::of(self.machine().root(&command).run()?)?;
        ensure!(told(&report) == expected, "root finds otherwise: {report:#?}");
        ensure!(self.snapshot()? == before, "the check changed something");
        Ok(())
    }

    /// The same where a file of one unit is broken and the manager has not seen that.
    pub(crate) fn finds_with(&self, what: &str, expected: &[&str]) -> Result<()> {
        self.finds(expected).with_context(|| what.to_owned())
    }

    pub(crate) fn is_in_order(&self) -> Result<()> {
        self.finds(&[])?;
        self.check(&["--all", "--strict"])?.exits(0)?;
        Ok(())
    }

    /// Every file on tim's own part of the unit path, and what the manager has in memory.
    pub(crate) fn snapshot(&self) -> Result<String> {
        let files = "find /home/tim/.config /home/tim/.local/state /etc/systemd /run/systemd/user \
                     -printf '%p %y %i %m %U:%G %s %l %T@ %C@\\n' 2> /dev/null | sort || true";
        let units = ["systemctl", "--user", "list-units", "--all", "--plain", "--no-legend"];
        Ok(self.sh(files)?.stdout + &self.user(&units)?.stdout)
    }

    /// Everything back as the generation ships it, and read.
    pub(crate) fn restore(&self) -> Result<()> {
        self.sh(&format!(
            "rm -rf {PLACE}* /etc/systemd/user/*.d /run/systemd/user/* /run/user/1000/systemd/user.control; \
             rm -rf /home/tim/.local/state"
        ))?;
        first().activate(self.machine(), TIM)?;
        self.reload()?;
        let command = ["systemctl", "--user", "restart", "web.service", "web-api.service"];
        wait_until(SOON, || Ok(self.machine().user("tim", &command).run()?.code == 0))?;
        self.is_in_order().context("after everything was put back")
    }
}

/// Each finding that is not in order, once.
pub(crate) fn told(report: &Report) -> Vec<String> {
    let wrong = report.findings.iter().filter(|one| one.status == "fail" || one.status == "warn");
    let mut told: Vec<String> = Vec::new();
    for one in wrong {
        let line = format!("{} {} {}", one.status, one.id, one.shape.as_deref().unwrap_or("-"));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told
}
