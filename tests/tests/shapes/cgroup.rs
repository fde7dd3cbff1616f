//! RF12: another distro has the user's cgroup.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::{Context as _, Result, ensure};
use lab::session::{SOON, wsl};
use lab::{Release, Session};

/// A process of another PID namespace, as that of another distro is. It ends with the test.
struct Outsider(Child);

impl Outsider {
    fn in_cgroup(folder: &Path) -> Result<Self> {
        let child = Command::new("sleep").arg("1000").spawn().context("starting a process of the host")?;
        let outsider = Self(child);
        write(&folder.join("cgroup.procs"), &outsider.0.id().to_string())?;
        Ok(outsider)
    }
}

impl Drop for Outsider {
    fn drop(&mut self) {
        // Killed already when the machine has gone first.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let mut file =
        OpenOptions::new().write(true).open(path).with_context(|| format!("opening {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("writing {text:?} to {}", path.display()))
}

/// Gives a controller to every child of the cgroups from the machine's root down to `user@1000.service`: the kernel
/// then lets no process into one that is not a leaf (cgroup-v2, "no internal process"). False without a controller.
fn enable_controller(root: &Path, below: &[&str]) -> Result<bool> {
    let parent = root.parent().context("looking for the cgroup above the machine's")?;
    let controllers =
        fs::read_to_string(parent.join("cgroup.controllers")).context("reading the controllers")?;
    let Some(controller) =
        controllers.split_whitespace().find(|&name| matches!(name, "hugetlb" | "pids" | "memory"))
    else {
        return Ok(false);
    };
    let enable = format!("+{controller}");
    write(&parent.join("cgroup.subtree_control"), &enable)?;
    let mut folder = root.to_owned();
    for name in below {
        write(&folder.join("cgroup.subtree_control"), &enable)?;
        folder.push(name);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    }
    Ok(true)
}

pub(crate) fn collision(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.keep()?;
    session.is_good()?;
    let root = session.machine.cgroup().to_owned();
    let path = ["user.slice", "user-1000.slice", "user@1000.service", "init.scope"];
    let controlled = enable_controller(&root, &path)?;
    if !controlled {
        lab::skip("a cgroup2 controller, for the error of a collision")?;
        fs::create_dir_all(root.join(path.join("/")))?;
    }
    let _outsider = Outsider::in_cgroup(&root.join(path.join("/")))?;
    // From inside, the cgroup is populated and its processes cannot be seen.
    let events =
        session.sh("cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.events")?;
    ensure!(events.stdout.contains("populated 1"), "{events}");
    if controlled {
        session.start_fails()?;
        session.machine.wait_for("user@1000.service", "failed", SOON)?;
        let result = session.machine.property("user@1000.service", "Result")?;
        let status = session.machine.property("user@1000.service", "ExecMainStatus")?;
        ensure!(result == "resources" || status == "219", "Result={result} ExecMainStatus={status}");
        session.journal_says(&["Device or resource busy"])?;
    }
    for arguments in [["1000"].as_slice(), &["--start-manager", "1000"]] {
        session.fix_untouched(arguments)?.exits(75)?.hints("RF12")?.explains("RF12", &["wsl --shutdown"])?;
    }
    let check = session.check()?.exits(1)?;
    ensure!(lab::report::names_shape(&check.stdout, "RF12"), "RF12 is not named: {check}");
    Ok(())
}
