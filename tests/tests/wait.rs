//! wait-for-path and real mounts, and as the first command of a unit. Without an event it looks after 30 s, so a wait that
//! ends before was told.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use lab::session::{SOON, plain};
use lab::{Machine, Output, Release, wait_until};

fn main() -> ExitCode {
    // The kernel is the host's everywhere: only what systemd does is looked at on each release.
    lab::trials()
        .with_programs()
        .on(&[Release::Host], "a_mount_at_any_moment_is_told", moments)
        .on(&[Release::Host], "a_path_that_is_made_on_a_new_mount_is_told", made_on_mount)
        .on(&[Release::Host], "a_bare_folder_is_waited_out_until_it_is_mounted", mounted)
        .on(&[Release::Host], "another_mount_in_the_place_of_one_is_told", exchanged)
        .on(&[Release::Host], "a_mount_that_comes_from_another_namespace_is_told", propagated)
        .on(&[Release::Host], "without_inotify_and_without_proc_it_looks_every_second", deaf)
        .on_each("a_unit_behind_it_runs_once_the_mount_is_there", unit)
        .on_each("a_unit_that_waits_is_stopped_and_fails_at_its_deadline", stopped)
        .run()
}

/// A folder with what comes, and one on which it comes.
const FOLDERS: &str = "mkdir -p /source/a/b /late; echo here >/source/a/b/c; ";

fn machine(release: Release) -> Result<Machine> {
    plain(release, false).boot()
}

/// Runs a script in a mount namespace of its own, and fails unless it ends before a look without an event.
fn alone(machine: &Machine, script: &str) -> Result<Output> {
    let script = format!("{FOLDERS}{script}");
    let command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", &script];
    machine.root(&command).deadline(SOON).ok()
}

/// Mounted before, with, a moment and a second after the start, and again and again at about the same time.
fn moments(release: Release) -> Result<()> {
    let machine = machine(release)?;
    for (pause, rounds) in [("true", 30), ("sleep 0.001", 30), ("sleep 0.01", 30), ("sleep 1", 1)] {
        for _ in 0..2 {
            let script = format!(
                "n=0; while test $n -lt {rounds}; do \
                     wait-for-path --quiet --mounted /late/a/b/c -- cat /late/a/b/c >/said & pid=$!; \
                     {pause}; mount --bind /source /late; wait $pid; test \"$(cat /said)\" = here; \
                     wait-for-path --mounted --timeout 0 /late/a/b/c; \
                     umount /late; n=$((n + 1)); done"
            );
            let output = alone(&machine, &script)?;
            ensure!(output.stdout.is_empty() && output.stderr.is_empty(), "{output}");
        }
    }
    Ok(())
}

fn made_on_mount(release: Release) -> Result<()> {
    let machine = machine(release)?;
    let script = "wait-for-path --mounted /late/x/y/z & pid=$!; sleep 0.3; \
                  mount -t tmpfs tmpfs /late; sleep 0.1; mkdir /late/x; sleep 0.1; mkdir /late/x/y; sleep 0.1; \
                  mkdir /late/new; touch /late/new/z; rmdir /late/x/y; mv /late/new /late/x/y; wait $pid";
    let output = alone(&machine, script)?;
    ensure!(output.stderr.contains("/late/x/y/z is missing from /late/x on"), "{output}");
    ensure!(output.stderr.lines().count() == 2, "the start and the end, nothing between: {output}");
    Ok(())
}

/// Not by a mount below it or beside it, and not on the root.
fn mounted(release: Release) -> Result<()> {
    let machine = machine(release)?;
    let script = "mkdir -p /late/a/b /beside; touch /late/a/b/c; ln -s /late/a /link; \
                  wait-for-path --timeout 0 /late/a/b/c; \
                  wait-for-path --mounted /late/a/b/c & one=$!; \
                  wait-for-path --mounted /link/b & two=$!; sleep 0.3; \
                  mkdir /late/a/b/below; mount -t tmpfs tmpfs /late/a/b/below; mount -t tmpfs tmpfs /beside; \
                  sleep 0.3; kill -0 $one; kill -0 $two; mount --bind /source /late; wait $one; wait $two";
    let output = alone(&machine, script)?;
    let bare = "is there, but not on a mount of its own";
    ensure!(output.stderr.matches(bare).count() == 2, "{output}");
    // A mount point is on a mount of its own; a link to it is, too.
    alone(
        &machine,
        "mount --bind /source /late; ln -s late /to; wait-for-path --mounted --timeout 0 /late /to",
    )
    .map(drop)
}

fn exchanged(release: Release) -> Result<()> {
    let machine = machine(release)?;
    let script = "mount -t tmpfs tmpfs /late; mkdir -p /late/a; \
                  wait-for-path /late/a/b/c & pid=$!; sleep 0.3; umount /late; sleep 0.1; \
                  mount -t tmpfs tmpfs /late; sleep 0.1; mount --bind /source /late; wait $pid";
    alone(&machine, script)?;
    // Mounted over, the old folder is the one that was listened to.
    let script = "mkdir -p /late/a; wait-for-path /late/a/b & pid=$!; sleep 0.3; \
                  mount -t tmpfs tmpfs /late; sleep 0.1; mkdir -p /late/a; sleep 0.1; mkdir /late/a/b; wait $pid";
    alone(&machine, script).map(drop)
}

/// As into a service that has its own view of the mounts.
fn propagated(release: Release) -> Result<()> {
    let machine = machine(release)?;
    let script = format!(
        "{FOLDERS} unshare --mount --propagation slave \
             wait-for-path --mounted /late/a/b/c -- cat /late/a/b/c & pid=$!; sleep 0.3; \
         mount --make-rshared /; mount --bind /source /late; wait $pid"
    );
    let shared = format!("mount --make-rshared /; {script}");
    let output = machine
        .root(&["unshare", "--mount", "--propagation", "shared", "sh", "-euc", &shared])
        .deadline(SOON)
        .ok()?;
    ensure!(output.text() == "here", "{output}");
    Ok(())
}

/// It ends long before the look that is taken where events are expected.
fn deaf(release: Release) -> Result<()> {
    let machine = machine(release)?;
    let make = "sleep 0.3; mkdir -p /late/x; wait $pid";
    let no_proc = format!("umount -l /proc; wait-for-path /late/x & pid=$!; {make}");
    alone(&machine, &no_proc)?;
    let no_inotify = "echo 0 >/proc/sys/user/max_inotify_instances; wait-for-path /late/y & pid=$!; \
                      sleep 0.3; ls -l /proc/$pid/fd; mkdir /late/y; wait $pid";
    let script = format!("{FOLDERS}{no_inotify}");
    let command = ["unshare", "--user", "--map-root-user", "sh", "-euc", &script];
    let output = machine.root(&command).deadline(SOON).ok()?;
    ensure!(output.stdout.contains("mountinfo") && !output.stdout.contains("inotify"), "{output}");
    Ok(())
}

/// The command is the unit's main process, and has what systemd gives to one.
fn unit(release: Release) -> Result<()> {
    let script = "grep -E '^Sig(Ign|Blk)' /proc/self/status; cat /late/a/b/c; exec sleep infinity";
    let unit = |wait: &str| format!("[Service]\nExecStart={wait}/bin/sh -uc \"{script}\"\n");
    let machine = plain(release, false)
        .file("/etc/systemd/system/behind.service", unit("wait-for-path --mounted /late/a/b/c -- "), 0o644)
        .file("/etc/systemd/system/direct.service", unit(""), 0o644)
        .boot()?;
    machine.root(&["sh", "-euc", &format!("{FOLDERS}systemctl start behind.service")]).ok()?;
    let said = |unit: &str| -> Result<String> {
        let journal = ["journalctl", "--no-pager", "--quiet", "--output=cat", "--unit", unit];
        Ok(machine.root(&journal).ok()?.stdout)
    };
    let waits = "waiting 300 s at most: /late/a/b/c is missing from /late/a on\n";
    wait_until(SOON, || Ok(said("behind")?.contains(waits)))?;
    let pid = machine.property("behind", "MainPID")?;
    machine.root(&["systemd-mount", "--type=none", "--options=bind", "/source", "/late"]).ok()?;
    wait_until(SOON, || Ok(said("behind")?.contains("here\n")))?;
    ensure!(machine.property("behind", "MainPID")? == pid, "another process");
    ensure!(said("behind")?.contains("/late/a/b/c is there after "), "{}", said("behind")?);
    machine.root(&["systemctl", "start", "direct.service"]).ok()?;
    wait_until(SOON, || Ok(said("direct")?.contains("here\n")))?;
    let signals =
        |text: &str| text.lines().filter(|line| line.starts_with("Sig")).map(str::to_owned).collect();
    let (behind, direct): (Vec<String>, Vec<String>) = (signals(&said("behind")?), signals(&said("direct")?));
    ensure!(behind.len() == 2 && behind == direct, "{behind:?} and not {direct:?}");
    Ok(())
}

fn stopped(release: Release) -> Result<()> {
    let machine = plain(release, false)
        .file(
            "/etc/systemd/system/late.service",
            "[Service]\nExecStart=wait-for-path /late/x\n\
             ExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >/ended'\n",
            0o644,
        )
        .file(
            "/etc/systemd/system/over.service",
            "[Service]\nExecStart=wait-for-path --timeout 1 /late/x -- /bin/false\n",
            0o644,
        )
        .boot()?;
    machine.root(&["systemctl", "start", "late.service", "over.service"]).ok()?;
    machine.wait_for("over.service", "failed", SOON)?;
    ensure!(machine.property("over", "ExecMainStatus")? == "4");
    ensure!(machine.property("late", "ActiveState")? == "active");
    machine.root(&["systemctl", "stop", "late.service"]).deadline(Duration::from_secs(10)).ok()?;
    // SIGTERM is a clean end (systemd.service(5), SuccessExitStatus=).
    let ended = machine.root(&["cat", "/ended"]).ok()?;
    ensure!(ended.text() == "success killed TERM", "{ended}");
    Ok(())
}
