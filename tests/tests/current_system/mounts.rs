//! Real mounts.

use super::*;

/// The folder on which the volume is mounted is there before, with an empty store in it.
pub(crate) fn late(release: Release) -> Result<()> {
    let machine = host(release).file("/etc/fstab", "/source /nix none bind,noauto 0 0\n", 0o644).boot()?;
    sh(&machine, "mv /nix /source; mkdir -p /nix/store")?;
    let over = machine.root(&["fix-current-system", "--timeout", "1"]).run()?.exits(4)?;
    for words in ["/nix/store is there, but not on a mount of its own", "/etc/fstab, line 1 says"] {
        ensure!(over.stderr.contains(words), "no {words:?} in {over}");
    }
    let script = format!(
        "fix-current-system --timeout 20 & pid=$!; sleep 0.5; test ! -e {LINK}; kill -0 $pid; \
         mount --bind /source /nix; wait $pid; readlink {LINK} {ROOT}; fix-current-system"
    );
    let output = alone(&machine, &script)?.ok()?;
    ensure!(output.text() == format!("{SYSTEM}\n{LINK}"), "{output}");
    let lines: Vec<&str> = output.stderr.lines().collect();
    let [waits, there, _, _] = lines.as_slice() else { anyhow::bail!("{output}") };
    ensure!(waits.contains("waiting 20 s at most"), "{output}");
    ensure!(there.contains("is there after 0."), "it was told, and not looked for: {output}");
    Ok(())
}

pub(crate) fn read_only(release: Release) -> Result<()> {
    let machine = host(release).boot()?;
    let locked = "mount --bind /run /run; mount -o remount,ro,bind /run; fix-current-system";
    // With the folder of the locks writable it is the link itself that fails.
    let only_link = "mkdir -p /run/mendutils; mount --bind /run /run; mount -t tmpfs tmpfs /run/mendutils; \
                     chmod 755 /run/mendutils; mount -o remount,ro,bind /run; fix-current-system";
    for script in [locked, only_link] {
        let before = names(&machine)?;
        let output = alone(&machine, script)?.exits(1)?;
        ensure!(output.stderr.lines().count() == 1, "not one line: {output}");
        for words in ["Read-only file system", "remount,rw"] {
            ensure!(output.stderr.contains(words), "no {words:?} in {output}");
        }
        ensure!(names(&machine)? == before, "something was written");
    }
    // What is right needs nothing to be written.
    sh(&machine, "fix-current-system")?;
    let output = alone(&machine, locked)?.ok()?;
    ensure!(output.stderr.is_empty(), "{output}");
    is_good(&machine)
}

pub(crate) fn no_root(release: Release) -> Result<()> {
    let machine = host(release).boot()?;
    let script = "mount --bind /nix /nix; mount -o remount,ro,bind /nix; fix-current-system";
    let output = alone(&machine, script)?.exits(1)?;
    ensure!(
        output.stderr.contains("the system may be collected") && output.stderr.contains(ROOT),
        "{output}"
    );
    ensure!(reads(&machine, LINK)? == SYSTEM, "the link is made all the same");
    sh(&machine, "fix-current-system")?;
    is_good(&machine)
}
