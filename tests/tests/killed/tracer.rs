//! ptrace(2): stops a program of the machine at each system call, and kills it at one of them.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use lab::{Machine, wait_until};
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// How a traced program ended.
pub(crate) enum End {
    /// Before the call of this number took effect.
    Killed(String),
    Exited(i32),
}

/// Calls that change nothing that outlives the program: to be killed before one of them is to be killed before the
/// next that does.
const HARMLESS: [libc::c_long; 46] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_fcntl,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sigaltstack,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_prlimit64,
    libc::SYS_getrandom,
    libc::SYS_futex,
    libc::SYS_ppoll,
    libc::SYS_geteuid,
    libc::SYS_getuid,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_ioctl,
    libc::SYS_pipe2,
    libc::SYS_dup3,
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_getsockopt,
    libc::SYS_pidfd_open,
    libc::SYS_waitid,
    libc::SYS_wait4,
    libc::SYS_clock_nanosleep,
];

/// Marks the shell that waits for its tracer.
const MARK: &str = "waits-for-its-tracer";

/// Runs a program inside and kills it at its n-th call that is not harmless.
pub(crate) fn run_until(machine: &Machine, command: &[&str], n: usize) -> Result<End> {
    let stop = format!("kill -STOP $$; exec {} >/dev/null 2>&1", command.join(" "));
    let mut helper = machine.root(&["sh", "-c", &stop, MARK]).spawn()?;
    let pid = stopped(helper.id()).context("waiting for the program to be traced")?;
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD | ptrace::Options::PTRACE_O_TRACEEXEC)
        .context("tracing it")?;
    nix::sys::signal::kill(pid, Signal::SIGCONT).context("letting it go on")?;
    let end = follow(pid, n);
    if end.is_err() {
        nix::sys::signal::kill(pid, Signal::SIGKILL).ok();
    }
    helper.wait().context("waiting for it")?;
    end
}

/// The shell, stopped: a descendant of the helper.
fn stopped(helper: u32) -> Result<Pid> {
    let mut found = None;
    wait_until(Duration::from_secs(10), || {
        let children = fs::read_to_string(format!("/proc/{helper}/task/{helper}/children"))?;
        for child in children.split_whitespace() {
            let arguments = fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
            let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            if arguments.contains(MARK) && stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"))
            {
                found = Some(Pid::from_raw(child.parse()?));
            }
        }
        Ok(found.is_some())
    })?;
    found.context("finding it")
}

fn follow(pid: Pid, n: usize) -> Result<End> {
    let (mut executed, mut entering, mut calls) = (false, true, 0);
    loop {
        match waitpid(pid, None).context("waiting for a stop")? {
            WaitStatus::PtraceEvent(_, _, event) if event == ptrace::Event::PTRACE_EVENT_EXEC as i32 => {
                executed = true;
                // The next stop is the end of execve.
                entering = false;
            }
            WaitStatus::PtraceSyscall(_) if executed && entering => {
                entering = false;
                let call = call(pid)?;
                if call.is_harmful() {
                    calls += 1;
                }
                if calls == n {
                    // Fatal at the entry: the call is not made.
                    nix::sys::signal::kill(pid, Signal::SIGKILL).context("killing it")?;
                    waitpid(pid, None).context("waiting for its death")?;
                    return Ok(End::Killed(format!("{call:?}")));
                }
            }
            WaitStatus::PtraceSyscall(_) => entering = true,
            WaitStatus::Exited(_, code) => return Ok(End::Exited(code)),
            WaitStatus::Signaled(_, signal, _) => bail!("it was killed by {signal}"),
            WaitStatus::Stopped(_, signal) if signal != Signal::SIGSTOP && signal != Signal::SIGCONT => {
                ptrace::syscall(pid, signal).context("handing a signal on")?;
                continue;
            }
            _ => {}
        }
        ptrace::syscall(pid, None).context("going on")?;
    }
}

/// Where it stands.
#[derive(Debug)]
struct Call {
    number: libc::c_long,
    arguments: [u64; 3],
}

impl Call {
    fn is_harmful(&self) -> bool {
        let [_, _, flags] = self.arguments;
        let makes = u64::from((libc::O_CREAT | libc::O_TRUNC).unsigned_abs());
        match self.number {
            libc::SYS_openat => flags & makes != 0,
            // Those of older architectures, which only the loader still makes.
            #[cfg(target_arch = "x86_64")]
            libc::SYS_access | libc::SYS_arch_prctl | libc::SYS_poll | libc::SYS_open => false,
            number => !HARMLESS.contains(&number),
        }
    }
}

fn call(pid: Pid) -> Result<Call> {
    let path = format!("/proc/{pid}/syscall");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let mut words = text.split_whitespace();
    let number = words.next().and_then(|number| number.parse().ok());
    let mut argument =
        || words.next().and_then(|word| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    let arguments = argument().zip(argument()).zip(argument());
    let (number, ((first, second), third)) =
        number.zip(arguments).with_context(|| format!("reading {path}: {text:?}"))?;
    Ok(Call { number, arguments: [first, second, third] })
}
