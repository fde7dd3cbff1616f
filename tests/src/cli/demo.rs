//! `lab demo`: the fault, the repair and the proof, on the host's own systemd.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use lab::{Inside, Machine, Release, TIM, host};

use super::test::build;

/// What `nixos-generate-config` declares on WSL and becomes a line of fstab.
const STRAY: &str = "tmpfs /mnt/wslg/run/user/1000 tmpfs defaults 0 0\n";

/// Switched off at first, so that the fault is seen.
const DROP_IN: &str = "/etc/systemd/system/user-runtime-dir@.service.d/50-mendutils.conf";

/// How long a unit may take.
const SOON: Duration = Duration::from_secs(20);

/// Break a WSL user session as a stray fstab entry does, mend it through the shipped unit, and check it.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// host, bookworm, trixie or forky
    #[arg(long, default_value = "host")]
    release: Release,
}

impl Demo {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        host::install(&[host::MACHINE])?;
        build()?;
        let started = Instant::now();
        let machine = Machine::builder(self.release)
            .wsl_version("2.9.5.0")
            .programs()
            .file("/etc/fstab", STRAY, 0o644)
            .link(DROP_IN, "/dev/null")
            .boot()?;
        let version = machine.root(&["systemctl", "--version"]).ok()?;
        let version = version.text().lines().next().unwrap_or_default().to_owned();
        title(&format!(
            "{version}: booted with the mounts of WSL in {:.1} s",
            started.elapsed().as_secs_f32()
        ))?;

        title("The fault: fstab mounts a tmpfs over the runtime directory, and tim logs in as WSL does")?;
        show(&machine, &["cat", "/etc/fstab"])?;
        let _login = machine.login(TIM.name)?;
        machine.wait_for("user@1000.service", "failed", SOON)?;
        show(&machine, &["stat", "--format=%n: %A %U:%G", "/run/user/1000"])?;
        show(
            &machine,
            &[
                "journalctl",
                "-b",
                "--no-pager",
                "--output=cat",
                "--grep=not owned by UID|XDG_RUNTIME_DIR|Failed with result",
            ],
        )?;
        show(&machine, &["systemctl", "is-active", "user@1000.service"])?;
        let before = show(&machine, &["check-user-session", "--quiet", TIM.name])?;
        ensure!(before == 1, "check-user-session calls the broken session good: exit {before}");

        title("The repair: the shipped unit, once by hand; from now on the drop-in does it at every login")?;
        std::fs::remove_file(machine.path(DROP_IN)).context("switching the drop-in on")?;
        ensure!(show(&machine, &["systemctl", "daemon-reload"])? == 0, "the drop-in cannot be read");
        ensure!(
            show(&machine, &["systemctl", "start", "fix-runtime-dir@1000.service"])? == 0,
            "it was not mended"
        );
        show(
            &machine,
            &["journalctl", "-b", "--no-pager", "--output=cat", "--unit=fix-runtime-dir@1000.service"],
        )?;
        ensure!(show(&machine, &["fix-linger", TIM.name])? == 0, "tim does not linger");

        title("The cause: the line of fstab goes, as the hint says (on NixOS a stanza, applied with boot)")?;
        std::fs::write(machine.path("/etc/fstab"), "").context("deleting the stray line")?;

        title("The proof")?;
        let after = show(&machine, &["check-user-session", TIM.name])?;
        let report = machine.root(&["check-user-session", "--json", TIM.name]).ok()?;
        machine.stop()?;
        ensure!(after == 0, "check-user-session still finds fault: exit {after}");
        let wrong = ["\"warn\"", "\"fail\""]
            .iter()
            .any(|status| report.stdout.contains(&format!("\"status\":{status}")));
        ensure!(!wrong, "check-user-session still has something to say");
        host::say(&format!(
            "the session works; the machine is gone, after {:.1} s",
            started.elapsed().as_secs_f32()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn title(text: &str) -> Result<()> {
    let (on, off) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    writeln!(std::io::stdout(), "\n{on}== {text}{off}").context("writing to standard output")
}

/// Shows a command and what it says, on the terminal if there is one; gives its exit code.
fn show(machine: &Machine, command: &[&str]) -> Result<i32> {
    writeln!(std::io::stdout(), "# {}", command.join(" ")).context("writing to standard output")?;
    let terminal = std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned());
    let inside: Inside = machine.root(command).env("TERM", &terminal);
    let status = inside.interactive()?;
    Ok(status.code().unwrap_or(-1))
}
