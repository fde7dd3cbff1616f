//! `\ooo` as the kernel writes it in `/proc/self/mountinfo` and as fstab(5) allows it.

use std::borrow::Cow;

/// The field with every `\ooo` replaced by its byte.
pub(crate) fn unescape(field: &str) -> Cow<'_, str> {
    if !field.contains('\\') {
        return Cow::Borrowed(field);
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = tail;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_bytes_and_anything_else_stays() {
        assert_eq!(unescape("/a"), "/a");
        assert_eq!(unescape("/a\\040b\\134c"), "/a b\\c");
        assert_eq!(unescape("/\\303\\244"), "/ä");
        assert_eq!(unescape("/a\\9\\04"), "/a\\9\\04");
        assert_eq!(unescape("\\777"), "\\777");
    }
}
