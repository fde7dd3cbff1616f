//! One call: which tool it is for, and what is said and done.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::state::{Held, log};
use crate::{TOOLS, job, other, print};

/// What a call ends with.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn out(text: impl Into<String>) -> Self {
        Self { out: text.into(), ..Self::default() }
    }

    pub(crate) fn fails(code: u8, words: impl Into<String>) -> Self {
        Self { code, err: words.into(), ..Self::default() }
    }
}

/// Answers if this process was started as a tool of a tree; `None` otherwise.
#[must_use]
pub fn answer() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let own = PathBuf::from(words.next()?);
    let tool = TOOLS.iter().find(|tool| own.is_absolute() && own.ends_with(tool))?;
    let tree: PathBuf = own.ancestors().nth(Path::new(tool).components().count())?.to_owned();
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let name = tool.rsplit('/').next().unwrap_or(tool);
    let said =
        call(&tree, name, &words).unwrap_or_else(|error| Said::fails(99, format!("stand-in: {error}")));
    let _ = io::stdout().write_all(said.out.as_bytes());
    let _ = io::stderr().write_all(said.err.as_bytes());
    Some(ExitCode::from(said.code))
}

fn call(tree: &Path, tool: &str, words: &[String]) -> io::Result<Said> {
    let line = words.join(" ");
    log(tree, &format!("{tool} {line}"))?;
    let mut held = Held::take(tree)?;
    let state = &mut held.state;
    let names = [line.as_str(), words.first().map_or(tool, String::as_str), tool];
    if names.iter().any(|name| state.hangs.contains(*name)) {
        drop(held);
        return Ok(hang());
    }
    if let Some((code, text)) = names.iter().find_map(|name| state.codes.get(*name)) {
        return Ok(Said::fails(*code, text.clone()));
    }
    if let Some(text) = names.iter().find_map(|name| state.garbage.get(*name)) {
        return Ok(Said::out(text.clone()));
    }
    if tool != "launchctl" {
        let plan = other::plan(tool, words, state);
        drop(held);
        return other::carry_out(tree, plan);
    }
    let now = now();
    state.tick(now);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["print", name] => print::print(state, name),
        ["print-disabled", domain] => print::disabled(state, domain),
        ["managername"] => Said::out(format!("{}\n", state.session)),
        ["bootstrap", domain, path] => job::bootstrap(tree, state, domain, path),
        ["bootout", service] => job::bootout(state, service, now),
        ["enable", service] => job::enable(state, service, false),
        ["disable", service] => job::enable(state, service, true),
        ["kickstart", service] => job::kickstart(tree, state, service, false),
        ["kickstart", "-k", service] => job::kickstart(tree, state, service, true),
        ["asuser", _, program, rest @ ..] => {
            let rest = rest.iter().map(|word| (*word).to_owned()).collect();
            let plan = other::Plan::Run((*program).to_owned(), rest);
            drop(held);
            return other::carry_out(tree, plan);
        }
        _ => Said::fails(64, format!("Unrecognized subcommand: {line}\n")),
    };
    held.keep()?;
    Ok(said)
}

/// Until whoever called loses patience, or is gone.
fn hang() -> Said {
    let caller = nix::unistd::getppid();
    while nix::unistd::getppid() == caller {
        std::thread::sleep(Duration::from_millis(20));
    }
    Said::fails(99, "the caller is gone\n")
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
