//! Asking the person at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use oneshot::text::printable;
use oneshot::{Exit, refuse};

/// Whether anybody can be asked.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A refusal where nobody can be.
pub(crate) fn need_terminal() -> Result<()> {
    if is_terminal() {
        return Ok(());
    }
    let text = "nobody can be asked here: run it on a terminal (over SSH with ssh -t), or with --yes";
    Err(refuse(Exit::Unavailable, text))
}

/// Asks; anything but a word that begins with y is a no.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    let mut out = io::stderr().lock();
    write!(out, "{} [y/N] ", printable(question)).and_then(|()| out.flush()).context("asking")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("reading the answer")?;
    Ok(answer.trim_start().starts_with(['y', 'Y']))
}
