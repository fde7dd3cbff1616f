//! The only unsafe code of the lab: what a child does between fork and exec, dropping capabilities, and a descriptor
//! for a process.
#![expect(
    unsafe_code,
    reason = "system calls that std and nix have no safe form for; each says why it is sound"
)]

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::prctl;
use nix::sys::signal::Signal;

/// Capabilities that a machine must not have, because what they change has no namespace: `CAP_SYS_MODULE`,
/// `CAP_SYS_RAWIO`, `CAP_SYS_TIME` (linux/capability.h).
const HOST_WIDE: [libc::c_ulong; 3] = [16, 17, 25];

/// Makes the child die with the thread that starts it.
pub(crate) fn die_with_parent(command: &mut Command) {
    // SAFETY: the closure makes one system call, allocates nothing and takes no lock, which is what may be done
    // between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
}

/// Makes the child move itself into the cgroup whose open `cgroup.procs` is given.
pub(crate) fn join_cgroup(command: &mut Command, procs: File) {
    // SAFETY: the closure only writes to a descriptor that it owns: no allocation, no lock.
    unsafe {
        command.pre_exec(move || Ok(nix::unistd::write(&procs, b"0").map(drop)?));
    }
}

/// Makes the child the leader of a session of its own, with its standard input as the controlling terminal.
pub(crate) fn take_terminal(command: &mut Command) {
    // SAFETY: the closure makes two system calls on integers: no allocation, no lock, no pointer.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            match libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        });
    }
}

/// Takes from this process and its children, for ever, what reaches the host through every namespace.
pub(crate) fn drop_host_wide_capabilities() -> io::Result<()> {
    for capability in HOST_WIDE {
        // SAFETY: PR_CAPBSET_DROP takes one integer and reads no memory.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// A descriptor that is readable when the process has ended (pidfd_open(2), Linux 5.3). Threads could wait instead,
/// but a process that has entered another PID namespace cannot start any.
pub(crate) fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes two integers and reads no memory.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just made this descriptor for us; nobody else owns it.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
