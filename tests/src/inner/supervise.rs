//! The second process of a machine: it outlives its owner, to take everything away.

use std::fs;
use std::io::{BufRead as _, Write as _, stderr, stdin, stdout};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::setsid;

use super::sys;
use crate::cgroup;
use crate::spec::{Spec, Started};

/// Boots what standard input says, and removes it when standard input is closed or the machine has ended.
pub fn supervise() -> Result<()> {
    // A signal to the owner's process group must not keep this one from its work.
    setsid().context("leaving the session of the owner")?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line).context("reading what to boot")?;
    let spec: Spec = serde_json::from_str(&line).context("parsing what to boot")?;
    fs::create_dir(&spec.cgroup).with_context(|| format!("making {}", spec.cgroup.display()))?;
    let lived = live(&line);
    cgroup::remove(&spec.cgroup)?;
    lived
}

/// From the start of PID 1 to its end.
fn live(line: &str) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWPID).context("unsharing the PID namespace")?;
    let mut init = Command::new("/proc/self/exe")
        .arg("machine-init")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(stderr().as_fd().try_clone_to_owned().context("duplicating the console")?)
        .spawn()
        .context("starting the init")?;
    let answer = tell(&mut init, line);
    if answer.is_ok() {
        wait(&init)?;
    }
    // Killing what has ended is no error, and PID 1 takes its namespace with it.
    init.kill().context("killing the machine")?;
    init.wait().context("waiting for the machine")?;
    answer
}

fn tell(init: &mut Child, line: &str) -> Result<()> {
    if let Some(pipe) = &mut init.stdin {
        pipe.write_all(line.as_bytes()).context("telling the init what to boot")?;
    }
    let started = Started { pid: i32::try_from(init.id()).context("reading the pid of the machine")? };
    let text = serde_json::to_string(&started).context("writing the answer")?;
    writeln!(stdout(), "{text}").and_then(|()| stdout().flush()).context("answering the owner")
}

/// Blocks until the owner lets go or dies, or the machine ends by itself.
fn wait(init: &Child) -> Result<()> {
    let ended = sys::pidfd(i32::try_from(init.id()).context("reading the pid of the machine")?)
        .context("opening the process of the machine")?;
    // Nothing more is sent, so that the only thing to be seen on standard input is that it is closed.
    let owner = stdin();
    let mut fds =
        [PollFd::new(owner.as_fd(), PollFlags::POLLIN), PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::NONE).context("waiting for the owner").map(drop)
}
