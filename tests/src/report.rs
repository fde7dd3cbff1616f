//! What a program says of its work: the JSON object of `--json`, and findings in text.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::inside::Output;

/// The JSON object, with the fields that the tests look at.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    /// `mendutils/1`.
    pub schema: String,
    /// Its name.
    pub program: String,
    /// One word.
    pub status: String,
    /// The exit code that it announces.
    pub exit: i32,
    /// What it saw.
    pub findings: Vec<Finding>,
    /// What it did, or would do.
    pub steps: Vec<Step>,
    /// Why it gave up.
    pub error: Option<String>,
    /// The run that it was read from.
    #[serde(skip)]
    pub output: Option<Output>,
}

/// One thing that a program saw.
#[derive(Clone, Debug, Deserialize)]
pub struct Finding {
    /// Stable name.
    pub id: String,
    /// `ok`, `warn`, `fail` or `skip`.
    pub status: String,
    /// What it is about, where a run looks at several things.
    #[serde(default)]
    pub subject: Option<String>,
    /// For people.
    pub text: String,
    /// `RF1` to `RF21`, when it is one of these.
    pub shape: Option<String>,
    /// What to do.
    #[serde(default)]
    pub hint: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// What sort.
    pub kind: String,
    /// `done` or `would`.
    pub state: String,
    /// For people.
    pub text: String,
}

impl Report {
    /// Reads the standard output of a run with `--json`, and compares what it says with how it ended.
    pub fn of(output: Output) -> Result<Self> {
        let mut report: Self =
            serde_json::from_str(&output.stdout).with_context(|| format!("reading the JSON of {output}"))?;
        ensure!(report.schema == "mendutils/1", "the schema is {:?}", report.schema);
        ensure!(report.exit == output.code, "the JSON announces exit {}: {output}", report.exit);
        report.output = Some(output);
        Ok(report)
    }

    /// Fails unless it ended so.
    pub fn exits(self, code: i32) -> Result<Self> {
        ensure!(self.exit == code, "expecting exit {code}: {self:#?}");
        Ok(self)
    }

    /// Fails unless a finding has this shape.
    pub fn names(self, shape: &str) -> Result<Self> {
        let named = self.findings.iter().any(|finding| finding.shape.as_deref() == Some(shape));
        ensure!(named, "no finding is {shape}: {self:#?}");
        Ok(self)
    }

    /// Fails unless a finding of one of these shapes, with this status, is about the subject.
    pub fn blames(self, status: &str, shapes: &[&str], subject: &str) -> Result<Self> {
        let blamed = self.findings.iter().any(|finding| {
            finding.status == status
                && finding.shape.as_deref().is_some_and(|shape| shapes.contains(&shape))
                && finding.is_about(subject)
        });
        ensure!(blamed, "no finding says {status} of {subject} with {shapes:?}: {self:#?}");
        Ok(self)
    }

    /// Fails unless something that failed is about the subject, whatever its shape.
    pub fn fails(self, subject: &str) -> Result<Self> {
        let failed =
            self.findings.iter().any(|finding| finding.status == "fail" && finding.is_about(subject));
        ensure!(failed, "nothing fails that is about {subject}: {self:#?}");
        Ok(self)
    }

    /// Fails if a finding does.
    pub fn without_failures(self) -> Result<Self> {
        ensure!(self.findings.iter().all(|finding| finding.status != "fail"), "something fails: {self:#?}");
        Ok(self)
    }

    /// Fails unless the findings of this shape, with their hints, say all of this.
    pub fn explains(self, shape: &str, texts: &[&str]) -> Result<Self> {
        let report = self.names(shape)?;
        let of_shape = report.findings.iter().filter(|finding| finding.shape.as_deref() == Some(shape));
        let said: String =
            of_shape.map(|finding| format!("{}\n{}\n", finding.text, finding.hint.join("\n"))).collect();
        for text in texts {
            ensure!(said.contains(text), "{shape} is not explained with {text:?}: {report:#?}");
        }
        Ok(report)
    }

    /// Fails unless a finding of this shape tells what to do.
    pub fn hints(self, shape: &str) -> Result<Self> {
        let report = self.names(shape)?;
        let hinted = report
            .findings
            .iter()
            .any(|finding| finding.shape.as_deref() == Some(shape) && !finding.hint.is_empty());
        ensure!(hinted, "{shape} comes without a hint: {report:#?}");
        Ok(report)
    }

    /// Fails if it did anything.
    pub fn without_steps(self) -> Result<Self> {
        ensure!(self.steps.is_empty(), "expecting no step: {self:#?}");
        Ok(self)
    }

    /// Fails unless it did something, and all of it.
    pub fn with_steps(self) -> Result<Self> {
        ensure!(!self.steps.is_empty(), "expecting steps: {self:#?}");
        ensure!(self.steps.iter().all(|step| step.state == "done"), "a step is not done: {self:#?}");
        Ok(self)
    }
}

impl Finding {
    /// Whether the subject has this name as a word of its own: `app` is not in `app2`.
    pub fn is_about(&self, name: &str) -> bool {
        let of_name = |letter: char| letter.is_alphanumeric() || "@.-".contains(letter);
        let subject = self.subject.as_deref().unwrap_or_default();
        subject == name || subject.split(|letter| !of_name(letter)).any(|word| word == name)
    }
}

/// Whether a text has a shape's id as a word of its own: `RF1` is not in `RF12`.
pub fn names_shape(text: &str, shape: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == shape)
}

#[cfg(test)]
mod tests {
    use super::names_shape;

    #[test]
    fn a_shape_is_a_whole_word() {
        assert!(names_shape("fail  runtime-dir-owner  not yours [RF1]", "RF1"));
        assert!(!names_shape("fail  cgroup  busy [RF12]", "RF1"));
    }
}
