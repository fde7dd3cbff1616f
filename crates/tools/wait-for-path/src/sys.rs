//! What SIGPIPE did before this program began. The start of every Rust program has it ignored from then on, and an ignored
//! signal stays ignored through execve(2); so what was there before is asked before that start.

#![expect(unsafe_code, reason = "sigaction(2), and a function that runs before main")]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// Whether it was ignored, as in a service of systemd (systemd.exec(5), `IgnoreSIGPIPE=`).
static WAS_IGNORED: AtomicBool = AtomicBool::new(false);

extern "C" fn remember() {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call only writes the old one, for which there is room.
    let result = unsafe { libc::sigaction(libc::SIGPIPE, std::ptr::null(), old.as_mut_ptr()) };
    // SAFETY: zeroed bytes are a valid value, and the call filled it.
    let handler = unsafe { old.assume_init() }.sa_sigaction;
    WAS_IGNORED.store(result == 0 && handler == libc::SIG_IGN, Ordering::Relaxed);
}

// SAFETY: the functions of this section are called without arguments that matter before main, on one thread; this one
// makes a system call and writes an atomic.
#[used]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = remember;

/// SIGPIPE does what it did before this program; ignored again once this is dropped.
#[derive(Debug)]
pub(crate) struct PipeSignal(SigAction);

impl PipeSignal {
    pub(crate) fn give_back() -> nix::Result<Self> {
        let was = if WAS_IGNORED.load(Ordering::Relaxed) { SigHandler::SigIgn } else { SigHandler::SigDfl };
        let was = SigAction::new(was, SaFlags::empty(), SigSet::empty());
        // SAFETY: neither action is a function.
        unsafe { sigaction(Signal::SIGPIPE, &was) }.map(Self)
    }
}

impl Drop for PipeSignal {
    fn drop(&mut self) {
        // SAFETY: it is the action that was there before. It cannot fail for a signal that exists.
        let _ = unsafe { sigaction(Signal::SIGPIPE, &self.0) };
    }
}
