//! How far a recovery goes.

use std::fmt;
use std::str::FromStr;

/// From the smallest change to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The volume of the store: its daemon is asked, and waited for.
    Store,
    /// The link to the system.
    Link,
    /// The jobs that the system wants.
    Jobs,
    /// A full activation.
    Activation,
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Store => "0",
            Self::Link => "1",
            Self::Jobs => "2",
            Self::Activation => "3",
        })
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Store, Self::Link, Self::Jobs, Self::Activation];
        all.into_iter().find(|level| level.to_string() == text).ok_or_else(|| "it is 0, 1, 2 or 3".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_of_four_digits() {
        assert_eq!("3".parse(), Ok(Level::Activation));
        assert!(Level::Store < Level::Link && Level::Jobs < Level::Activation);
        for bad in ["", "4", "-1", "L1", "01"] {
            assert!(bad.parse::<Level>().is_err(), "{bad}");
        }
    }
}
