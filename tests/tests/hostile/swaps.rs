//! Somebody exchanges a directory and a link, while the program runs again and again.

use std::fs::File;
use std::fs::Permissions;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lab::session::wsl;
use lab::{Output, Release, Session, TIM};
use nix::unistd::{Gid, Uid, fchown};

use super::sys::exchange;

/// How often the names are exchanged at least, and how often the program runs.
const SWAPS: u32 = 10_000;
const RUNS: u32 = 200;

/// Root's, and with the names that the program looks for in a runtime directory.
const DECOY: &str = "mkdir -p /decoy/pulse /decoy/dbus-1/service /decoy/systemd; \
                     touch /decoy/wayland-0 /decoy/bus /decoy/pulse/pid; chmod 1777 /decoy";
const LOOK: &str = "find /decoy -printf '%p %y %i %m %U:%G %s %l %T@ %C@\n' | sort; \
                    grep -c ' /decoy' /proc/1/mountinfo || true; stat -c '%a %u %g %Z' / /etc /home/tim";

/// Runs it over and over and prints its exit codes. What it has mounted is taken off, no link followed.
fn script(between: &str) -> String {
    format!(
        "n=0; while test $n -lt {RUNS}; do code=0; fix-runtime-dir 1000 >/dev/null 2>&1 || code=$?; echo $code; \
         {between}; n=$((n + 1)); done"
    )
}

/// Swaps two names below `/run/user` until the program has run often enough.
fn race(session: &Session, folder: &str, names: [&str; 2], between: &str) -> Result<()> {
    let before = session.sh(LOOK)?.stdout;
    let folder = File::open(session.machine.path(folder)).context("opening the folder of the names")?;
    // To make it wrong again, whatever its name is then.
    let directory = File::open(session.machine.path("/run/user/swapped"))
        .or_else(|_| File::open(session.machine.path("/run/user/1000/swapped")))
        .context("opening the directory that is exchanged")?;
    let (over, ready) = (AtomicBool::new(false), AtomicBool::new(false));
    let (swaps, output) = thread::scope(|scope| -> Result<(u32, Output)> {
        let swapper = scope.spawn(|| {
            let (mut swaps, mut tries) = (0_u32, 0_u32);
            while !over.load(Ordering::Relaxed) || swaps < SWAPS {
                tries += 1;
                // Busy while something is mounted there.
                let [one, two] = names;
                if exchange(&folder, one, two).is_ok() {
                    swaps += 1;
                }
                if tries % 16 == 0 {
                    fchown(directory.as_fd(), Some(Uid::from_raw(0)), Some(Gid::from_raw(0))).ok();
                    directory.set_permissions(Permissions::from_mode(0o1777)).ok();
                }
                ready.store(true, Ordering::Relaxed);
                if over.load(Ordering::Relaxed) && tries > 100 * SWAPS {
                    break;
                }
            }
            swaps
        });
        let command = script(between);
        let run = session.machine.root(&["sh", "-uc", &command]).deadline(Duration::from_secs(300)).run();
        over.store(true, Ordering::Relaxed);
        let swaps = swapper.join().unwrap_or_default();
        Ok((swaps, run?))
    })?;
    let after = session.sh(LOOK)?.stdout;
    ensure!(before == after, "something outside has changed:\n--- before\n{before}--- after\n{after}");
    ensure!(ready.load(Ordering::Relaxed) && swaps >= SWAPS, "only {swaps} swaps");
    let mut codes: Vec<&str> = output.stdout.lines().collect();
    ensure!(codes.len() == RUNS as usize, "not {RUNS} runs: {output}");
    codes.sort_unstable();
    codes.dedup();
    // In order, refused, contradicted, busy; nothing else, and no signal.
    ensure!(codes.iter().all(|code| ["0", "1", "3", "75"].contains(code)), "exit codes {codes:?}");
    ensure!(codes.len() > 1, "every run has ended with {codes:?}: no race at all");
    Ok(())
}

/// `/run/user/1000` itself. Only root could do so; it shows that no path is walked twice.
pub(crate) fn directory(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?);
    session.sh(DECOY)?;
    session.sh("ln -s /decoy /run/user/1000; mkdir -m 1777 /run/user/swapped")?;
    let between = "umount --no-canonicalize --lazy /run/user/1000 2>/dev/null";
    race(&session, "/run/user", ["1000", "swapped"], between)?;
    // And when it is over, it is mended. Under either name something may be mounted: it was the same directory.
    session.sh(
        "for place in /run/user/1000 /run/user/swapped; do \
             while mountpoint --quiet --nofollow $place && umount --no-canonicalize --lazy $place; do :; done; \
             rm -rf $place; \
         done",
    )?;
    session.sh("loginctl enable-linger tim")?;
    session.is_mended()
}

/// What a user can do at any time in a directory of their own, while the links of WSLg are missing there.
pub(crate) fn children(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh(DECOY)?;
    session.sh(
        "cd /run/user/1000; rm -r pulse; ln -s /decoy pulse; mkdir swapped; chown -h 1000:100 pulse swapped",
    )?;
    let between = "rm -f /run/user/1000/wayland-0; chmod 755 /run/user/1000";
    race_by_the_user(&session, between)?;
    ensure!(TIM.uid == 1000);
    session.sh("cd /run/user/1000; rm -rf pulse swapped")?;
    session.fix(&["1000"])?.exits(0)?;
    session.is_mended()
}

fn race_by_the_user(session: &Session, between: &str) -> Result<()> {
    race(session, "/run/user/1000", ["pulse", "swapped"], between)
}
