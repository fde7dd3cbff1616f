//! RF12: another distro has the user's cgroup.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lab::session::{SOON, wsl};
use lab::{Release, Session};

const SERVICE: &str = "user.slice/user-1000.slice/user@1000.service";

/// The other distribution's processes, one folder deeper than it puts them: systemd 257 starts a manager right in
/// `init.scope`, so that is what has to be no leaf.
struct Deeper {
    scope: PathBuf,
    controller: String,
}

impl Deeper {
    fn below(machine: &Path) -> Result<Self> {
        let scope = machine.join(SERVICE).join("init.scope");
        let controllers = read(&scope.join("cgroup.controllers"))?;
        let controller =
            controllers.split_whitespace().next().context("looking for a controller")?.to_owned();
        fs::create_dir(scope.join("leaf")).context("making a leaf")?;
        let deeper = Self { scope, controller };
        deeper.move_all(&deeper.scope, &deeper.scope.join("leaf"))?;
        deeper.switch('+')?;
        Ok(deeper)
    }

    fn move_all(&self, from: &Path, to: &Path) -> Result<()> {
        for pid in read(&from.join("cgroup.procs"))?.lines() {
            fs::write(to.join("cgroup.procs"), pid)
                .with_context(|| format!("moving {pid} to {}", to.display()))?;
        }
        Ok(())
    }

    fn switch(&self, sign: char) -> Result<()> {
        let path = self.scope.join("cgroup.subtree_control");
        fs::write(&path, format!("{sign}{}", self.controller))
            .with_context(|| format!("writing {}", path.display()))
    }

    fn undo(&self) -> Result<()> {
        self.switch('-')?;
        self.move_all(&self.scope.join("leaf"), &self.scope)?;
        fs::remove_dir(self.scope.join("leaf")).context("removing the leaf")
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        // The end of the machine removes it, too.
        self.undo().ok();
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

pub(crate) fn collision(release: Release) -> Result<()> {
    if !lab::cgroup::has_controller()? {
        return lab::skip("a controller of cgroup2");
    }
    let session = Session::of_tim(wsl(release, false).boot()?);
    let squatter = session.machine.squat(1000)?;
    let deeper = Deeper::below(session.machine.cgroup())?;
    // From inside: somebody lives there, and nobody is to be seen.
    let seen =
        session.sh(&format!("cd /sys/fs/cgroup/{SERVICE}; cat cgroup.events init.scope/cgroup.procs"))?;
    ensure!(seen.stdout.contains("populated 1"), "{seen}");
    session.keep()?;
    session.start_fails()?;
    session.machine.wait_for("user@1000.service", "failed", SOON)?;
    let result = session.machine.property("user@1000.service", "Result")?;
    let status = session.machine.property("user@1000.service", "ExecMainStatus")?;
    ensure!(result == "resources" || status == "219", "Result={result} ExecMainStatus={status}");
    session.journal_says(&["Device or resource busy"])?;
    session.is_good()?;

    for arguments in [["1000"].as_slice(), &["--start-manager", "1000"]] {
        session.fix_untouched(arguments)?.exits(75)?.hints("RF12")?.explains("RF12", &["wsl --shutdown"])?;
    }
    let check = session.is_recognised("RF12")?;
    ensure!(check.stdout.contains("wsl --shutdown"), "no cure is named: {check}");

    // The other distribution has ended: now it works.
    drop((deeper, squatter));
    session.fix(&["--start-manager", "1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}
