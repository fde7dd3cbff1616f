//! The line as indicatif draws it; it goes when it is dropped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Report;
use crate::text::printable;

/// The line; removed from the terminal on drop.
#[derive(Debug)]
pub struct Live(Option<ProgressBar>);

impl Live {
    /// Starts a line, if there is a terminal.
    #[must_use]
    pub fn start(report: &Report, text: &str) -> Self {
        if !report.is_live() {
            return Self(None);
        }
        let bar = ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner());
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.set_message(printable(text));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    /// Changes the text.
    pub fn say(&self, text: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(printable(text));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
