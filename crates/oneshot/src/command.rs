//! Running another program: absolute path, cleared environment, no input, a deadline, never a shell.
//!
//! The one exception to the cleared environment is [`Command::inherit`], for programs whose work the environment shapes.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::text::tail;
use crate::{Deadline, Exit, refuse};

mod folders;
mod pipes;

pub use folders::Folders;

/// Where programs stand, in the order in which they are looked for: NixOS first, because `/usr/bin` does not exist
/// there (microsoft/WSL#13236 is the lesson), then every other distribution.
const DIRECTORIES: [&str; 6] = [
    "/run/current-system/systemd/bin",
    "/run/current-system/sw/bin",
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
];

/// How much of a failed program's standard error goes into the message.
const TAIL: usize = 1024;

/// The absolute path of a program of the system, or a refusal with 69.
pub fn find(program: &str) -> Result<PathBuf> {
    for directory in DIRECTORIES {
        let path = Path::new(directory).join(program);
        if path.is_file() {
            return Ok(path);
        }
    }
    Err(refuse(Exit::Unavailable, format!("{program} was not found in {}", DIRECTORIES.join(":"))))
}

/// A program to run.
#[derive(Debug)]
pub struct Command {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    inherits: bool,
    owner: Option<(u32, u32)>,
    deadline: Deadline,
    grace: Duration,
    is_asked_to_end: fn() -> bool,
}

/// How it ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    /// The wait status.
    pub status: ExitStatus,
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
}

impl Command {
    /// `program` must be an absolute path, as [`find`] gives it.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let deadline = Deadline::after(Duration::from_secs(30));
        let (arguments, environment) = (Vec::new(), Vec::new());
        Self {
            program,
            arguments,
            environment,
            inherits: false,
            owner: None,
            deadline,
            grace: Duration::ZERO,
            is_asked_to_end: || false,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Gives it this process's environment instead of an empty one: for a program of the same user that is configured
    /// by it, as podman and compose are. Not for what root runs on behalf of somebody else.
    #[must_use]
    pub fn inherit(mut self) -> Self {
        self.inherits = true;
        self
    }

    /// Sets one variable in the otherwise empty (or inherited) environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs it as this uid and gid, without supplementary groups.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        self.owner = Some((uid, gid));
        self
    }

    /// Kills it at this moment.
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Where it is to be ended, it is sent SIGTERM first and has this long before SIGKILL: for a program that has something
    /// to put in order.
    #[must_use]
    pub fn grace(mut self, span: Duration) -> Self {
        self.grace = span;
        self
    }

    /// Ends it, and refuses, once this says so: for a program that ends what it started when it is itself asked to end.
    #[must_use]
    pub fn unless(mut self, is_asked_to_end: fn() -> bool) -> Self {
        self.is_asked_to_end = is_asked_to_end;
        self
    }

    /// Runs it to its end, or kills it at the deadline and refuses with 4. One that this process may not kill, as what sudo
    /// started for a user, is left running then.
    pub fn run(&self) -> Result<Outcome> {
        let name = self.program.display();
        let mut child = self.spawn().with_context(|| format!("starting {name}"))?;
        let is_over = || self.deadline.is_over() || (self.is_asked_to_end)();
        match pipes::drain(&mut child, &is_over) {
            Ok(Some((status, stdout, stderr))) => Ok(Outcome { status, stdout, stderr }),
            Ok(None) => {
                let became = if end(&mut child, self.grace) {
                    "was killed"
                } else {
                    "is left as it is: it may not be killed"
                };
                if !self.deadline.is_over() {
                    return Err(refuse(Exit::Failed, format!("{self} was ended before it was done")));
                }
                Err(refuse(Exit::Undecided, format!("{self} had not ended at the deadline and {became}")))
            }
            Err(error) => {
                end(&mut child, self.grace);
                Err(error).with_context(|| format!("reading the output of {name}"))
            }
        }
    }

    /// Runs it and gives its standard output as text; any exit code but 0 is an error with the end of its words.
    pub fn output(&self) -> Result<String> {
        let outcome = self.run()?;
        if !outcome.status.success() {
            anyhow::bail!("{self} ended with {}: {}", outcome.status, outcome.words());
        }
        Ok(String::from_utf8_lossy(&outcome.stdout).into_owned())
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let mut command = std::process::Command::new(&self.program);
        if !self.inherits {
            command.env_clear();
        }
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        if let Some((uid, gid)) = self.owner {
            // std drops the supplementary groups itself when a root process sets another uid.
            command.uid(uid).gid(gid);
        }
        command.spawn()
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        write!(out, "{}", name.to_string_lossy())?;
        self.arguments.iter().try_for_each(|argument| write!(out, " {}", argument.to_string_lossy()))
    }
}

impl Outcome {
    /// The end of what it said, standard error first.
    #[must_use]
    pub fn words(&self) -> String {
        let words = tail(&self.stderr, TAIL);
        if words.is_empty() { tail(&self.stdout, TAIL) } else { words }
    }
}

/// Kills the whole process group and reaps the child; false where that is not allowed, and nobody may wait for it.
fn end(child: &mut Child, grace: Duration) -> bool {
    if let Ok(pid) = i32::try_from(child.id()) {
        let group = Pid::from_raw(pid);
        if !grace.is_zero() && killpg(group, Signal::SIGTERM).is_ok() {
            let patience = Deadline::after(grace);
            // Whatever it says now, somebody has to read it, or it could not put things in order.
            let _ = pipes::drain(child, &|| patience.is_over());
        }
        let _ = killpg(group, Signal::SIGKILL);
    }
    if child.kill().is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
        return false;
    }
    let _ = child.wait();
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit;

    fn shell(script: &str) -> Command {
        Command::new("/bin/sh".into()).args(["-c", script])
    }

    #[test]
    fn the_output_comes_back_and_the_environment_is_empty() -> Result<()> {
        let text = shell("echo \"$HOME$USER-$X\"").env("X", "x").output()?;
        assert_eq!(text, "-x\n");
        Ok(())
    }

    #[test]
    fn an_environment_is_inherited_only_when_asked_for() -> Result<()> {
        assert_eq!(shell("echo ${PATH:+set}$X").inherit().env("X", "x").output()?, "setx\n");
        Ok(())
    }

    #[test]
    fn a_failure_tells_the_last_words() {
        let error = shell("echo broken >&2; exit 3").output().unwrap_err();
        assert!(format!("{error:#}").contains("exit status: 3: broken"), "{error:#}");
    }

    #[test]
    fn much_output_on_both_streams_does_not_block() -> Result<()> {
        let outcome =
            shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; echo 0123456789 >&2; i=$((i+1)); done")
                .run()?;
        assert_eq!((outcome.stdout.len(), outcome.stderr.len()), (220_000, 220_000));
        Ok(())
    }

    #[test]
    fn the_deadline_kills_the_group_and_exits_4() {
        let started = std::time::Instant::now();
        let deadline = Deadline::after(Duration::from_millis(100));
        let error = shell("sleep 30 & sleep 30").deadline(deadline).run().unwrap_err();
        assert_eq!(exit::of(&error), Exit::Undecided);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn with_grace_it_may_put_things_in_order_first() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (ready, mark) = (tree.path().join("ready"), tree.path().join("mark"));
        let script = "trap 'echo ended >\"$M\"; exit 0' TERM; >\"$R\"; while :; do sleep 0.05; done";
        let command = shell(script).env("PATH", "/usr/bin:/bin").env("R", &ready).env("M", &mark);
        // Asked to end once it is ready for that, however busy the host is.
        static READY: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
        READY.get_or_init(|| ready);
        let command = command.deadline(Deadline::after(Duration::from_secs(60)));
        let command = command.unless(|| READY.get().is_some_and(|ready| ready.exists()));
        let error = command.grace(Duration::from_secs(20)).run().unwrap_err();
        assert!(format!("{error:#}").contains("before it was done"), "{error:#}");
        assert_eq!(std::fs::read_to_string(mark)?, "ended\n");
        Ok(())
    }

    #[test]
    fn it_is_ended_when_its_caller_is_asked_to_end() {
        let error = shell("sleep 30").unless(|| true).run().unwrap_err();
        assert!(format!("{error:#}").contains("before it was done"), "{error:#}");
    }

    #[test]
    fn a_background_child_that_keeps_the_pipe_does_not_hold_us() -> Result<()> {
        let started = std::time::Instant::now();
        let outcome = shell("sleep 30 & echo done").run()?;
        assert_eq!(outcome.stdout, b"done\n");
        assert!(started.elapsed() < Duration::from_secs(10));
        Ok(())
    }

    #[test]
    fn a_missing_program_is_69() {
        assert_eq!(exit::of(&find("no-such-program").unwrap_err()), Exit::Unavailable);
    }
}
