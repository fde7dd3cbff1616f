//! What the journal of this boot tells, by the words of pam_systemd, systemd and WSL.

use oneshot::Finding;
use systemd::journal::{Journal, Line};

use crate::facts::Facts;

/// Words and the shape that they tell of. The consequence "Trying to run as user instance" names no cause of its own.
const WORDS: [(&str, &str); 7] = [
    (" is not owned by UID ", "RF1"),
    ("Failed to stat() runtime directory", "RF5"),
    ("is not actually a directory", "RF17"),
    ("that is too permissive (0755 was requested)", "RF9"),
    ("Failed to create /run/user", "RF9"),
    ("Failed to attach to cgroup", "RF12"),
    ("Failed to spawn executor", "RF12"),
];

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let id = "journal";
    let lines = match &facts.journal {
        None => return Vec::new(),
        Some(Err(reason) | Ok(Journal::Unreadable(reason))) => {
            return vec![Finding::skip(id, reason.clone())];
        }
        Some(Ok(Journal::Lines(lines))) => lines,
    };
    let mut told: Vec<(&'static str, &Line, usize)> = Vec::new();
    for line in lines {
        let Some(shape) = shape(facts, &line.message) else { continue };
        match told.iter_mut().find(|(known, _, _)| *known == shape) {
            Some((_, last, count)) => (*last, *count) = (line, *count + 1),
            None => told.push((shape, line, 1)),
        }
    }
    if told.is_empty() {
        return vec![Finding::ok(id, "no line of this boot tells of a session that could not start")];
    }
    let finding = |(shape, line, count): (&'static str, &Line, usize)| {
        let seconds = line.time / 1_000_000;
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        let text = format!("{seconds} s after boot{times}: {}", line.message);
        // What was mended since is history.
        if facts.is_up() {
            Finding::ok(id, format!("before it worked, {text}")).shape(shape)
        } else {
            Finding::warn(id, text).shape(shape)
        }
    };
    told.into_iter().map(finding).collect()
}

fn shape(facts: &Facts, message: &str) -> Option<&'static str> {
    let (_, shape) = WORDS.iter().find(|(words, _)| message.contains(words))?;
    // The lines of login(1) are about any user.
    let is_others = message.contains("/run/user/") && !names(message, facts.account.uid);
    (!is_others).then_some(*shape)
}

/// Whether the message names the directory of this uid and not one whose number begins with it.
fn names(message: &str, uid: u32) -> bool {
    let path = user_session::directory::path(uid);
    message.match_indices(&path).any(|(start, _)| {
        let rest = message.get(start + path.len()..).unwrap_or_default();
        !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}
