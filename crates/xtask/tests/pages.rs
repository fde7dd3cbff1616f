//! What is made from the programs' own words: man pages and completions.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use xtask::{completions, man, programs};

/// The long options that a user is told of, in the form `--name`.
fn options(command: &clap::Command) -> Vec<String> {
    let mut built = command.clone();
    built.build();
    let shown = built.get_arguments().filter(|argument| !argument.is_hide_set());
    shown.filter_map(|argument| argument.get_long()).map(|name| format!("--{name}")).collect()
}

/// A page as a person reads it, without the escapes of roff.
fn page(name: &str) -> Result<String> {
    let page = man::all()?.into_iter().find(|(file, _)| *file == format!("{name}.8"));
    let (_, bytes) = page.with_context(|| format!("{name} has no page"))?;
    Ok(String::from_utf8(bytes)?.replace("\\-", "-").replace("\\fB", "").replace("\\fR", ""))
}

/// Whether a program is on the path.
fn has(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).exists()))
}

/// Runs a checker on every file that `of` takes from a folder; skips where there is no checker.
fn accepts(checker: &[&str], folder: &Path, of: fn(&str) -> bool) -> Result<()> {
    let (name, arguments) = checker.split_first().context("no checker")?;
    if !has(name) {
        return lab::skip(name);
    }
    let mut looked_at = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().is_some_and(|file| of(&file.to_string_lossy())) {
            continue;
        }
        let output = Command::new(name).args(arguments).arg(&path).stdin(Stdio::null()).output()?;
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{checker:?} refuses {}: {said}", path.display());
        looked_at += 1;
    }
    ensure!(looked_at == programs::names().len(), "{looked_at} files for {:?}", programs::names());
    Ok(())
}

#[test]
fn every_program_of_the_tree_is_listed_once() -> Result<()> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(programs::workspace().join("crates/tools"))? {
        let path = entry?.path();
        if path.join("Cargo.toml").exists() {
            folders.push(path.file_name().context("no name")?.to_string_lossy().into_owned());
        }
    }
    folders.sort();
    assert_eq!(programs::names(), folders);
    Ok(())
}

#[test]
fn a_page_has_every_section_in_the_order_of_man_pages() -> Result<()> {
    for name in programs::names() {
        let page = page(name)?;
        let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let sections = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "\"EXIT STATUS\"",
            "FILES",
            "EXAMPLES",
            "\"SEE ALSO\"",
        ];
        assert_eq!(found, sections, "{name}");
    }
    Ok(())
}

#[test]
fn a_page_names_every_option_that_is_not_hidden() -> Result<()> {
    for program in programs::all() {
        let page = page(program.name)?;
        for option in options(&program.command) {
            ensure!(page.contains(&option), "{} lacks {option}", program.name);
        }
        ensure!(!page.contains("--root"), "{} shows the hidden --root", program.name);
    }
    Ok(())
}

#[test]
fn a_page_has_every_exit_code_in_the_programs_own_words() -> Result<()> {
    for program in programs::all() {
        let page = page(program.name)?;
        let status = page.split(".SH \"EXIT STATUS\"").nth(1).context("no exit status")?;
        for (exit, general) in oneshot::Exit::ALL {
            let own = program.manual.exits.iter().find(|(code, _)| *code == exit).map(|(_, text)| *text);
            let text = own.unwrap_or(general);
            let item = format!("\n{}\n{text}", exit.code());
            ensure!(status.contains(&item), "{} lacks {item:?} in {status}", program.name);
        }
    }
    Ok(())
}

#[test]
fn the_files_and_examples_of_the_manual_are_on_the_page() -> Result<()> {
    for program in programs::all() {
        let page = page(program.name)?;
        for (term, _) in program.manual.files.iter().chain(program.manual.examples) {
            ensure!(page.contains(term), "{} lacks {term}", program.name);
        }
        ensure!(!program.manual.files.is_empty() && !program.manual.examples.is_empty(), "{}", program.name);
    }
    Ok(())
}

#[test]
fn mandoc_finds_no_error_in_a_page() -> Result<()> {
    let folder = tempfile::tempdir()?;
    man::write(&folder.path().join("made/man"))?;
    accepts(&["mandoc", "-Tlint", "-Werror"], folder.path().join("made/man").as_path(), |_| true)
}

#[test]
fn bash_can_read_its_completions() -> Result<()> {
    let folder = tempfile::tempdir()?;
    completions::write(folder.path())?;
    accepts(&["bash", "-n"], folder.path(), |file| !file.starts_with('_') && !file.ends_with(".fish"))
}

#[test]
fn zsh_can_read_its_completions() -> Result<()> {
    let folder = tempfile::tempdir()?;
    completions::write(folder.path())?;
    accepts(&["zsh", "-n"], folder.path(), |file| file.starts_with('_'))
}

#[test]
fn fish_can_read_its_completions() -> Result<()> {
    let folder = tempfile::tempdir()?;
    completions::write(folder.path())?;
    accepts(&["fish", "--no-execute"], folder.path(), |file| file.ends_with(".fish"))
}

#[test]
fn completions_offer_every_option_but_the_hidden() -> Result<()> {
    for program in programs::all() {
        for (file, bytes) in completions::of(&program) {
            let text = String::from_utf8(bytes)?;
            for option in options(&program.command) {
                // fish: `-l name`.
                let long = option.trim_start_matches('-');
                ensure!(
                    text.contains(&option) || text.contains(&format!("-l {long}")),
                    "{file} lacks {option}"
                );
            }
            ensure!(!text.contains("--root") && !text.contains("-l root"), "{file} offers the hidden --root");
        }
    }
    Ok(())
}
