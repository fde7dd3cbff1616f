//! The mounts as a small tree, for a person at a terminal.

use user_session::Mount;
use user_session::directory::{self, PARENT};

use crate::facts::{Facts, Place};

/// The lines, `/run/user` first; every mount hangs on the one it stands on.
#[must_use]
pub fn mounts(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    let mut depth = 0;
    let (parent, own) = (&facts.directory.parent_layers, &facts.directory.layers);
    let path = directory::path(facts.account.uid);
    for (index, mount) in parent.iter().enumerate() {
        let note = match (index, facts.host.wsl.is_some()) {
            (0, true) => "  WSL's own",
            (1, true) => "  WSL's bind, seen by every shell",
            _ => "",
        };
        lines.push(row(depth, PARENT, mount, note));
        depth += 1;
    }
    for (index, mount) in own.iter().enumerate() {
        let is_top = index + 1 == own.len();
        let note = match (is_top, own.len()) {
            (true, 1) => status(facts),
            (true, _) => format!("{}  hides what is below", status(facts)),
            (false, _) => "  hidden".to_owned(),
        };
        lines.push(row(depth, &path, mount, &note));
        depth += 1;
    }
    if own.is_empty() && matches!(facts.directory.place, Ok(Place::Directory(_))) {
        let indent = indent(depth);
        lines.push(format!("{indent}{path}  a directory on {}{}", facts.directory.fstype, status(facts)));
        depth += 1;
    }
    for twin in &facts.directory.twins {
        lines.push(format!("{}{twin}  the same, by propagation", indent(depth)));
    }
    lines
}

fn indent(depth: usize) -> String {
    if depth == 0 { String::new() } else { format!("{}└─ ", "   ".repeat(depth - 1)) }
}

fn row(depth: usize, path: &str, mount: &Mount, note: &str) -> String {
    let part = if mount.root == "/" { String::new() } else { format!("[{}]", mount.root) };
    format!("{}{path}  {} {}{part}  {}{note}", indent(depth), mount.fstype, mount.source, mount.options)
}

fn status(facts: &Facts) -> String {
    match facts.directory.place {
        Ok(Place::Directory(status)) => format!("  {status}"),
        _ => String::new(),
    }
}
