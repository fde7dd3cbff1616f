//! `lab bench-waits`: from the system call that brings a path to the end of what waited for it.

#[cfg_attr(target_os = "linux", path = "waits/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "waits/elsewhere.rs")]
mod mounts;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::host;

use super::super::test;
use super::{page, table};

/// What waits: its name, and whether it is the loop.
const CANDIDATES: [(&str, bool); 2] =
    [("`wait-for-path PATH`", false), ("`until [ -e PATH ]; do sleep 0.1; done` (sh)", true)];

/// What brings the path.
const EVENTS: [(&str, Event); 3] = [
    ("a folder is made", Event::Folder),
    ("four folders are made, one in the other; from the last on", Event::Folders),
    ("a mount has it", Event::Mount),
];

/// Below the folder of a round.
const PATH: &str = "a/b/c/d";

#[derive(Clone, Copy)]
enum Event {
    Folder,
    Folders,
    Mount,
}

/// Measure how soon a wait for a path ends
#[derive(Debug, Args)]
pub(crate) struct BenchWaits {
    /// How many rounds; in each every candidate waits once for every event
    #[arg(long, value_name = "N", default_value_t = 200)]
    rounds: u32,
    /// Write the result to docs/performance.md
    #[arg(long)]
    write: bool,
}

impl BenchWaits {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let Some(folder) = test::static_programs()? else {
            bail!("measuring static programs: there are none; cargo xtask dist makes them");
        };
        mounts::alone()?;
        let program = folder.join("wait-for-path");
        let scratch = tempfile::tempdir_in(host::workspace().join("target")).context("making a folder")?;
        let mut rows = Vec::new();
        for (what, event) in EVENTS {
            for (name, is_loop) in CANDIDATES {
                rows.push((what, name, event, is_loop, Vec::new()));
            }
        }
        for round in 0..self.rounds {
            for (_, _, event, is_loop, times) in &mut rows {
                let place = tempfile::tempdir_in(scratch.path()).context("making a folder")?;
                let wait = if *is_loop { shell(place.path()) } else { Command::new(&program) };
                times.push(once(wait, *event, place.path(), round)?);
            }
        }
        let mut text = String::from(HEAD);
        writeln!(text, "{} rounds on {}.\n", self.rounds, table::host()?)?;
        writeln!(
            text,
            "| event | what waits | least (ms) | median (ms) | most (ms) |\n|---|---|--:|--:|--:|"
        )?;
        for (what, name, _, _, mut times) in rows {
            times.sort_by(f64::total_cmp);
            let at = |index: usize| times.get(index).copied().context("no rounds");
            let (least, median, most) = (at(0)?, at(times.len() / 2)?, at(times.len().saturating_sub(1))?);
            writeln!(text, "| {what} | {name} | {least:.2} | {median:.2} | {most:.2} |")?;
        }
        host::say(&text)?;
        if self.write {
            page::put("Waiting", &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

const HEAD: &str = "\
Something waits for a path, and sleeps; then the path is made, or a mount brings it. Measured is the time from just before
the system call that brings it to the end of the process that waited, as its parent sees it: the wake-up, the look and the
exit. In each round every candidate waits once for every event, for a time that is another one in each round, so that the
loop is not always met at the same moment of its pause. Needs root, for the mounts. Written by

```
cargo lab bench-waits --write
```

The aim: at most 5 ms (median).

";

fn shell(place: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg("until [ -e \"$1\" ]; do sleep 0.1; done").arg("sh").current_dir(place);
    command
}

/// Milliseconds.
fn once(mut wait: Command, event: Event, place: &Path, round: u32) -> Result<f64> {
    let path = place.join(PATH);
    let parent = path.parent().unwrap_or(place);
    match event {
        Event::Folder => fs::create_dir_all(parent),
        Event::Folders => Ok(()),
        Event::Mount => fs::create_dir_all(place.join("a")).and_then(|()| fs::create_dir_all(source(place))),
    }
    .with_context(|| format!("preparing {}", place.display()))?;
    let mut child = wait
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting what waits")?;
    sleep(Duration::from_millis(60 + u64::from(round) * 37 % 100));
    ensure!(
        child.try_wait().context("looking at what waits")?.is_none(),
        "what waits for {} has ended",
        path.display()
    );
    let result = bring(event, place, &path).and_then(|started| end(&mut child, started));
    if result.is_err() {
        // The error that is told is the first one.
        let _ = child.kill();
        let _ = child.wait();
    }
    if matches!(event, Event::Mount) {
        mounts::take_off(&place.join("a"))?;
    }
    result
}

/// Makes the path; the answer is the moment before.
fn bring(event: Event, place: &Path, path: &Path) -> Result<Instant> {
    if matches!(event, Event::Folders) {
        fs::create_dir_all(path.parent().unwrap_or(place)).context("making the folders above it")?;
        // It sleeps again.
        sleep(Duration::from_millis(5));
    }
    let started = Instant::now();
    match event {
        Event::Folder | Event::Folders => fs::create_dir(path).context("making the path")?,
        Event::Mount => mounts::bind(&place.join("source"), &place.join("a"))?,
    }
    Ok(started)
}

fn end(child: &mut Child, started: Instant) -> Result<f64> {
    let status = child.wait().context("waiting for what waits")?;
    let time = started.elapsed().as_secs_f64() * 1e3;
    ensure!(status.success(), "what waited has ended with {status}");
    Ok(time)
}

/// What the mount shows.
fn source(place: &Path) -> PathBuf {
    place.join("source").join(PATH.trim_start_matches("a/"))
}
