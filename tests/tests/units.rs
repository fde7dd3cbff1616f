//! The shipped units, as systemd's own critics see them, on every release.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use lab::{Machine, Release};

/// Instances, because a template alone cannot be verified. The second is systemd's own, with our drop-in.
const UNITS: [&str; 6] = [
    "fix-current-system.service",
    "fix-runtime-dir@1000.service",
    "user-runtime-dir@1000.service",
    "fix-linger@tim.service",
    "update-and-verify.service",
    "update-and-verify.timer",
];

/// Of the user's manager.
const OF_USERS: [&str; 3] =
    ["podman-stack@web.service", "update-and-verify.service", "update-and-verify.timer"];

/// Units of our own that a machine of WSL needs.
const OWN: [&str; 2] = ["fix-runtime-dir@1000.service", "fix-linger@tim.service"];

/// Files which systemd must call at least "OK": an exposure below 5.0 (`src/analyze/analyze-security.c`).
const HARDENED: [&str; 3] = ["fix-runtime-dir@.service", "fix-linger@.service", "fix-current-system.service"];

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .on_each("verify_has_nothing_to_say", verify)
        .on_each("security_calls_them_ok", security)
        .on_each("an_enabled_instance_runs_at_boot", enabled)
        .with_podman()
        .on(&Release::WITH_PODMAN, "verify_has_nothing_to_say_of_those_of_users", verify_of_users)
        .run()
}

fn verify(release: Release) -> Result<()> {
    let machine = Machine::builder(release).programs().boot()?;
    for unit in UNITS {
        let verified = machine.root(&["systemd-analyze", "verify", "--man=no", unit]).ok()?;
        ensure!(verified.stdout.is_empty() && verified.stderr.is_empty(), "{verified}");
    }
    // The critic does see faults.
    let broken = "[Service]\nExecStart=no-such-program %i\n";
    std::fs::write(machine.path("/etc/systemd/system/broken@.service"), broken)?;
    let verified = machine.root(&["systemd-analyze", "verify", "--man=no", "broken@1.service"]).run()?;
    ensure!(!verified.stderr.is_empty(), "{verified}");
    Ok(())
}

/// With podman, because a stack is stopped by podman-compose.
fn verify_of_users(release: Release) -> Result<()> {
    let machine = Machine::builder(release).podman().linger("tim").programs().boot()?;
    machine.wait_for("user@1000.service", "active", std::time::Duration::from_secs(20))?;
    for unit in OF_USERS {
        let verify = ["systemd-analyze", "verify", "--user", "--man=no", unit];
        let verified = machine.user("tim", &verify).ok()?;
        ensure!(verified.stdout.is_empty() && verified.stderr.is_empty(), "{verified}");
    }
    Ok(())
}

fn security(release: Release) -> Result<()> {
    let machine = Machine::builder(release).programs().boot()?;
    for name in HARDENED {
        let file = format!("/usr/lib/systemd/system/{name}");
        machine.root(&["systemd-analyze", "security", "--offline=true", "--threshold=49", &file]).ok()?;
    }
    machine.root(&["systemd-analyze", "security", "--threshold=49", "dbus.service"]).run()?.exits(1)?;
    Ok(())
}

/// The hardening must not keep them from working: both run as units, on a machine that needs both.
fn enabled(release: Release) -> Result<()> {
    let machine = Machine::builder(release)
        .wsl(true)
        .programs()
        .file("/etc/fstab", "tmpfs /mnt/wslg/run/user/1000 tmpfs defaults 0 0\n", 0o644)
        .link("/etc/systemd/system/user-runtime-dir@.service.d/50-mendutils.conf", "/dev/null")
        .enable("fix-linger@tim.service")
        .enable("fix-runtime-dir@1000.service")
        .boot()?;
    for unit in OWN {
        let result = machine.property(unit, "Result")?;
        let status = machine.property(unit, "ExecMainStatus")?;
        ensure!(result == "success" && status == "0", "{unit}: {result}, {status}\n{}", machine.journal()?);
    }
    machine.wait_for("user@1000.service", "active", std::time::Duration::from_secs(20))?;
    machine.root(&["check-user-session", "tim"]).ok()?;
    let linger = machine.root(&["loginctl", "show-user", "tim", "--property=Linger", "--value"]).ok()?;
    ensure!(linger.text() == "yes", "{linger}");
    Ok(())
}
