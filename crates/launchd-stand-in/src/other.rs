//! The tools beside launchctl.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::answer::Said;
use crate::state::State;

/// What is to be done once the state is let go.
pub(crate) enum Plan {
    /// Only say something.
    Say(Said),
    /// Run a program of the tree.
    Run(String, Vec<String>),
}

pub(crate) fn plan(tool: &str, words: &[String], state: &State) -> Plan {
    match tool {
        "sfltool" if words == ["dumpbtm"] => Plan::Say(Said::out(dump(state))),
        "osascript" => Plan::Say(Said { code: state.osascript, ..Said::default() }),
        // It succeeds with 253 (nix-darwin#401).
        "apfs.util" => Plan::Say(Said { code: 253, ..Said::default() }),
        "sudo" => sudo(words, state),
        _ => Plan::Say(Said::fails(64, format!("{tool}: bad usage\n"))),
    }
}

fn sudo(words: &[String], state: &State) -> Plan {
    let mut words = words.iter();
    let is_quiet = words.clone().any(|word| word == "-n");
    if state.sudo_asks {
        let text = if is_quiet { "sudo: a password is required\n" } else { "sudo: a terminal is required\n" };
        return Plan::Say(Said::fails(1, text));
    }
    while let Some(word) = words.next() {
        match word.as_str() {
            "-u" | "-g" => {
                let _ = words.next();
            }
            option if option.starts_with('-') => {}
            program => return Plan::Run(program.to_owned(), words.cloned().collect()),
        }
    }
    Plan::Say(Said::fails(1, "usage: sudo command\n"))
}

pub(crate) fn carry_out(tree: &Path, plan: Plan) -> io::Result<Said> {
    let (program, words) = match plan {
        Plan::Say(said) => return Ok(said),
        Plan::Run(program, words) => (program, words),
    };
    let output = Command::new(tree.join(program.trim_start_matches('/'))).args(words).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(134);
    Ok(Said { code, out: text(&output.stdout), err: text(&output.stderr) })
}

/// Records as `sfltool dumpbtm` has them: one that is allowed, and those that are not.
fn dump(state: &State) -> String {
    let mut text = "========================\n Records for UID -2 : FFFFEEEE-DDDD-CCCC-BBBB-AAAAFFFFFFFE\n\
                    ========================\n\n Items:\n"
        .to_owned();
    let allowed = ("com.example.allowed".to_owned(), "allowed");
    let disallowed = state.disallowed.iter().map(|label| (label.clone(), "disallowed"));
    for (number, (label, word)) in std::iter::once(allowed).chain(disallowed).enumerate() {
        let _ = write!(
            text,
            "\n #{number}:\n                 UUID: 00000000-0000-4000-8000-{number:012}\n                 Name: sh\n          \
             Disposition: [enabled, {word}, visible, notified] (0x9)\n           Identifier: 16.{label}\n                  \
             URL: file:///Library/LaunchDaemons/{label}.plist\n"
        );
    }
    text
}
