//! Reads both pipes of a child until it has ended, without a thread.

use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ExitStatus};
use std::time::Duration;

use anyhow::Result;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How long one look at the pipes lasts when nothing comes: a child may end while its own child keeps them open.
const LOOK: Duration = Duration::from_millis(20);

type Ended = (ExitStatus, Vec<u8>, Vec<u8>);

/// The status and both outputs, `None` when it is over first. The child has its pipes then as before: without a reader it
/// would die of its last words (SIGPIPE).
pub(super) fn drain(child: &mut Child, is_over: &dyn Fn() -> bool) -> Result<Option<Ended>> {
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    if let Some(pipe) = &stdout {
        do_not_block(pipe.as_fd())?;
    }
    if let Some(pipe) = &stderr {
        do_not_block(pipe.as_fd())?;
    }
    loop {
        let ended = child.try_wait()?;
        if stdout.as_mut().is_some_and(|pipe| is_at_end(pipe, &mut out)) {
            stdout = None;
        }
        if stderr.as_mut().is_some_and(|pipe| is_at_end(pipe, &mut err)) {
            stderr = None;
        }
        if let Some(status) = ended {
            return Ok(Some((status, out, err)));
        }
        if is_over() {
            (child.stdout, child.stderr) = (stdout, stderr);
            return Ok(None);
        }
        let mut waiting = Vec::with_capacity(2);
        waiting.extend(stdout.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        waiting.extend(stderr.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        if waiting.is_empty() {
            // Both pipes are closed: the child is about to end.
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let span = PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::from(20u8));
        match poll(&mut waiting, span) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn do_not_block(pipe: BorrowedFd<'_>) -> Result<()> {
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Takes what is there; true when nothing will come any more.
fn is_at_end(pipe: &mut impl Read, into: &mut Vec<u8>) -> bool {
    match pipe.read_to_end(into) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}
