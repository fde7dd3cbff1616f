//! The NixOS module, evaluated, and the install step of the Nix package. Nothing is built.
//!
//! The cases of the module stand in nix/checks/cases, and a trial's name says what they were evaluated with:
//! `with_real_nixos` where `MENDUTILS_NIXPKGS` names a nixpkgs (and `MENDUTILS_NIXOS_WSL` a NixOS-WSL, else its
//! options are stubs), `with_stubbed_nixos` elsewhere: nixpkgs' own `lib.evalModules` on stubbed options.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use anyhow::{Context as _, Result, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Its test fixtures hold the `lib` of a nixpkgs: the only one that a package registry has.
const LIB_CRATE: (&str, &str) = ("nixdoc", "0.3.0");
const LIB_FOLDER: &str = "src/tests/fixtures";

fn main() -> ExitCode {
    let mut trials = vec![
        trial("install::units_name_the_programs_of_the_package", units_name_the_programs_of_the_package),
        trial("install::only_the_program_of_an_exec_line_changes", only_the_program_of_an_exec_line_changes),
        trial("install::an_unknown_program_is_refused", an_unknown_program_is_refused),
        trial(
            "install::a_program_outside_of_the_package_is_refused",
            a_program_outside_of_the_package_is_refused,
        ),
    ];
    match module_trials() {
        Ok(module) => trials.extend(module),
        Err(error) => trials.push(trial("module::is_evaluated", move || bail!("{error:#}"))),
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, case: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || case().map_err(|error| Failed::from(format!("{error:#}"))))
}

fn skipped(name: &str, need: &str) -> Trial {
    let need = need.to_owned();
    trial(name, move || lab::skip(&need))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

// The module.

/// What the cases are evaluated with.
#[derive(Clone)]
struct World {
    name: &'static str,
    nix: PathBuf,
    arguments: Vec<OsString>,
}

impl World {
    /// Passes a path by way of the search path, where nothing needs quoting.
    fn give(&mut self, argument: &str, expression: &str, path: OsString) {
        let mut entry = OsString::from(format!("{argument}="));
        entry.push(path);
        self.arguments.extend(["-I".into(), entry, "--arg".into(), argument.into(), expression.into()]);
    }

    /// The value of an attribute of nix/checks/results.nix.
    fn evaluate(&self, attribute: &str) -> Result<Value> {
        let output = Command::new(&self.nix)
            .args(["--eval", "--strict", "--json", "--readonly-mode", "--store", "dummy://"])
            .args(["-A", attribute])
            .arg(repository().join("nix/checks/results.nix"))
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

fn module_trials() -> Result<Vec<Trial>> {
    let Some(nix) = nix_instantiate() else {
        return Ok(vec![skipped(
            "module",
            "nix-instantiate (Debian: nix-bin), or MENDUTILS_NIX_INSTANTIATE",
        )]);
    };
    let mut world = World { name: "with_stubbed_nixos", nix, arguments: Vec::new() };
    if let Some(nixpkgs) = env::var_os("MENDUTILS_NIXPKGS") {
        world.name = "with_real_nixos";
        world.give("nixpkgs", "<nixpkgs>", nixpkgs);
        if let Some(wsl) = env::var_os("MENDUTILS_NIXOS_WSL") {
            world.name = "with_real_nixos_and_nixos_wsl";
            world.give("nixosWsl", "<nixosWsl>", wsl);
        }
    } else {
        match nixpkgs_lib() {
            Ok(lib) => world.give("lib", "import <lib>", lib.into()),
            Err(error) => {
                return Ok(vec![skipped("module", &format!("MENDUTILS_NIXPKGS, or a registry: {error:#}"))]);
            }
        }
    }

    let names: Vec<String> = serde_json::from_value(world.evaluate("names")?)?;
    ensure!(!names.is_empty(), "nix/checks has no case");
    // All at once where that works: one evaluation shares most of the work.
    let results = world.evaluate("cases").unwrap_or_default();
    Ok(names
        .into_iter()
        .map(|case| {
            let result = results.get(&case).cloned();
            let world = world.clone();
            trial(&format!("module::{}::{case}", world.name), move || match result {
                Some(result) => verdict(&result),
                None => verdict(&world.evaluate(&format!("cases.{case}"))?),
            })
        })
        .collect())
}

fn verdict(result: &Value) -> Result<()> {
    let said = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    ensure!(
        result.get("passed").and_then(Value::as_bool) == Some(true),
        "\n  is:        {}\n  should be: {}",
        said("expr"),
        said("expected")
    );
    Ok(())
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

// The install step.

fn install(tools: &Path, out: &Path) -> Result<Output> {
    Command::new("bash")
        .arg(repository().join("nix/install-units.sh"))
        .args([tools, out])
        .output()
        .context("running nix/install-units.sh")
}

/// A package folder with these programs in bin/.
fn package(programs: &[&str]) -> Result<tempfile::TempDir> {
    let out = tempfile::tempdir()?;
    fs::create_dir(out.path().join("bin"))?;
    for program in programs {
        let file = out.path().join("bin").join(program);
        fs::write(&file, "")?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(out)
}

/// A folder of tools in which one program has one unit file.
fn tools_with(unit: &str, text: &str) -> Result<tempfile::TempDir> {
    let tools = tempfile::tempdir()?;
    let file = tools.path().join("fix-it/units/system").join(unit);
    fs::create_dir_all(file.parent().context("no parent")?)?;
    fs::write(file, text)?;
    Ok(tools)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// The program of each line that starts one, without systemd's prefixes.
fn started(unit: &str) -> impl Iterator<Item = &str> {
    unit.lines().filter_map(|line| line.strip_prefix("Exec")?.split_once('=')).filter_map(|(_, command)| {
        command.trim_start_matches(['-', '@', ':', '+', '!', '|']).split_whitespace().next()
    })
}

fn units_name_the_programs_of_the_package() -> Result<()> {
    let tools = repository().join("crates/tools");
    let names: Vec<String> = fs::read_dir(&tools)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    let out = package(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let output = install(&tools, out.path())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut found = 0;
    for name in &names {
        for kind in ["system", "user"] {
            let source = tools.join(name).join("units").join(kind);
            if !source.is_dir() {
                continue;
            }
            for file in files_below(&source)? {
                let installed = out.path().join("lib/systemd").join(kind).join(file.strip_prefix(&source)?);
                let text = fs::read_to_string(&installed)
                    .with_context(|| format!("reading what became of {}", file.display()))?;
                for program in started(&text) {
                    ensure!(
                        Path::new(program).starts_with(out.path().join("bin")),
                        "{program} in {}",
                        file.display()
                    );
                    found += 1;
                }
            }
        }
    }
    ensure!(found > 0, "no unit starts a program");
    Ok(())
}

fn only_the_program_of_an_exec_line_changes() -> Result<()> {
    let tools = tools_with(
        "x@.service.d/50-x.conf",
        "# ExecStart=fix-it\n[Unit]\nDescription=fix-it for %i\nDocumentation=man:fix-it(8)\n[Service]\nExecStart=\nExecStart=fix-it\n\
         ExecStartPre=-fix-it --prepare %i\nExecStartPost=-+fix-it fix-it\nExecStop=|fix-it\n",
    )?;
    let out = package(&["fix-it"])?;
    let output = install(tools.path(), out.path())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bin = out.path().join("bin/fix-it");
    let bin = bin.display();
    let text = fs::read_to_string(out.path().join("lib/systemd/system/x@.service.d/50-x.conf"))?;
    assert_eq!(
        text,
        format!(
            "# ExecStart=fix-it\n[Unit]\nDescription=fix-it for %i\nDocumentation=man:fix-it(8)\n[Service]\nExecStart=\nExecStart={bin}\n\
             ExecStartPre=-{bin} --prepare %i\nExecStartPost=-+{bin} fix-it\nExecStop=|{bin}\n"
        )
    );
    Ok(())
}

fn an_unknown_program_is_refused() -> Result<()> {
    refused("fix-nothing %i")
}

fn a_program_outside_of_the_package_is_refused() -> Result<()> {
    refused("/bin/sh -c true")
}

fn refused(command: &str) -> Result<()> {
    let tools = tools_with("fix-it.service", &format!("[Service]\nExecStart=-{command}\n"))?;
    let output = install(tools.path(), package(&["fix-it"])?.path())?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success(), "it was installed");
    ensure!(error.contains("which this package does not have"), "{error}");
    Ok(())
}
