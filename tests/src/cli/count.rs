//! Counting tests by what cargo prints.

use std::fmt;

/// How many tests ran, and how they ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    passed: usize,
    failed: usize,
    /// They print that they need something and pass, so that cargo counts them as passed.
    skipped: usize,
}

impl Count {
    /// Takes a line of `cargo nextest run` or `cargo test`; all but their summaries change nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let summary = if line.trim_start().starts_with("Summary [") {
            line.split_once("run: ").map(|(_, rest)| rest)
        } else {
            // nextest indents what a failed test has printed, and that has such a line too.
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")).map(|(_, rest)| rest)
        };
        // "46 passed (2 slow), 1 failed, 1 timed out, 3 skipped", "5 passed; 0 failed; 0 ignored; …"
        for part in summary.unwrap_or_default().split([',', ';']) {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<usize>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed" | "timed" | "exec") => self.failed += number,
                _ => {}
            }
        }
    }

    pub(crate) fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Of the passed, so many did not really run.
    pub(crate) fn skip(&mut self, number: usize) {
        self.passed = self.passed.saturating_sub(number);
        self.skipped += number;
    }

    pub(crate) fn is_good(self) -> bool {
        self.failed == 0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.passed + self.failed + self.skipped;
        write!(f, "{total} tests: {} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn the_summaries_of_both_runners_are_read() {
        let mut count = Count::default();
        for line in [
            "   Compiling lab v0.1.0",
            "     Summary [   1.234s] 48 tests run: 45 passed (2 slow, 1 leaky), 1 failed, 2 timed out, 3 skipped",
            "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped",
            "test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result is not here",
        ] {
            count.read(line);
        }
        assert_eq!(count, Count { passed: 51, failed: 4, skipped: 0 });
    }

    #[test]
    fn a_skip_is_no_pass() {
        let mut count = Count { passed: 3, failed: 0, skipped: 0 };
        count.skip(2);
        assert_eq!(count.to_string(), "3 tests: 1 passed, 0 failed, 2 skipped");
        assert!(count.is_good());
    }
}
