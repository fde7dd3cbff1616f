//! docs/performance.md: one section a benchmark, each written by its own.

use anyhow::{Context as _, Result};
use lab::host;

/// Where the results are kept.
const PAGE: &str = "docs/performance.md";

/// Puts a section in its place, or at the end.
pub(crate) fn put(heading: &str, body: &str) -> Result<()> {
    let path = host::workspace().join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
    std::fs::write(&path, replaced(&page, heading, body)).with_context(|| format!("writing {PAGE}"))
}

fn replaced(page: &str, heading: &str, body: &str) -> String {
    let section = format!("## {heading}\n\n{}\n", body.trim());
    let mut parts: Vec<String> = page.split("\n## ").map(|part| part.trim_end().to_owned() + "\n").collect();
    for part in parts.iter_mut().skip(1) {
        part.insert_str(0, "## ");
    }
    match parts.iter_mut().find(|part| part.lines().next() == Some(&format!("## {heading}"))) {
        Some(part) => *part = section,
        None => parts.push(section),
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_is_replaced_where_it_stands_or_comes_last() {
        let page = "# P\n\nhead\n\n## A\n\nold\n\n## B\n\nb\n";
        assert_eq!(replaced(page, "A", "new\n"), "# P\n\nhead\n\n## A\n\nnew\n\n## B\n\nb\n");
        assert_eq!(replaced(page, "C", "c"), "# P\n\nhead\n\n## A\n\nold\n\n## B\n\nb\n\n## C\n\nc\n");
    }
}
