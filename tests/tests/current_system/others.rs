//! Other users, in a /run that they can write to, and as callers.

use super::*;

/// Swaps every temporary link for one of its own, and holds names that could be guessed.
const SWAP: &str = "cd /run; for name in .current-system. .current-system.new .current-system.tmp; do \
                    ln -sn /victim $name; done; touch /tmp/swaps; \
                    while :; do for name in .current-system.????????????????; do \
                    test ! -L $name || ln -sfn /victim $name 2>/dev/null || :; done; done";

pub(crate) fn swaps(release: Release) -> Result<()> {
    let machine = host(release).directory("/victim", 0o755, 0, 0).boot()?;
    sh(&machine, "chmod 777 /run; touch /victim/file")?;
    let mut swapper = machine.user("tim", &["sh", "-c", SWAP]).spawn()?;
    lab::wait_until(lab::session::SOON, || Ok(machine.root(&["test", "-e", "/tmp/swaps"]).run()?.code == 0))?;
    let (mut good, mut seen) = (0, 0);
    for _ in 0..200 {
        sh(&machine, &format!("rm -f {LINK} {ROOT}"))?;
        let run = machine.root(&["fix-current-system"]).run()?;
        let link = reads(&machine, LINK)?;
        match run.code {
            0 => {
                ensure!(link == SYSTEM, "it claims success, and the link says {link:?}: {run}");
                good += 1;
            }
            // It was swapped in between, and is told to be so.
            3 => {
                ensure!(link == "/victim" && run.stderr.contains("something undoes it"), "{link:?}, {run}");
                seen += 1;
            }
            // The temporary link was away just then, or a folder.
            1 => ensure!(link.is_empty() || link == SYSTEM, "{link:?}, {run}"),
            _ => ensure!(false, "{run}"),
        }
    }
    swapper.kill()?;
    swapper.wait()?;
    ensure!(good > 0, "it never came through ({seen} times swapped)");
    let victim = sh(&machine, "ls -A /victim; readlink /run/.current-system.new")?;
    ensure!(victim.text() == "file\n/victim", "{victim}");
    sh(&machine, "rm -f /run/.current-system.*; fix-current-system --stale")?;
    is_good(&machine)
}

pub(crate) fn no_root(release: Release) -> Result<()> {
    let machine = host(release).boot()?;
    let before = names(&machine)?;
    let denied = machine.user("tim", &["fix-current-system"]).run()?.exits(77)?;
    ensure!(denied.stderr.contains("root") && denied.stderr.lines().count() == 1, "{denied}");
    let dry = machine.user("tim", &["fix-current-system", "--dry-run"]).run()?.exits(0)?;
    ensure!(dry.stdout.lines().count() == 2, "{dry}");
    ensure!(names(&machine)? == before, "something was written");
    sh(&machine, "fix-current-system")?;
    let healthy = machine.user("tim", &["fix-current-system"]).run()?.exits(0)?;
    ensure!(healthy.stderr.is_empty(), "{healthy}");
    Ok(())
}
