//! Man pages of section 8: what clap knows of a program, and its [`Manual`].

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use oneshot::Exit;
use oneshot::manual::Manual;

use crate::files::{self, Named};
use crate::programs::{self, Program};

/// System administration.
const SECTION: &str = "8";

/// Writes the page of every program into a folder.
pub fn write(folder: &Path) -> Result<()> {
    files::write(folder, &all()?)
}

/// The page of every program: `NAME.8` and its text.
pub fn all() -> Result<Vec<Named>> {
    programs::all()
        .into_iter()
        .map(|program| Ok((format!("{}.{SECTION}", program.name), page(program)?)))
        .collect()
}

/// One page.
pub fn page(program: Program) -> Result<Vec<u8>> {
    let Program { name, command, manual } = program;
    let context = || format!("rendering the page of {name}");
    let mut out = title(name);
    let mut before = Roff::new();
    synopsis(&mut before, command.clone());
    description(&mut before, &command, &manual);
    let mut after = Roff::new();
    exit_status(&mut after, &manual);
    list(&mut after, "FILES", manual.files);
    list(&mut after, "EXAMPLES", manual.examples);
    see_also(&mut after, &manual);
    let man = Man::new(command);
    man.render_name_section(&mut out).with_context(context)?;
    before.to_writer(&mut out).with_context(context)?;
    man.render_options_section(&mut out).with_context(context)?;
    after.to_writer(&mut out).with_context(context)?;
    Ok(out)
}

/// By hand: clap_mangen leaves an empty date out, and then what follows moves into its place. A date would make two
/// builds of one source differ.
fn title(name: &str) -> Vec<u8> {
    let name = name.to_uppercase().replace('-', "\\-");
    let source = concat!("mendutils ", env!("CARGO_PKG_VERSION"));
    format!(".TH {name} {SECTION} \"\" \"{source}\" \"System Administration\"\n").into_bytes()
}

/// As `--help` has it: the options themselves have a section.
fn synopsis(roff: &mut Roff, mut command: Command) {
    roff.control("SH", ["SYNOPSIS"]);
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let (name, rest) = usage.split_once(' ').unwrap_or((usage, ""));
    roff.text([bold(name), roman(format!(" {rest}"))]);
}

fn description(roff: &mut Roff, command: &Command, manual: &Manual) {
    roff.control("SH", ["DESCRIPTION"]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let paragraphs =
        if manual.description.is_empty() { vec![about.as_str()] } else { manual.description.to_vec() };
    for (index, paragraph) in paragraphs.into_iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(paragraph)]);
    }
}

/// Every code of the suite, in the program's own words where it has some.
fn exit_status(roff: &mut Roff, manual: &Manual) {
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, general) in Exit::ALL {
        let own = manual.exits.iter().find(|(code, _)| *code == exit).map(|(_, text)| *text);
        item(roff, vec![bold(exit.code().to_string())], own.unwrap_or(general));
    }
}

fn list(roff: &mut Roff, title: &str, items: &[(&str, &str)]) {
    if items.is_empty() {
        return;
    }
    roff.control("SH", [title]);
    for (term, text) in items {
        item(roff, vec![bold(*term)], text);
    }
}

fn item(roff: &mut Roff, term: Vec<Inline>, text: &str) {
    roff.control("TP", []);
    roff.text(term);
    roff.text([roman(text)]);
}

/// `name(8)` with the name in bold, as man(7) asks.
fn see_also(roff: &mut Roff, manual: &Manual) {
    let mut line = Vec::new();
    for page in manual.see_also {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        let (name, section) = page.split_once('(').unwrap_or((page, ""));
        line.push(bold(name));
        if !section.is_empty() {
            line.push(roman(format!("({section}")));
        }
    }
    if !line.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        roff.text(line);
    }
}
