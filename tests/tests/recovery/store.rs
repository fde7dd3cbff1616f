//! A store that is mounted late, or never. The mounts are real, in a namespace of their own.

use std::fs;
use std::path::Path;
use std::process::Command;

use launchd_stand_in::{Outcome, Test, trials};

use crate::mac::{Mac, Ran, SYSTEM, cannot, definition};

pub(crate) const TESTS: &[Test] = trials![
    lf4_a_store_that_comes_late_is_asked_for_and_waited_for,
    lf4_a_store_that_never_comes_is_told_with_what_to_do,
    lf4_a_daemon_that_is_disabled_and_not_loaded_is_enabled_loaded_and_started,
    lf4_a_launchctl_that_hangs_as_root_is_left_and_the_store_waited_for,
];

const LABEL: &str = "systems.determinate.nix-store";

/// A Mac whose store is to be mounted, and is not; what is to be mounted stands in `/volume`.
fn away() -> Result<Mac, Box<dyn std::error::Error>> {
    let mac = Mac::new()?;
    mac.write("/private/etc/synthetic.conf", "nix\nrun\tprivate/var/run\n", 0o644)?;
    mac.write("/usr/local/bin/determinate-nixd", "", 0o755)?;
    let text = definition(LABEL, "/usr/local/bin/determinate-nixd");
    mac.write(&format!("/Library/LaunchDaemons/{LABEL}.plist"), &text, 0o644)?;
    mac.launchd.edit(|state| {
        state.ends.insert(LABEL.to_owned(), 1);
    })?;
    mac.load(LABEL)?;
    mac.launchd.forget()?;
    fs::rename(mac.at("/nix"), mac.at("/volume"))?;
    fs::create_dir(mac.at("/nix"))?;
    let _ = fs::remove_file(mac.at("/private/var/run/current-system"));
    Ok(mac)
}

/// Runs it in a mount namespace; `meanwhile` is a script with the tree as `$1`.
fn run(mac: &Mac, meanwhile: &str, arguments: &str) -> Result<Ran, Box<dyn std::error::Error>> {
    let script = format!(
        "{meanwhile}\nexec setpriv --reuid 1000 --regid 1000 --clear-groups env -i HOME=/Users/tim \
         \"$1/usr/local/libexec/mendutils/recover-activation\" --root \"$1\" {arguments}"
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]).arg(mac.root());
    Ok(Ran(command.output()?))
}

const LATE: &str = "(sleep 1; mount --bind \"$1/volume\" \"$1/nix\") >/dev/null 2>&1 &";
const THERE: &str = "mount --bind \"$1/volume\" \"$1/nix\"";

fn lf4_a_store_that_comes_late_is_asked_for_and_waited_for() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = away()?;
    let ran = run(&mac, LATE, "--json --timeout 60")?.exits(0)?;
    assert_eq!(ran.kinds()?, ["kickstart", "recover-link"]);
    assert_eq!(mac.current().as_deref(), Some(Path::new(SYSTEM)));
    let before = mac.listing()?;
    assert_eq!(run(&mac, THERE, "")?.exits(0)?.said(), "");
    assert_eq!(mac.listing()?, before);
    Ok(())
}

fn lf4_a_store_that_never_comes_is_told_with_what_to_do() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = away()?;
    let ran = run(&mac, "", "--json --timeout 1")?.exits(4)?;
    assert_eq!(ran.kinds()?, ["kickstart"]);
    let ran = ran.says("done: start systems.determinate.nix-store")?;
    ran.says("LF4")?.says("determinate-nixd init")?;
    assert_eq!(mac.calls("osascript")?.len(), 1);
    Ok(())
}

fn lf4_a_daemon_that_is_disabled_and_not_loaded_is_enabled_loaded_and_started() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = away()?;
    let name = format!("system/{LABEL}");
    mac.launchctl(&["bootout", &name])?;
    mac.launchctl(&["disable", &name])?;
    mac.launchd.forget()?;
    let ran = run(&mac, LATE, "--json --timeout 60")?.exits(0)?;
    assert_eq!(ran.kinds()?, ["enable", "bootstrap", "kickstart", "recover-link"]);
    Ok(())
}

fn lf4_a_launchctl_that_hangs_as_root_is_left_and_the_store_waited_for() -> Outcome {
    if cannot()? {
        return Ok(());
    }
    let mac = away()?;
    mac.launchd.edit(|state| {
        state.hangs.insert("kickstart".to_owned());
    })?;
    let begin = std::time::Instant::now();
    let ran = run(&mac, "", "--json --timeout 1")?.exits(4)?;
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    ran.says("is left as it is: it may not be killed")?;
    Ok(())
}
