//! A line for each of several things that are waited for at the same time.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Report;
use crate::text::printable;

/// The lines, by name; removed from the terminal on drop.
#[derive(Debug)]
pub struct Lines {
    all: Option<MultiProgress>,
    bars: BTreeMap<String, ProgressBar>,
}

impl Lines {
    /// No line yet, and none ever where there is no terminal.
    #[must_use]
    pub fn start(report: &Report) -> Self {
        let all = report.is_live().then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { all, bars: BTreeMap::new() }
    }

    /// Whether anybody sees them.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.all.is_some()
    }

    /// Sets the line of `name`; one that is `over` moves no more.
    pub fn say(&mut self, name: &str, text: &str, over: bool) {
        let Some(all) = &self.all else { return };
        let bar = self.bars.entry(name.to_owned()).or_insert_with(|| {
            let bar = all.add(ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let text = printable(&format!("{name}: {text}"));
        if over {
            bar.finish_with_message(text);
        } else {
            bar.set_message(text);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        for bar in self.bars.values() {
            bar.finish_and_clear();
        }
        if let Some(all) = &self.all {
            // Nobody can be told that a terminal has gone.
            let _ = all.clear();
        }
    }
}
