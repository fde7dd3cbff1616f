//! Nothing remains of a machine, however it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lab::{Machine, Release, TIM, cgroup, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    lab::trials()
        .on_each("nothing_is_left_of_a_stopped_machine", stopped)
        .on_each("nothing_is_left_when_systemd_powers_off", powered_off)
        .on_each("nothing_is_left_when_the_owner_is_killed", owner_killed)
        .on_each("what_a_killed_supervisor_leaves_is_reaped", supervisor_killed)
        .run()
}

fn stopped(release: Release) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let machine = Machine::builder(release).wsl(true).linger(TIM.name).boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    let (pid, cgroup) = (machine.pid(), machine.cgroup().to_owned());
    let mut open = machine.root(&["sleep", "1000"]).spawn()?;
    machine.stop()?;
    ensure!(!exists(pid), "PID 1 of the machine is still there");
    ensure!(!cgroup.exists(), "{} is still there", cgroup.display());
    ensure!(mounts == fs::read_to_string("/proc/self/mountinfo")?, "the host's mounts have changed");
    ensure!(!open.wait()?.success(), "a process of the machine has outlived it");
    Ok(())
}

fn powered_off(release: Release) -> Result<()> {
    let machine = Machine::builder(release).boot()?;
    let cgroup = machine.cgroup().to_owned();
    machine.root(&["systemctl", "poweroff", "--no-block"]).run()?;
    wait_until(SOON, || Ok(!cgroup.exists())).context("the machine is still there")
}

fn owner_killed(release: Release) -> Result<()> {
    let mut owner = owner(release)?;
    let machine = machine_of(&owner)?;
    owner.kill()?;
    owner.wait()?;
    wait_until(SOON, || Ok(!machine.exists())).context("the machine has outlived its owner")
}

fn supervisor_killed(release: Release) -> Result<()> {
    let mut owner = owner(release)?;
    let machine = machine_of(&owner)?;
    let supervisor = child_of(&owner, "machine-supervise")?;
    // Stopped first, or it would clean up.
    kill(supervisor, Signal::SIGSTOP)?;
    owner.kill()?;
    owner.wait()?;
    ensure!(machine.exists());
    kill(supervisor, Signal::SIGKILL)?;
    // PID 1 dies with the supervisor, and only the empty tree is left.
    wait_until(SOON, || Ok(!cgroup::is_populated(&machine)?)).context("PID 1 has outlived the supervisor")?;
    cgroup::reap()?;
    ensure!(!machine.exists(), "{} was not reaped", machine.display());
    Ok(())
}

/// Another process that owns a machine.
fn owner(release: Release) -> Result<Child> {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["shell", "--release", release.name(), "--linger", "tim", "--", "sleep", "1000"])
        .stdin(Stdio::null())
        .spawn()
        .context("starting another owner")
}

/// The cgroup of its machine, when its command runs.
fn machine_of(owner: &Child) -> Result<PathBuf> {
    wait_until(SOON, || {
        Ok(child_of(owner, "machine-enter\0{\"pid\"").is_ok_and(|pid| runs_sleep(pid).is_ok()))
    })
    .context("waiting for the other owner's machine")?;
    match cgroup::of_owner(owner.id())?.as_slice() {
        [machine] => Ok(machine.clone()),
        found => bail!("looking for the other owner's machine: {found:?}"),
    }
}

fn runs_sleep(helper: Pid) -> Result<()> {
    let arguments = fs::read_to_string(format!("/proc/{helper}/cmdline"))?;
    ensure!(arguments.contains("sleep"));
    Ok(())
}

fn child_of(owner: &Child, argument: &str) -> Result<Pid> {
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let Some(pid) = path.file_name().and_then(|name| name.to_str()?.parse().ok()) else { continue };
        let Ok(status) = fs::read_to_string(path.join("status")) else { continue };
        let Ok(arguments) = fs::read_to_string(path.join("cmdline")) else { continue };
        if status.contains(&format!("PPid:\t{}\n", owner.id())) && arguments.contains(argument) {
            return Ok(Pid::from_raw(pid));
        }
    }
    bail!("looking for {argument} of the other owner: not found")
}

fn exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}
