//! The provider at work: started in a process group of its own, watched, and ended without harm to what it started.
//!
//! Containers outlive the provider because their conmon has a session and a group of its own from its first moment
//! (`libpod/oci_conmon_common.go`, `Setpgid`; conmon then calls setsid(2)), as have pasta, rootlessport and aardvark-dns.
//! Only processes in the provider's own group are ever sent a signal.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use oneshot::text::tail;
use oneshot::{Deadline, Root};
use podman::program::is_retry;

use crate::process::{self, Process};
use crate::sys;

/// How long podman has to put its records in order after SIGTERM, before SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

/// How long a provider that has ended may leave children in its group.
const LOOK: Duration = Duration::from_millis(50);

/// How much of its output goes into a message.
const TAIL: usize = 2048;

/// Names that are never sent a signal, even in the provider's group: they carry containers.
const CARRIERS: [&str; 8] =
    ["conmon", "crun", "runc", "pasta", "rootlessport", "slirp4netns", "aardvark-dns", "catatonit"];

/// docker-compose's words for how far something is (`pkg/progress/event.go`), but for those of failures.
const STATES: [&str; 20] = [
    "Creating",
    "Created",
    "Recreate",
    "Recreated",
    "Starting",
    "Started",
    "Restarting",
    "Restarted",
    "Running",
    "Waiting",
    "Healthy",
    "Exited",
    "Stopping",
    "Stopped",
    "Removing",
    "Removed",
    "Pulling",
    "Pulled",
    "Building",
    "Built",
];

/// A program that changes containers.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its absolute path.
    pub program: std::path::PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables besides those of this process.
    pub environment: Vec<(OsString, OsString)>,
}

/// A running one. It is not ended when this is dropped.
#[derive(Debug)]
pub struct Applying {
    child: Child,
    group: i32,
    /// A file and no pipe: what outlives the provider may keep it, and nobody has to read it.
    output: File,
    told: u64,
    process: Option<OwnedFd>,
    status: Option<ExitStatus>,
}

impl Applying {
    /// Starts it.
    pub fn start(order: &Order) -> Result<Self> {
        let name = order.program.display().to_string();
        let output = memfd_create(c"provider", MFdFlags::MFD_CLOEXEC).context("making room for output")?;
        let output = File::from(output);
        let child = std::process::Command::new(&order.program)
            .args(&order.arguments)
            .envs(order.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("making room for output")?)
            .stderr(output.try_clone().context("making room for output")?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let group = i32::try_from(child.id()).context("reading a pid")?;
        let process = sys::open_process(group).ok();
        Ok(Self { child, group, output, told: 0, process, status: None })
    }

    /// Its status, once it has ended.
    pub fn status(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait().context("waiting for the provider")?;
        }
        Ok(self.status)
    }

    /// Readable once it has ended; `None` where the kernel has no such thing.
    #[must_use]
    pub fn end_of(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().map(OwnedFd::as_fd)
    }

    /// The names after `podman wait` of its children: what it waits for before it goes on.
    pub fn waits_for(&self) -> Vec<String> {
        let waiting = self.own().into_iter().map(|process| process::words(&Root::default(), process.pid));
        waiting.flat_map(|words| waited_for(&words)).collect()
    }

    /// Ends it and its children, first politely. Containers stay as they are.
    pub fn end(&mut self) -> Result<()> {
        let deadline = Deadline::after(GRACE);
        self.signal(Signal::SIGTERM);
        while !self.is_gone()? {
            if deadline.is_over() {
                self.signal(Signal::SIGKILL);
                self.child.wait().context("waiting for the provider")?;
                return Ok(());
            }
            sleep(LOOK);
        }
        Ok(())
    }

    fn is_gone(&mut self) -> Result<bool> {
        Ok(self.status()?.is_some() && self.own().is_empty())
    }

    fn signal(&self, signal: Signal) {
        let own = self.own().into_iter().map(|process| process.pid);
        // The provider itself, also where /proc shows it to nobody.
        let provider = self.status.is_none().then_some(self.group);
        for pid in own.filter(|pid| *pid != self.group).chain(provider) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// The provider and what it started in its group, but nothing that carries a container. Always those that really run:
    /// what was started below another root is no less real.
    fn own(&self) -> Vec<Process> {
        let all = process::all(&Root::default()).unwrap_or_default();
        all.into_iter().filter(|process| process.group == self.group && !carries(process)).collect()
    }

    /// Whole lines that came since the last call.
    pub fn lines(&mut self) -> Vec<String> {
        let text = self.read_from(self.told).unwrap_or_default();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (text, _) = text.split_at(whole);
        self.told += u64::try_from(whole).unwrap_or_default();
        String::from_utf8_lossy(text).lines().map(str::to_owned).collect()
    }

    /// The end of what it said, as one line, without what it only counted up: the id or name of a container that was made
    /// or started, and docker-compose's progress.
    #[must_use]
    pub fn words(&self) -> String {
        let said = self.read_from(0).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().filter(|line| !is_progress(line)).collect();
        tail(lines.join("\n").as_bytes(), TAIL)
    }

    /// By position, because the children write at the place where the file's own position is.
    fn read_from(&self, start: u64) -> std::io::Result<Vec<u8>> {
        use std::os::unix::fs::FileExt as _;
        let mut bytes = Vec::new();
        let mut room = vec![0; 65_536];
        let mut place = start;
        loop {
            let count = self.output.read_at(&mut room, place)?;
            let Some(part) = room.get(..count).filter(|part| !part.is_empty()) else { return Ok(bytes) };
            bytes.extend_from_slice(part);
            place += u64::try_from(count).unwrap_or_default();
        }
    }
}

/// One word, podman's next try of a pull, or a thing of docker-compose and how far it is: ` Container shop-web-1  Starting`.
fn is_progress(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    if is_retry(line) {
        return true;
    }
    match words.as_slice() {
        [] | [_] => true,
        [what @ .., state] => line.starts_with(' ') && what.len() <= 2 && STATES.contains(state),
    }
}

fn carries(process: &Process) -> bool {
    CARRIERS.iter().any(|name| process.name == *name || process.name.starts_with(&format!("{name}.")))
}

/// The containers in `podman wait --condition=healthy NAME…`; nothing for any other command line.
fn waited_for(words: &[String]) -> Vec<String> {
    let mut words = words.iter().skip_while(|word| *word != "wait");
    if words.next().is_none() {
        return Vec::new();
    }
    words.filter(|word| !word.starts_with('-')).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;

    fn order(script: &str) -> Order {
        let arguments = ["-c", script].map(OsString::from).to_vec();
        Order { program: "/bin/sh".into(), arguments, environment: vec![("X".into(), "x".into())] }
    }

    fn until(mut asked: impl FnMut() -> Result<bool>) -> Result<()> {
        let deadline = Deadline::after(Duration::from_secs(20));
        while !asked()? {
            ensure!(!deadline.is_over(), "not so after 20 s");
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    #[test]
    fn what_it_said_and_how_it_ended_is_told() -> Result<()> {
        let mut applying = Applying::start(&order(
            "echo one$X; echo two words >&2; echo 1234; printf 'half a line'; exit 3",
        ))?;
        until(|| Ok(applying.status()?.is_some()))?;
        assert_eq!(applying.status()?.and_then(|status| status.code()), Some(3));
        assert_eq!(applying.lines(), ["onex", "two words", "1234"]);
        assert!(applying.lines().is_empty());
        assert_eq!(applying.words(), "two words; half a line");
        Ok(())
    }

    #[test]
    fn the_progress_of_docker_compose_is_not_in_its_last_words() {
        for line in [
            " Container p-db-1  Creating",
            " Network p_default  Created",
            " web Pulling ",
            "9a1b",
            "",
            "time=\"2026-11-20T16:18:18Z\" level=warning msg=\"Failed, retrying in 1s ... (1/3). Error: pinging\"",
        ] {
            assert!(is_progress(line), "{line}");
        }
        for line in [
            " Container p-db-1  Error",
            " Container p-init-1  service \"init\" didn't complete successfully: exit 4",
            "dependency failed to start: container p-db-1 is unhealthy",
            "image is Created",
        ] {
            assert!(!is_progress(line), "{line}");
        }
    }

    #[test]
    fn ending_it_ends_its_children_but_nothing_in_another_group() -> Result<()> {
        let script = "setsid sleep 47.5 & echo $!; trap '' TERM; sleep 48.5 & wait; wait";
        let mut applying = Applying::start(&order(script))?;
        until(|| Ok(applying.own().len() >= 2))?;
        let mut said = String::new();
        until(|| {
            said += &applying.lines().concat();
            Ok(!said.is_empty())
        })?;
        // setsid(1) forks where it leads a group; here it does not.
        let survivor: i32 = said.trim().parse()?;
        until(|| Ok(process::words(&Root::default(), survivor).first().is_some_and(|word| word == "sleep")))?;
        applying.signal(Signal::SIGKILL);
        applying.end()?;
        assert!(applying.own().is_empty());
        assert!(process::is_alive(survivor));
        kill(Pid::from_raw(survivor), Signal::SIGKILL)?;
        Ok(())
    }

    #[test]
    fn the_containers_that_it_waits_for_are_read_from_its_children() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(waited_for(&words("podman wait --condition=healthy p_db_1 p_db_2")), ["p_db_1", "p_db_2"]);
        assert!(waited_for(&words("podman start p_web_1")).is_empty());
        assert!(carries(&Process { pid: 1, name: "pasta.avx2".into(), parent: 1, group: 1, session: 1 }));
    }
}
