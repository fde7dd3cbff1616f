//! Telling the person at the screen. The text goes as arguments of the script and never into it, and a notification that
//! cannot be shown changes nothing.

use std::time::Duration;

use anyhow::Result;
use launchd::{Tool, Tools, console};
use oneshot::{Deadline, Root};

/// Shows the first word as the text, the second as the title, the third below it (Apple, "Mac Automation Scripting Guide",
/// "Displaying Notifications").
const SCRIPT: [&str; 3] = [
    "on run argv",
    "display notification (item 1 of argv) with title (item 2 of argv) subtitle (item 3 of argv)",
    "end run",
];

/// What stands above the text.
const TITLE: &str = "Nix Activation";

/// Without a session at the screen osascript may never answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// More is cut off on the screen.
const MOST: usize = 200;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    /// Below the title.
    pub(crate) subtitle: &'static str,
    /// The command stands in here, as a click on it leads nowhere useful.
    pub(crate) text: String,
}

/// Shows it in the caller's session, or as root in that of whoever sits at the screen; false where nobody does.
pub(crate) fn show(root: &Root, is_root: bool, notification: &Notification) -> Result<bool> {
    let limit = Deadline::after(PATIENCE);
    let tools = Tools::new(root).patience(PATIENCE);
    let script = SCRIPT.iter().flat_map(|line| ["-e", line]).map(str::to_owned);
    let text: String = notification.text.chars().take(MOST).collect();
    let words: Vec<String> =
        script.chain([text, TITLE.to_owned(), notification.subtitle.to_owned()]).collect();
    let command = if is_root {
        let Some(uid) = console::user(root)? else { return Ok(false) };
        // In the session, and as its user: the one alone is not enough (launchctl(1), "asuser").
        let sudo = Tool::Sudo.path().to_owned();
        let inner = [uid.to_string(), sudo, "-n".to_owned(), "-u".to_owned(), format!("#{uid}")];
        tools.find(Tool::Osascript)?;
        let command = tools.command(Tool::Launchctl, &limit)?.arg("asuser").args(inner);
        command.arg(Tool::Osascript.path()).args(words)
    } else {
        tools.command(Tool::Osascript, &limit)?.args(words)
    };
    command.output().map(|_| true)
}
