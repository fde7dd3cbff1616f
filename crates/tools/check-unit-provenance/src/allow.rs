//! Which foreign drop-ins are wanted.

use std::path::Path;
use std::str::FromStr;

/// A path, or the name of a file in any folder, in which `*` stands for any letters and `?` for one. `*` does not reach
/// over a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("an empty string is no pattern".into()),
            _ if text.contains('/') && !text.starts_with('/') => {
                Err("a pattern with a slash is a whole path, which begins with one".into())
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl Pattern {
    /// Whether a path is meant.
    #[must_use]
    pub fn fits(&self, path: &Path) -> bool {
        let text =
            if self.0.starts_with('/') { path.as_os_str() } else { path.file_name().unwrap_or_default() };
        text.to_str().is_some_and(|text| fits(self.0.as_bytes(), text.as_bytes()))
    }
}

/// Goes back to the last star when a letter does not fit: linear in the pattern times the text.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut letter) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(found) = text.get(letter) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, letter));
                at += 1;
                continue;
            }
            Some(b'?') if *found != b'/' => {}
            Some(wanted) if wanted == found && *wanted != b'?' => {}
            _ => match star {
                // What the star would swallow next.
                Some((back, reached)) if text.get(reached) != Some(&b'/') => {
                    star = Some((back, reached + 1));
                    (at, letter) = (back + 1, reached + 1);
                    continue;
                }
                _ => return false,
            },
        }
        (at, letter) = (at + 1, letter + 1);
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_a_file_name_fits() {
        let path = Path::new("/etc/systemd/user/service.d/10-limits.conf");
        for pattern in [
            "/etc/systemd/user/service.d/10-limits.conf",
            "/etc/systemd/user/*.d/*",
            "/etc/*/user/service.d/*.conf",
            "10-limits.conf",
            "??-*.conf",
            "*",
        ] {
            assert!(pattern.parse::<Pattern>().is_ok_and(|pattern| pattern.fits(path)), "{pattern}");
        }
        for pattern in
            ["/etc/*", "/etc/systemd/user/service.d/", "limits.conf", "10-limits.con", "?", "/etc?systemd/*"]
        {
            assert!(pattern.parse::<Pattern>().is_ok_and(|pattern| !pattern.fits(path)), "{pattern}");
        }
        assert!("a/b".parse::<Pattern>().is_err() && "".parse::<Pattern>().is_err());
    }
}
