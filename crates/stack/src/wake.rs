//! What ends a pause between two looks early. A look costs a podman process, a pause nothing; so what the kernel tells for
//! free is listened to: that a process has ended (pidfd_open(2)), and that podman has written what a health check said
//! (inotify(7)). Neither proves anything: they only say that a look is worth its price, and a pause ends without them too.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use podman::Container;
use serde_json::Value;

use crate::sys;

/// What podman writes into the run folder of a container (`libpod/healthcheck.go`); the format is its own, so this is
/// read for a hint only.
const LOG: &str = "healthcheck.log";

/// What is listened to.
#[derive(Debug)]
pub(crate) struct Wake {
    inotify: Option<Inotify>,
    folders: BTreeMap<PathBuf, (WatchDescriptor, String)>,
    processes: BTreeMap<i32, OwnedFd>,
    /// The words of logs that ended a pause already: a look that says otherwise is not repeated at once.
    heard: BTreeMap<PathBuf, String>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        // Where the user's inotify instances are used up, pauses just last their time.
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok();
        Self { inotify, folders: BTreeMap::new(), processes: BTreeMap::new(), heard: BTreeMap::new() }
    }

    /// Listens to these containers and no others; the word is the health that is known already.
    pub(crate) fn follow<'a>(&mut self, containers: impl Iterator<Item = (&'a Container, &'a str)>) {
        let (mut folders, mut pids) = (Vec::new(), Vec::new());
        for (container, health) in containers {
            pids.extend(container.pid);
            pids.extend(container.conmon);
            if let Some(folder) = container.run_folder.as_ref().filter(|_| !health.is_empty()) {
                folders.push((folder.clone(), health.to_owned()));
            }
        }
        self.processes.retain(|pid, _| pids.contains(pid));
        for pid in pids {
            if !self.processes.contains_key(&pid)
                && let Ok(process) = sys::open_process(pid)
            {
                self.processes.insert(pid, process);
            }
        }
        self.watch(folders);
    }

    fn watch(&mut self, folders: Vec<(PathBuf, String)>) {
        let Some(inotify) = &self.inotify else { return };
        self.folders.retain(|folder, (watch, _)| {
            let stays = folders.iter().any(|(wanted, _)| wanted == folder);
            if !stays {
                let _ = inotify.rm_watch(*watch);
            }
            stays
        });
        let flags = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO;
        for (folder, health) in folders {
            if let Ok(watch) = inotify.add_watch(&folder, flags) {
                self.folders.insert(folder, (watch, health));
            }
        }
    }

    /// Pauses for `span` at most, or until something happened that is worth a look (true), or a signal came. `also`:
    /// another descriptor whose readiness ends the pause, which is then one in which somebody is at work: a good health changes
    /// nothing for him.
    pub(crate) fn pause(&mut self, span: Duration, also: Option<BorrowedFd<'_>>) -> bool {
        let end = Instant::now() + span;
        // What was written between the look and now is in no event that is still to come.
        if self.has_news(also.is_some()) {
            return true;
        }
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || sys::asked_to_end().is_some() {
                return false;
            }
            let mut waiting: Vec<PollFd<'_>> = Vec::with_capacity(self.processes.len() + 2);
            waiting
                .extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify.as_fd(), PollFlags::POLLIN)));
            waiting.extend(also.map(|also| PollFd::new(also, PollFlags::POLLIN)));
            waiting.extend(self.processes.values().map(|one| PollFd::new(one.as_fd(), PollFlags::POLLIN)));
            // Rounded up: a pause of less than a millisecond would turn in a circle.
            let left = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            match poll(&mut waiting, left) {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
            let first = usize::from(self.inotify.is_some());
            let is_ready = |one: &PollFd<'_>| one.any().unwrap_or_default();
            if waiting.iter().skip(first).any(is_ready) || self.is_woken(also.is_some()) {
                return true;
            }
        }
    }

    /// Takes the events of inotify; true when one of them is news.
    fn is_woken(&mut self, only_bad: bool) -> bool {
        let Some(events) = self.inotify.as_ref().and_then(|inotify| inotify.read_events().ok()) else {
            return false;
        };
        !events.is_empty() && self.has_news(only_bad)
    }

    /// Whether logs speak of another health than the known one: one of a bad health, or all of a good one. As long as others
    /// are on their way, a look at those that are healthy would be one for each container.
    fn has_news(&mut self, only_bad: bool) -> bool {
        let (mut news, mut is_all, mut is_bad) = (Vec::new(), true, false);
        for (folder, (_, known)) in &self.folders {
            match word(folder) {
                Some(word) if word != *known => {
                    if self.heard.get(folder) != Some(&word) {
                        // Of a container that is being started podman writes other words as well.
                        is_bad |= word == "unhealthy" || (word != "healthy" && !only_bad);
                        news.push((folder.clone(), word));
                    }
                }
                _ => is_all = false,
            }
        }
        let has_news = !news.is_empty() && (is_bad || (is_all && !only_bad));
        if has_news {
            self.heard.extend(news);
        }
        has_news
    }

    /// Whether the next that happens to this container will be heard of: what its health check says, or its end.
    pub(crate) fn hears(&self, container: &Container, is_health: bool) -> bool {
        let is_followed = |pid: Option<i32>| pid.is_some_and(|pid| self.processes.contains_key(&pid));
        let in_log = || container.run_folder.as_ref().is_some_and(|folder| self.folders.contains_key(folder));
        is_followed(container.pid) && (!is_health || in_log())
    }

    /// A process of `podman` ends the pause once and is told by the next look; listening on would never pause again.
    pub(crate) fn forget_ended(&mut self) {
        self.processes.retain(|_, process| {
            let mut one = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
            !matches!(poll(&mut one, PollTimeout::ZERO), Ok(count) if count > 0)
        });
    }
}

/// What the log says; `None` before the first check. One that cannot be read says something else than anything known.
fn word(folder: &Path) -> Option<String> {
    let bytes = std::fs::read(folder.join(LOG)).ok()?;
    let value = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    Some(value.get("Status").and_then(Value::as_str).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_word_in_the_log_ends_a_pause_and_the_same_does_not() -> anyhow::Result<()> {
        let tree = tempfile::tempdir()?;
        let write = |word: &str| std::fs::write(tree.path().join(LOG), format!("{{\"Status\":\"{word}\"}}"));
        let mut wake = Wake::new();
        wake.watch(vec![(tree.path().to_owned(), "starting".to_owned())]);
        write("starting")?;
        let started = Instant::now();
        wake.pause(Duration::from_millis(150), None);
        assert!(started.elapsed() >= Duration::from_millis(150));
        write("healthy")?;
        wake.pause(Duration::from_secs(30), None);
        assert!(started.elapsed() < Duration::from_secs(10));
        Ok(())
    }

    #[test]
    fn a_good_health_ends_a_pause_when_it_is_the_last_and_a_bad_one_at_once() -> anyhow::Result<()> {
        let trees = [tempfile::tempdir()?, tempfile::tempdir()?];
        let mut wake = Wake::new();
        let folders = trees.iter().map(|tree| (tree.path().to_owned(), "starting".to_owned()));
        wake.watch(folders.collect());
        let write = |at: usize, word: &str| {
            std::fs::write(trees[at].path().join(LOG), format!("{{\"Status\":\"{word}\"}}"))
        };
        let span = Duration::from_millis(150);
        write(0, "healthy")?;
        assert!(!wake.pause(span, None), "the other is still on its way");
        write(1, "unhealthy")?;
        assert!(wake.pause(span, None));
        assert!(!wake.pause(span, None), "it was heard");
        write(1, "healthy")?;
        assert!(wake.pause(span, None), "the last one");
        Ok(())
    }

    #[test]
    fn the_end_of_a_process_ends_a_pause_once() -> anyhow::Result<()> {
        let mut child = std::process::Command::new("/bin/sleep").arg("0.1").spawn()?;
        let mut wake = Wake::new();
        let pid = i32::try_from(child.id())?;
        wake.processes.insert(pid, sys::open_process(pid)?);
        let started = Instant::now();
        wake.pause(Duration::from_secs(30), None);
        assert!(started.elapsed() < Duration::from_secs(10));
        wake.forget_ended();
        assert!(wake.processes.is_empty());
        child.wait()?;
        Ok(())
    }
}
