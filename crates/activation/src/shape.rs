//! The known ways in which a Mac comes up without its system.

use std::fmt;

/// A failure shape. The reports behind each stand on the page of check-activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// A job is defined and not loaded, so that nobody makes the link.
    NotLoaded,
    /// An override has disabled the job.
    Disabled,
    /// Background Task Management does not let the job start.
    Blocked,
    /// The volume of the store is not mounted yet, or at all.
    VolumeAway,
    /// The program of a job was not there when launchd started it.
    NoProgram,
    /// launchd has given up starting the job.
    Penalized,
    /// macOS does not let the job execute what is on the store's volume.
    NotPermitted,
    /// The checks of the activation failed, or its files are those of another system; the link is right.
    ChecksFailed,
    /// Files of the system in `/etc` were replaced, as an upgrade of macOS does.
    EtcReplaced,
    /// The link leads to another system than the profile.
    Stale,
    /// `/run` is not what it should be.
    Run,
    /// The link leads nowhere.
    Dangling,
    /// The login shell hangs on the store, and cannot be reached.
    Shell,
    /// Nobody is logged in at the screen, so that there is no domain for agents.
    NoScreen,
}

impl Shape {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::NotLoaded,
        Self::Disabled,
        Self::Blocked,
        Self::VolumeAway,
        Self::NoProgram,
        Self::Penalized,
        Self::NotPermitted,
        Self::ChecksFailed,
        Self::EtcReplaced,
        Self::Stale,
        Self::Run,
        Self::Dangling,
        Self::Shell,
        Self::NoScreen,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotLoaded => "LF1",
            Self::Disabled => "LF2",
            Self::Blocked => "LF3",
            Self::VolumeAway => "LF4",
            Self::NoProgram => "LF5",
            Self::Penalized => "LF6",
            Self::NotPermitted => "LF7",
            Self::ChecksFailed => "LF8",
            Self::EtcReplaced => "LF9",
            Self::Stale => "LF10",
            Self::Run => "LF11",
            Self::Dangling => "LF12",
            Self::Shell => "LF13",
            Self::NoScreen => "LF14",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_the_number_of_its_place() {
        for (shape, number) in Shape::ALL.iter().zip(1..) {
            assert_eq!(shape.to_string(), format!("LF{number}"));
        }
    }
}
