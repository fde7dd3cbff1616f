//! Completions for bash, zsh and fish, under the names that those shells look for.

use std::path::Path;

use anyhow::Result;
use clap::{Arg, Command, ValueHint};
use clap_complete::{Shell, generate};

use crate::files::{self, Named};
use crate::programs::{self, Program};

/// Writes those of every program into a folder.
pub fn write(folder: &Path) -> Result<()> {
    let files: Vec<Named> = programs::all().iter().flat_map(of).collect();
    files::write(folder, &files)
}

/// Those of one program: `NAME` for bash, `_NAME` for zsh, `NAME.fish`.
#[must_use]
pub fn of(program: &Program) -> Vec<(String, Vec<u8>)> {
    let name = program.name;
    let mut shown = shown(program);
    let names = [
        (Shell::Bash, name.to_owned()),
        (Shell::Zsh, format!("_{name}")),
        (Shell::Fish, format!("{name}.fish")),
    ];
    let mut script = |shell| {
        let mut bytes = Vec::new();
        generate(shell, &mut shown, name, &mut bytes);
        bytes
    };
    names.into_iter().map(|(shell, file)| (file, script(shell))).collect()
}

/// The command without what its help does not show either: clap_complete would offer hidden options.
fn shown(program: &Program) -> Command {
    let arguments =
        program.command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned().map(hinted);
    Command::new(program.name).version(env!("CARGO_PKG_VERSION")).args(arguments)
}

/// What a value is follows from its name, so that no program has to say it twice.
fn hinted(argument: Arg) -> Arg {
    let is_user =
        argument.get_value_names().is_some_and(|names| names.iter().any(|name| name.ends_with("USER")));
    if is_user { argument.value_hint(ValueHint::Username) } else { argument }
}
