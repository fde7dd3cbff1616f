//! The calls that have no safe wrapper.

#![expect(unsafe_code, reason = "pidfd_open(2) and the handler of a signal have no safe wrapper")]

use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// The last signal that asked this process to end, 0 for none.
static ASKED: AtomicI32 = AtomicI32::new(0);

extern "C" fn remember(signal: libc::c_int) {
    ASKED.store(signal, Ordering::Relaxed);
}

/// From now on SIGTERM, SIGINT and SIGHUP end nothing, but are remembered and interrupt a wait.
pub(crate) fn catch_ends() -> nix::Result<()> {
    // Without SA_RESTART, so that poll(2) returns.
    let action = SigAction::new(SigHandler::Handler(remember), SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        // SAFETY: the handler stores to an atomic, which is async-signal-safe (signal-safety(7)).
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

/// The signal that asked this process to end.
pub(crate) fn asked_to_end() -> Option<Signal> {
    Signal::try_from(ASKED.load(Ordering::Relaxed)).ok()
}

/// A descriptor that is readable once the process has ended (pidfd_open(2), Linux 5.3).
pub(crate) fn open_process(pid: i32) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two integers; flags are 0, and close-on-exec is set by the kernel.
    let found = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let found = RawFd::try_from(nix::errno::Errno::result(found)?).map_err(|_| nix::Error::EBADF)?;
    // SAFETY: the kernel has just given this descriptor to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(found) })
}
