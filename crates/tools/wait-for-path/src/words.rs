//! How each end is told.

use std::path::PathBuf;
use std::time::Duration;

use oneshot::text::printable;
use oneshot::{Exit, Finding, Limit};
use path_wait::{Missing, Why};

/// The line at the start.
pub(crate) fn waiting(missing: &[Missing], limit: Limit) -> String {
    format!("waiting {}: {}", limit.at_most(), self::missing(missing))
}

/// What is missing.
pub(crate) fn missing(missing: &[Missing]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The line at the end.
pub(crate) fn there(paths: &[PathBuf], span: Duration) -> String {
    let names: Vec<String> = paths.iter().map(|path| printable(&path.to_string_lossy())).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} there after {}", names.join(", "), seconds(span))
}

/// The finding on a path that is there.
pub(crate) fn one_there(path: &str) -> String {
    format!("{} is there", printable(path))
}

/// The finding on a path that is not there at the deadline.
pub(crate) fn over(missing: &Missing, span: Duration) -> Finding {
    let text = format!("{missing}, after {}", seconds(span));
    let finding = Finding::fail("path", text).about(missing.path.to_string_lossy()).exits(Exit::Undecided);
    match &missing.why {
        Why::From(_) | Why::NoFolder(_) => finding.compared("there", &missing.why),
        Why::NotMounted(at) => finding
            .compared("on a mount of its own", &missing.why)
            .hint(format!("df {} tells where it lies now", printable(&at.to_string_lossy()))),
    }
}

fn seconds(span: Duration) -> String {
    format!("{:.3} s", span.as_secs_f64())
}
