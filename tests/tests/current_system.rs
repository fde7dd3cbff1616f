//! fix-current-system on the real root of a machine that has a system profile as NixOS has it: with real mounts, with other
//! users in /run, killed at each of its calls, and in its unit.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use lab::session::plain;
use lab::{Builder, Machine, Output, Release};

#[path = "current_system/killed.rs"]
mod killed;
#[path = "current_system/mounts.rs"]
mod mounts;
#[path = "current_system/others.rs"]
mod others;
#[cfg_attr(target_os = "linux", path = "killed/tracer.rs")]
#[cfg_attr(not(target_os = "linux"), path = "killed/elsewhere.rs")]
mod tracer;
#[path = "current_system/unit.rs"]
mod unit;

fn main() -> ExitCode {
    // The kernel is the host's everywhere: only what systemd does is looked at on each release.
    lab::trials()
        .with_programs()
        .on(&[Release::Host], "a_store_that_is_mounted_late_is_waited_for_and_linked", mounts::late)
        .on(&[Release::Host], "a_read_only_run_is_told_and_nothing_is_changed", mounts::read_only)
        .on(&[Release::Host], "a_read_only_store_keeps_only_the_root_from_being_linked", mounts::no_root)
        .on(&[Release::Host], "killed_at_any_call_it_never_leaves_a_wrong_link", killed::at_each_call)
        .on(&[Release::Host], "names_that_are_swapped_in_run_never_make_a_wrong_link_good", others::swaps)
        .on(&[Release::Host], "without_root_it_looks_and_writes_nothing", others::no_root)
        .on_each("the_unit_links_it_at_boot_and_again", unit::works)
        .run()
}

const SYSTEM: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system";
const PROFILE: &str = "/nix/var/nix/profiles/system";
const LINK: &str = "/run/current-system";
const ROOT: &str = "/nix/var/nix/gcroots/current-system";

/// A machine with a system profile, to which nothing is linked.
fn host(release: Release) -> Builder {
    plain(release, false)
        .file(format!("{SYSTEM}/nixos-version"), "26.05", 0o644)
        .link(PROFILE, SYSTEM)
        .directory("/nix/var/nix/gcroots", 0o755, 0, 0)
}

/// What a link says; nothing where there is none.
fn reads(machine: &Machine, link: &str) -> Result<String> {
    Ok(machine.root(&["readlink", link]).run()?.text().to_owned())
}

/// Both links are right, and another run writes nothing and says nothing.
fn is_good(machine: &Machine) -> Result<()> {
    let (link, root) = (reads(machine, LINK)?, reads(machine, ROOT)?);
    ensure!(link == SYSTEM && root == LINK, "{LINK} says {link:?}, {ROOT} says {root:?}");
    let before = names(machine)?;
    let again = machine.root(&["fix-current-system", "--stale"]).ok()?;
    ensure!(again.stderr.is_empty() && again.stdout.is_empty(), "{again}");
    ensure!(names(machine)? == before, "a second run wrote something");
    Ok(())
}

/// Every name beside both links, with what tells whether it was written.
fn names(machine: &Machine) -> Result<String> {
    let find = [
        "find",
        "/run",
        "/nix/var",
        "-maxdepth",
        "3",
        "-name",
        "*current-system*",
        "-printf",
        "%p %i %l %C@\\n",
    ];
    Ok(machine.root(&find).ok()?.stdout)
}

fn sh(machine: &Machine, script: &str) -> Result<Output> {
    machine.root(&["sh", "-euc", script]).ok()
}

/// Runs a script in a mount namespace of its own; any exit code will do.
fn alone(machine: &Machine, script: &str) -> Result<Output> {
    machine.root(&["unshare", "--mount", "--propagation", "private", "sh", "-euc", script]).run()
}
