//! What the modules are evaluated with.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::repository;

/// Its test fixtures hold the `lib` of a nixpkgs: the only one that a package registry has.
const LIB_CRATE: (&str, &str) = ("nixdoc", "0.3.0");
const LIB_FOLDER: &str = "src/tests/fixtures";

/// What the cases are evaluated with.
#[derive(Clone)]
pub(crate) struct World {
    nix: PathBuf,
    arguments: Vec<OsString>,
    nixos: &'static str,
    home: &'static str,
    darwin: &'static str,
}

impl World {
    /// What can be had here, or what it would need.
    pub(crate) fn find() -> std::result::Result<Self, String> {
        let nix =
            nix_instantiate().ok_or("nix-instantiate (Debian: nix-bin), or MENDUTILS_NIX_INSTANTIATE")?;
        let mut world = Self {
            nix,
            arguments: Vec::new(),
            nixos: "with_stubbed_nixos",
            home: "with_stubbed_home_manager",
            darwin: "with_stubbed_nix_darwin",
        };
        if let Some(nixpkgs) = env::var_os("MENDUTILS_NIXPKGS") {
            world.nixos = "with_real_nixos";
            world.give("nixpkgs", "<nixpkgs>", nixpkgs);
            if let Some(wsl) = env::var_os("MENDUTILS_NIXOS_WSL") {
                world.nixos = "with_real_nixos_and_nixos_wsl";
                world.give("nixosWsl", "<nixosWsl>", wsl);
            }
            if let Some(home) = env::var_os("MENDUTILS_HOME_MANAGER") {
                world.home = "with_real_home_manager";
                world.give("homeManager", "<homeManager>", home);
            }
            if let Some(darwin) = env::var_os("MENDUTILS_NIX_DARWIN") {
                world.darwin = "with_real_nix_darwin";
                world.give("nixDarwin", "<nixDarwin>", darwin);
            }
        } else {
            let lib =
                nixpkgs_lib().map_err(|error| format!("MENDUTILS_NIXPKGS, or a registry: {error:#}"))?;
            world.give("lib", "import <lib>", lib.into());
        }
        Ok(world)
    }

    /// What a group of cases is evaluated with, for the names of tests.
    pub(crate) fn name(&self, group: &str) -> &'static str {
        match group {
            "home" => self.home,
            "darwin" => self.darwin,
            _ => self.nixos,
        }
    }

    /// Passes a path by way of the search path, where nothing needs quoting.
    fn give(&mut self, argument: &str, expression: &str, path: OsString) {
        let mut entry = OsString::from(format!("{argument}="));
        entry.push(path);
        self.arguments.extend(["-I".into(), entry, "--arg".into(), argument.into(), expression.into()]);
    }

    /// The value of an attribute of a file in nix/checks.
    pub(crate) fn evaluate(&self, file: &str, attribute: &str) -> Result<Value> {
        let output = Command::new(&self.nix)
            .args(["--eval", "--strict", "--json", "--readonly-mode", "--store", "dummy://"])
            .args(["-A", attribute])
            .arg(repository().join("nix/checks").join(file))
            .args(&self.arguments)
            .output()
            .context("running nix-instantiate")?;
        ensure!(
            output.status.success(),
            "evaluating {attribute}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("reading the answer of nix-instantiate")
    }
}

fn nix_instantiate() -> Option<PathBuf> {
    if let Some(given) = env::var_os("MENDUTILS_NIX_INSTANTIATE").filter(|given| !given.is_empty()) {
        return Some(given.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join("nix-instantiate")).find(|file| file.is_file())
}

/// Where cargo unpacked [`LIB_CRATE`]; it is downloaded once.
fn nixpkgs_lib() -> Result<PathBuf> {
    let (name, version) = LIB_CRATE;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nixpkgs-lib");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    // A workspace of its own: the folder may lie below this one.
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[package]\nname = \"nixpkgs-lib\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{name} = \"={version}\"\n"
        ),
    )?;
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--quiet", "--format-version=1"])
        .current_dir(&folder)
        .output()
        .context("running cargo metadata")?;
    ensure!(output.status.success(), "fetching {name}: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).context("reading cargo's metadata")?;
    let manifest = metadata
        .get("packages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(Value::as_str) == Some(name))
        .and_then(|package| package.get("manifest_path"))
        .and_then(Value::as_str)
        .with_context(|| format!("finding {name} in cargo's metadata"))?;
    let lib = Path::new(manifest).with_file_name(LIB_FOLDER);
    ensure!(lib.join("default.nix").is_file(), "finding the lib of nixpkgs in {}", lib.display());
    Ok(lib)
}
