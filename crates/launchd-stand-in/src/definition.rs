//! How it reads definitions: by its own reader, which shares nothing with the one under test.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use plist::{Dictionary, Value};

/// A definition that is in order.
pub(crate) struct Definition {
    pub(crate) label: String,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) starts: bool,
    pub(crate) session_types: Vec<String>,
}

/// Reads one, or says with which code launchd refuses it.
pub(crate) fn read(tree: &Path, path: &str) -> Result<Definition, u8> {
    let place = tree.join(path.trim_start_matches('/'));
    let about = fs::metadata(&place).map_err(|_| 108)?;
    let own = nix::unistd::geteuid().as_raw();
    // launchd.plist(5): the owner of the definition, and nobody else may write it. A test without root owns its tree.
    if !about.is_file() || about.uid() != own || about.mode() & 0o022 != 0 {
        return Err(122);
    }
    let bytes = fs::read(&place).map_err(|_| 108)?;
    let Ok(Value::Dictionary(dictionary)) = Value::from_reader(Cursor::new(bytes)) else { return Err(109) };
    let label =
        text(&dictionary, "Label").filter(|label| !label.is_empty() && !label.contains('/')).ok_or(110)?;
    let arguments = texts(&dictionary, "ProgramArguments");
    let program = text(&dictionary, "Program").or_else(|| arguments.first().cloned()).ok_or(111)?;
    let is_set = |key| dictionary.get(key).and_then(Value::as_boolean).unwrap_or_default();
    let starts =
        is_set("RunAtLoad") || dictionary.get("KeepAlive").is_some_and(|it| it.as_boolean() != Some(false));
    let session_types = texts(&dictionary, "LimitLoadToSessionType");
    Ok(Definition { label, program, arguments, starts, session_types })
}

fn text(dictionary: &Dictionary, key: &str) -> Option<String> {
    dictionary.get(key).and_then(Value::as_string).map(str::to_owned)
}

fn texts(dictionary: &Dictionary, key: &str) -> Vec<String> {
    let array = dictionary.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let several: Vec<String> = array.iter().filter_map(Value::as_string).map(str::to_owned).collect();
    if several.is_empty() { text(dictionary, key).into_iter().collect() } else { several }
}
