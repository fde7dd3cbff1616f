//! The shape that everything launchctl prints has: `name = {`, indented lines, `}` below the name.

/// The name of the block that a line opens.
fn head(line: &str) -> Option<&str> {
    line.trim_end().strip_suffix('{')?.trim_end().strip_suffix('=').map(str::trim)
}

/// The line that ends a block: a brace as far indented as the line that opens it.
fn closing(opening: &str) -> String {
    let indent = opening.strip_suffix(opening.trim_start()).unwrap_or_default();
    format!("{indent}}}")
}

/// The lines up to the end of a block. `None` when the text ends before the block does.
fn body<'t>(opening: &str, lines: &mut impl Iterator<Item = &'t str>) -> Option<Vec<&'t str>> {
    let closing = closing(opening);
    let mut body = Vec::new();
    for line in lines {
        if line.trim_end() == closing {
            return Some(body);
        }
        body.push(line);
    }
    None
}

/// Name and body of the block that the text begins with, such as `system` or `system/org.nixos.x`. `None` where the text
/// has another shape.
pub(crate) fn outermost(text: &str) -> Option<(&str, Vec<&str>)> {
    let mut lines = text.lines();
    let opening = lines.by_ref().find(|line| !line.trim().is_empty())?;
    Some((head(opening)?, body(opening, &mut lines)?))
}

/// The lines of the first block of a name, wherever it stands, without their indentation. `None` without such a block.
pub(crate) fn inner<'t>(text: &'t str, name: &str) -> Option<Vec<&'t str>> {
    let mut lines = text.lines();
    let opening = lines.by_ref().find(|line| head(line) == Some(name))?;
    Some(body(opening, &mut lines)?.into_iter().map(str::trim).collect())
}

/// The `key = value` pairs that stand directly in a body; blocks inside of it, which repeat the keys, are passed over.
pub(crate) fn fields<'t>(lines: &[&'t str]) -> Vec<(&'t str, &'t str)> {
    let mut fields = Vec::new();
    let mut lines = lines.iter().copied();
    while let Some(line) = lines.next() {
        if head(line).is_some() {
            // Without an end all that follows belongs to it.
            let _ = body(line, &mut lines);
        } else if let Some((key, value)) = line.split_once(" = ") {
            fields.push((key.trim(), value.trim()));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "system/x = {\n\tstate = running\n\n\targuments = {\n\t\tsh\n\t\t-c\n\t\ta = {\n\t}\n\tcoalition = {\n\t\tstate = active\n\t}\n\truns = 1\n}\n";

    #[test]
    fn keys_inside_of_blocks_are_not_those_of_the_job() {
        let (name, body) = outermost(TEXT).unwrap_or_default();
        assert_eq!(name, "system/x");
        assert_eq!(fields(&body), [("state", "running"), ("runs", "1")]);
        assert_eq!(inner(TEXT, "arguments"), Some(vec!["sh", "-c", "a = {"]));
    }

    #[test]
    fn what_has_no_end_is_no_block() {
        for text in ["", "\n", "x", "x = {", "x = {\n y = {\n }", "}", "= {\n"] {
            assert_eq!(outermost(text), None, "{text:?}");
        }
        assert_eq!(inner("x = {\n\ty = {\n\t\tz\n}\n", "y"), None);
    }
}
