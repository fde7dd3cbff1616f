//! The install step of the Nix package.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::repository;

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

/// The one program that a shipped unit may name and that is not ours.
const OF_THE_HOST: &str = "podman-compose";

pub(crate) fn units_name_the_programs_of_the_package() -> Result<()> {
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
                for program in started(&text).filter(|program| *program != OF_THE_HOST) {
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

pub(crate) fn only_the_program_of_an_exec_line_changes() -> Result<()> {
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

pub(crate) fn an_unknown_program_is_refused() -> Result<()> {
    refused("fix-nothing %i")
}

pub(crate) fn a_program_outside_of_the_package_is_refused() -> Result<()> {
    refused("/bin/sh -c true")
}

pub(crate) fn the_provider_of_the_host_stays_as_it_is() -> Result<()> {
    let tools = tools_with("fix-it.service", "[Service]\nExecStart=fix-it\nExecStop=-podman-compose stop\n")?;
    let out = package(&["fix-it"])?;
    let output = install(tools.path(), out.path())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(out.path().join("lib/systemd/system/fix-it.service"))?;
    ensure!(text.ends_with("\nExecStop=-podman-compose stop\n"), "{text}");
    Ok(())
}

fn refused(command: &str) -> Result<()> {
    let tools = tools_with("fix-it.service", &format!("[Service]\nExecStart=-{command}\n"))?;
    let output = install(tools.path(), package(&["fix-it"])?.path())?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success(), "it was installed");
    ensure!(error.contains("which this package does not have"), "{error}");
    Ok(())
}
