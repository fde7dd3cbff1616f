//! The last words of a container.

use std::time::Duration;

use oneshot::Deadline;
use podman::Podman;

/// So many lines, each cut at so many characters.
const LINES: usize = 10;
const WIDTH: usize = 300;

/// How long podman may take to find them.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a container last said; nothing where podman does not tell, because it is not worth an error of its own.
#[must_use]
pub fn last(podman: &Podman, id: &str) -> Vec<String> {
    let command = podman
        .command()
        .args(["logs", "--tail"])
        .arg(LINES.to_string())
        .args(["--", id])
        .deadline(Deadline::after(PATIENCE));
    let Ok(outcome) = command.run() else { return Vec::new() };
    if !outcome.status.success() {
        return Vec::new();
    }
    // A container's two streams come back as two.
    let mut lines = cut(&outcome.stdout);
    lines.extend(cut(&outcome.stderr));
    lines
}

/// The last lines of an output, none longer than a line of a report should be.
#[must_use]
pub fn cut(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(LINES);
    lines.into_iter().skip(from).map(|line| line.chars().take(WIDTH).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept_and_no_line_is_long() {
        let text = format!("first\n{}\n\n  \n{}", "x\n".repeat(LINES - 1), "é".repeat(1000));
        let lines = cut(text.as_bytes());
        assert_eq!((lines.len(), lines[0].as_str(), lines[LINES - 1].chars().count()), (LINES, "x", WIDTH));
    }
}
