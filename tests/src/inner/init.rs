//! The third process of a machine: PID 1 of its own namespace, until it becomes systemd.

use std::fs;
use std::io::{BufRead as _, stdin};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::sethostname;

use super::{device, etc, lower, payload, people, sys, wslg};
use crate::inside::PATH;
use crate::spec::Spec;

/// Where a release with a merged `/usr` has it.
const SYSTEMD: &str = "/usr/lib/systemd/systemd";

/// Builds the machine around this process and executes systemd. Returns only on an error.
pub fn init() -> Result<()> {
    set_pdeathsig(Signal::SIGKILL).context("asking to die with the supervisor")?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line).context("reading what to boot")?;
    let spec: Spec = serde_json::from_str(&line).context("parsing what to boot")?;
    refuse_orphan()?;
    umask(Mode::S_IWGRP | Mode::S_IWOTH);

    // The cgroup first: the cgroup namespace is rooted where this process is when it unshares.
    let procs = spec.cgroup.join("cgroup.procs");
    fs::write(&procs, "0").with_context(|| format!("writing {}", procs.display()))?;
    unshare(
        CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWCGROUP,
    )
    .context("unsharing the namespaces")?;
    sethostname(&spec.hostname).context("naming the machine")?;

    let payload = payload::open(spec.payload)?;
    lower::enter(&spec.lower, &spec.binds)?;
    device::mount_all()?;
    if spec.wsl.is_none() {
        device::mount_run()?;
    }
    spec.memory.iter().try_for_each(|path| device::mount_memory(path))?;
    device::share_all()?;
    etc::settle(&spec.hostname)?;
    people::write()?;
    if let Some(wsl) = &spec.wsl {
        wslg::mount(wsl)?;
    }
    payload.into_iter().try_for_each(payload::write)?;
    sys::drop_host_wide_capabilities().context("dropping capabilities")?;
    spec.before_systemd.iter().try_for_each(|hook| run(hook))?;

    let error = Command::new(SYSTEMD).env_clear().envs(spec.environment).stdin(Stdio::null()).exec();
    Err(error).with_context(|| format!("executing {SYSTEMD}"))
}

/// The signal comes only when the supervisor dies after it was asked for: look whether it died before.
fn refuse_orphan() -> Result<()> {
    let stdin = stdin();
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).context("looking for the supervisor")?;
    let [fd] = fds;
    if fd.revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
        bail!("looking for the supervisor: it is gone");
    }
    Ok(())
}

fn run(hook: &[String]) -> Result<()> {
    let Some((program, arguments)) = hook.split_first() else {
        bail!("running an empty command before systemd")
    };
    let status = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .current_dir(Path::new("/"))
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("running {program} before systemd"))?;
    if !status.success() {
        bail!("running {hook:?} before systemd: {status}");
    }
    Ok(())
}
