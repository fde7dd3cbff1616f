//! deny.toml, kept also where cargo-deny is not installed: banned crates, sources, licenses, wildcards.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::programs;

/// The only source of crates.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn read(path: &str) -> Result<String> {
    fs::read_to_string(programs::workspace().join(path)).with_context(|| format!("reading {path}"))
}

/// The values of `key = "…"` in a text of TOML.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let start = format!("{key} = \"");
    text.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The strings of the list `key` in a text of TOML.
fn list<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let start = format!("\n{key} = [");
    let body = text.split(start.as_str()).nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    body.split('"').skip(1).step_by(2).collect()
}

/// The names of a lock file.
fn locked(lock: &str) -> Vec<&str> {
    lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect()
}

#[test]
fn no_banned_crate_is_locked() -> Result<()> {
    let (deny, lock) = (read("deny.toml")?, read("Cargo.lock")?);
    let (banned, locked) = (values(&deny, "crate"), locked(&lock));
    ensure!(banned.contains(&"users"), "deny.toml does not ban users: {banned:?}");
    ensure!(locked.contains(&"uzers") && locked.len() > 40, "Cargo.lock reads as {locked:?}");
    let found: Vec<_> = banned.into_iter().filter(|name| locked.contains(name)).collect();
    ensure!(found.is_empty(), "Cargo.lock has {found:?}, which deny.toml bans");
    Ok(())
}

#[test]
fn the_ban_tells_users_from_uzers() {
    let lock = "[[package]]\nname = \"uzers\"\nversion = \"0.12.2\"\n\n[[package]]\nname = \"users\"\n";
    assert_eq!(locked(lock), ["uzers", "users"]);
    assert!(!locked(&lock.replace("\"users\"", "\"users-ng\"")).contains(&"users"));
}

#[test]
fn every_crate_comes_from_crates_io() -> Result<()> {
    let lock = read("Cargo.lock")?;
    let sources = values(&lock, "source");
    ensure!(sources.len() > 40, "Cargo.lock names {} sources", sources.len());
    for source in sources {
        assert_eq!(source, REGISTRY);
    }
    Ok(())
}

/// The manifests of the workspace.
fn manifests() -> Result<Vec<PathBuf>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(programs::workspace())
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1"])
        .output()?;
    let about: Value = serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    let packages = about.get("packages").and_then(Value::as_array).context("no packages")?;
    let paths = packages.iter().filter_map(|package| package.get("manifest_path")?.as_str());
    Ok(paths.map(PathBuf::from).collect())
}

#[test]
fn a_version_is_written_once_and_is_never_a_wildcard() -> Result<()> {
    ensure!(!read("Cargo.toml")?.contains("\"*\""), "Cargo.toml has a wildcard");
    for manifest in manifests()? {
        let text = fs::read_to_string(&manifest)?;
        let mut section = "";
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section.ends_with("dependencies]") && line.contains('=') && !line.starts_with('#') {
                ensure!(line.contains("workspace = true"), "{}: {line}", manifest.display());
            }
        }
    }
    Ok(())
}

/// Whether one of the allowed licenses is enough. An `AND` binds the alternatives around it, which is right for every
/// expression that is in use and too strict for others.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let flat = expression.replace(['(', ')'], "").replace('/', " OR ");
    flat.split(" AND ").all(|part| part.split(" OR ").any(|license| allowed.contains(&license.trim())))
}

#[test]
fn the_licenses_of_what_is_built_here_are_allowed() -> Result<()> {
    let deny = read("deny.toml")?;
    let allowed = list(&deny, "allow");
    ensure!(allowed.contains(&"MIT"), "deny.toml allows {allowed:?}");
    // Unlike cargo metadata it wants no crate that a build here does not want either.
    let output = Command::new(env!("CARGO"))
        .current_dir(programs::workspace())
        .args([
            "tree",
            "--workspace",
            "--offline",
            "--locked",
            "--no-dedupe",
            "--prefix=none",
            "--format={p}\t{l}",
        ])
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout)?;
    let rows: BTreeSet<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    ensure!(rows.len() > 40, "cargo tree names {rows:?}");
    for row in rows {
        let (package, license) = row.split_once('\t').context("no license")?;
        // cargo marks what it has shown before, and a package that is its own dev-dependency always.
        let license = license.trim_end_matches(" (*)");
        ensure!(is_allowed(license, &allowed), "{package} has the license {license:?}");
    }
    Ok(())
}

#[test]
fn of_alternatives_one_is_enough_and_all_parts_count() {
    let allowed = ["MIT", "Unicode-3.0"];
    for good in ["MIT", "Apache-2.0/MIT", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0", "none", "", "MIT AND GPL-3.0", "MITX"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
