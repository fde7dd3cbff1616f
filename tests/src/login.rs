//! A real login session through PAM, opened as WSL opens one: `/bin/login -f NAME` on a pseudo-terminal.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::inside::{Inside, wait};

/// Typed into a session, so that its answer tells that the shell runs, and in which session.
const GREETING: &str = "echo lab-session:${XDG_SESSION_ID}:";

/// How often. login(1) of util-linux throws away what was typed before it.
const AGAIN: Duration = Duration::from_millis(250);

/// How long the shell may take to come, and to go.
const DEADLINE: Duration = Duration::from_secs(60);
const LEAVE: Duration = Duration::from_secs(10);

/// An open session. Dropping it logs out. It must be held by the thread that opened it, or by one that ends earlier.
#[derive(Debug)]
#[must_use = "dropping a login logs out"]
pub struct Login {
    helper: Child,
    keyboard: Option<ChildStdin>,
    screen: File,
    session: String,
}

impl Login {
    /// Returns when the shell of the session has answered.
    pub(crate) fn open(login: &Inside) -> Result<Self> {
        let screen = tempfile::tempfile().context("making a temporary file")?;
        let show = || screen.try_clone().context("duplicating a descriptor");
        let (out, errors) = (show()?, show()?);
        let mut helper = login
            .command()?
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .context("starting lab machine-enter")?;
        let keyboard = helper.stdin.take();
        let mut login = Self { helper, keyboard, screen, session: String::new() };
        let end = Instant::now() + DEADLINE;
        let mut greeting = Instant::now();
        loop {
            let shown = login.screen()?;
            if let Some(session) = session(&shown) {
                session.clone_into(&mut login.session);
                return Ok(login);
            }
            let ended = login.helper.try_wait().context("waiting for the login")?;
            if ended.is_some() || Instant::now() > end {
                bail!("logging in: no shell came; the terminal shows {shown:?}");
            }
            if Instant::now() >= greeting {
                login.type_line(GREETING)?;
                greeting += AGAIN;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `XDG_SESSION_ID` of the session; empty when pam_systemd could not make one.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Types a line into the shell of the session.
    pub fn type_line(&mut self, line: &str) -> Result<()> {
        let Some(keyboard) = &mut self.keyboard else { bail!("typing into a session that is over") };
        keyboard.write_all(format!("{line}\r").as_bytes()).context("typing into the session")
    }

    /// All that the terminal has shown.
    pub fn screen(&self) -> Result<String> {
        // Opened anew: the descriptor shares its offset with the writer.
        let bytes =
            fs::read(format!("/proc/self/fd/{}", self.screen.as_raw_fd())).context("reading the screen")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Leaves the shell, and returns when PAM has closed the session.
    pub fn logout(mut self) -> Result<()> {
        self.leave()
    }

    fn leave(&mut self) -> Result<()> {
        self.keyboard = None;
        match wait(&mut self.helper, LEAVE)? {
            Some(_) => Ok(()),
            None => bail!("logging out: the session did not end in {LEAVE:?}"),
        }
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        // The machine may be gone before.
        self.leave().ok();
    }
}

/// The answer to the greeting, not its echo, which still has the name of the variable.
fn session(shown: &str) -> Option<&str> {
    let answers = shown.split("lab-session:").skip(1);
    answers.filter(|answer| !answer.starts_with('$')).find_map(|answer| Some(answer.split_once(':')?.0))
}

#[cfg(test)]
mod tests {
    use super::session;

    #[test]
    fn the_session_is_read_from_the_answer_and_not_from_its_echo() {
        assert_eq!(session("$ echo lab-session:${XDG_SESSION_ID}:\r\n"), None);
        assert_eq!(session("$ echo lab-session:${XDG_SESSION_ID}:\r\nlab-session:c1:\r\n"), Some("c1"));
        assert_eq!(session("lab-session::\r\n"), Some(""));
    }
}
