//! Which boot this is: what was seen or done before it counts no more.

use anyhow::Result;
use oneshot::Root;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

#[cfg(target_os = "linux")]
use linux as own;
#[cfg(target_os = "macos")]
use macos as own;

/// One boot of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// An identifier that no other boot has; `None` where the kernel has none.
    pub id: Option<String>,
    /// When it began, in seconds since 1970. It moves when the clock is set.
    pub started: i64,
}

/// The boot of the kernel that runs. Below another root it is read there, on Linux, where it is in files.
pub fn read(root: &Root) -> Result<Boot> {
    own::read(root)
}

impl Boot {
    /// A word that is another one after each boot, to be kept in a file and compared.
    #[must_use]
    pub fn stamp(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("started-{}", self.started))
    }

    /// Whether a file or line of this time, in seconds since 1970, is of this boot.
    #[must_use]
    pub fn has_seen(&self, time: i64) -> bool {
        time >= self.started
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_kernel_has_a_stamp_that_stays() -> Result<()> {
        let (one, other) = (read(&Root::default())?, read(&Root::default())?);
        assert_eq!(one.stamp(), other.stamp());
        assert!(one.id.is_some() && one.started > 0, "{one:?}");
        Ok(())
    }

    #[test]
    fn the_identifier_counts_and_without_one_the_start() {
        let boot = Boot { id: Some("a".into()), started: 7 };
        assert_eq!(boot.stamp(), "a");
        assert_eq!(Boot { id: None, ..boot.clone() }.stamp(), "started-7");
        assert!(boot.has_seen(7) && !boot.has_seen(6));
    }
}
