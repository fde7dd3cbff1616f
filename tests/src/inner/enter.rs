//! `lab machine-enter`: joins a machine's namespaces, becomes the user, and runs one program there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _, stdin, stdout};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Gid, Uid, chdir, setgroups, setresgid, setresuid};

use super::sys;
use crate::inside::Entry;

/// In this order: the PID namespace only holds for children, and the mount namespace takes the host's `/proc` away.
const NAMESPACES: [(&str, CloneFlags); 6] = [
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
    ("ipc", CloneFlags::CLONE_NEWIPC),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("net", CloneFlags::CLONE_NEWNET),
    ("pid", CloneFlags::CLONE_NEWPID),
    ("mnt", CloneFlags::CLONE_NEWNS),
];

/// Runs what the argument says and returns its exit code, 128 + N for a signal.
pub fn enter(argument: &str) -> Result<u8> {
    let entry: Entry = serde_json::from_str(argument).context("parsing what to run")?;
    let procs = open_cgroup(&entry)?;
    join(entry.pid)?;
    let Some((program, arguments)) = entry.command.split_first() else { bail!("running an empty command") };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&entry.environment);
    if let Some(name) = &entry.user {
        become_user(name)?;
    }
    // As the user, who may not see it; a missing home is no reason to fail.
    if chdir(entry.directory.as_str()).is_err() {
        chdir("/").context("entering /")?;
    }
    sys::join_cgroup(&mut command, procs);
    sys::die_with_parent(&mut command);
    let status = if entry.terminal {
        on_terminal(command)?
    } else {
        command.status().with_context(|| format!("running {program}"))?
    };
    Ok(code(status))
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// `init.scope` of the machine: systemd moves there what it finds in its root at the start. Before there is one, the
/// root itself.
fn open_cgroup(entry: &Entry) -> Result<File> {
    let open = |path: &std::path::Path| OpenOptions::new().write(true).open(path);
    let root = entry.cgroup.join("cgroup.procs");
    match open(&entry.cgroup.join("init.scope/cgroup.procs")) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            open(&root).with_context(|| format!("opening {}", root.display()))
        }
        Err(error) => Err(error).context("opening init.scope of the machine"),
    }
}

fn join(pid: i32) -> Result<()> {
    let mut opened = Vec::new();
    for (name, flag) in NAMESPACES {
        let path = format!("/proc/{pid}/ns/{name}");
        opened.push((name, flag, File::open(&path).with_context(|| format!("opening {path}"))?));
    }
    for (name, flag, file) in opened {
        setns(file, flag).with_context(|| format!("joining the {name} namespace"))?;
    }
    Ok(())
}

/// The account files are read as text: the host's C library must not load a name service module of the machine.
fn become_user(name: &str) -> Result<()> {
    let passwd = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    let Some((uid, gid)) = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name))
            .then(|| Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?)))?
    }) else {
        bail!("looking up {name} in /etc/passwd: no such user");
    };
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let text = fs::read_to_string("/etc/group").context("reading /etc/group")?;
    let mut groups = vec![gid];
    groups.extend(text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let group = fields.nth(2)?.parse().ok()?;
        fields.next()?.split(',').any(|member| member == name).then_some(Gid::from_raw(group))
    }));
    setgroups(&groups).context("setting the groups")?;
    setresgid(gid, gid, gid).context("setting the group")?;
    // From 0 to another id: the kernel takes every capability with it.
    setresuid(uid, uid, uid).context("setting the user")
}

/// Gives the program a terminal of the machine, and ends it when standard input is closed.
fn on_terminal(mut command: Command) -> Result<ExitStatus> {
    let pty = openpty(None, None).context("opening a terminal in the machine")?;
    let slave = |fd: &OwnedFd| fd.try_clone().context("duplicating the terminal");
    command.stdin(slave(&pty.slave)?).stdout(slave(&pty.slave)?).stderr(pty.slave);
    sys::take_terminal(&mut command);
    let mut child = command.spawn().context("running the login")?;
    // It holds the other end of the terminal.
    drop(command);
    let mut master = File::from(pty.master);
    let ended = sys::pidfd(i32::try_from(child.id()).context("reading the pid of the login")?)
        .context("opening the process of the login")?;
    let mut typing = true;
    while relay(&mut master, &ended, &mut typing)? {}
    // The owner kills this process when it waits no longer, and the login dies with it.
    child.wait().context("waiting for the login")
}

/// Moves what there is, once. False when the login has ended, even if something still holds its terminal.
fn relay(master: &mut File, ended: &OwnedFd, typing: &mut bool) -> Result<bool> {
    let keyboard = stdin();
    let readable = |fd: &PollFd<'_>| fd.any().unwrap_or(false);
    let (typed, shown, over) = {
        let mut fds = [
            PollFd::new(ended.as_fd(), PollFlags::POLLIN),
            PollFd::new(master.as_fd(), PollFlags::POLLIN),
            PollFd::new(keyboard.as_fd(), PollFlags::POLLIN),
        ];
        let (watched, _) = fds.split_at_mut(if *typing { 3 } else { 2 });
        poll(watched, PollTimeout::NONE).context("waiting for the session")?;
        let [over, shown, typed] = &fds;
        (*typing && readable(typed), readable(shown), readable(over))
    };
    let mut bytes = [0; 4096];
    if shown {
        // EIO is how a terminal says that nobody has its other side open.
        let count = master.read(&mut bytes).unwrap_or(0);
        let text = bytes.get(..count).unwrap_or_default();
        stdout().write_all(text).and_then(|()| stdout().flush()).context("showing the session")?;
    }
    if typed {
        // Unbuffered, or poll would not see what a buffer holds.
        let count = nix::unistd::read(&keyboard, &mut bytes).context("reading what to type")?;
        let text = match bytes.get(..count) {
            Some(text @ [_, ..]) => text,
            // At its end: interrupt what may run in the foreground, and leave.
            _ => {
                *typing = false;
                b"\x03\rexit\r".as_slice()
            }
        };
        master.write_all(text).context("typing into the session")?;
    }
    Ok(!over)
}
