//! The two things a report is made of.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::Exit;
use crate::stream::Level;

/// How a finding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In order.
    Ok,
    /// Works, but is worth a look.
    Warn,
    /// Not in order.
    Fail,
    /// Could not be judged here, or does not apply.
    Skip,
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
        })
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable and documented.
    pub id: &'static str,
    /// How it ended.
    pub status: Status,
    /// What or whom it is about, where a run looks at several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The sentence that is printed.
    pub text: Cow<'static, str>,
    /// The good value.
    pub expected: Option<String>,
    /// The value that was found.
    pub actual: Option<String>,
    /// Name of the known failure shape, such as `RF1`.
    pub shape: Option<&'static str>,
    /// The cause and the exact command or stanza that cures it.
    pub hint: Vec<String>,
    /// Whether a program of the suite can mend it.
    pub fixable: bool,
    #[serde(skip)]
    exit: Option<Exit>,
}

impl Finding {
    /// A finding with the given status.
    pub fn new(status: Status, id: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            id,
            status,
            subject: None,
            text: text.into(),
            expected: None,
            actual: None,
            shape: None,
            hint: Vec::new(),
            fixable: false,
            exit: None,
        }
    }

    /// In order.
    pub fn ok(id: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Ok, id, text)
    }

    /// Works, but is worth a look.
    pub fn warn(id: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Warn, id, text)
    }

    /// Not in order.
    pub fn fail(id: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Fail, id, text)
    }

    /// Could not be judged here, or does not apply.
    pub fn skip(id: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Skip, id, text)
    }

    /// Names what it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Gives the good value and the one that was found.
    #[must_use]
    pub fn compared(mut self, expected: impl ToString, actual: impl ToString) -> Self {
        self.expected = Some(expected.to_string());
        self.actual = Some(actual.to_string());
        self
    }

    /// Names the known failure shape.
    #[must_use]
    pub fn shape(mut self, shape: &'static str) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Adds one line of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.push(hint.into());
        self
    }

    /// Adds several lines of advice.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hint.extend(hints);
        self
    }

    /// Says that a program of the suite can mend it.
    #[must_use]
    pub fn fixable(mut self) -> Self {
        self.fixable = true;
        self
    }

    /// Makes a run with this finding exit with `exit`.
    #[must_use]
    pub fn exits(mut self, exit: Exit) -> Self {
        self.exit = Some(exit);
        self
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit.unwrap_or(if self.status == Status::Fail { Exit::Failed } else { Exit::Ok })
    }

    pub(super) fn level(&self) -> Level {
        match self.status {
            Status::Ok | Status::Skip => Level::Info,
            Status::Warn => Level::Warning,
            Status::Fail => Level::Error,
        }
    }
}

/// Whether a step was taken or only planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It was done.
    Done,
    /// A dry run: it would be done.
    Would,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Stable word for the kind of change, such as `set-owner`.
    pub kind: &'static str,
    /// What is changed.
    pub target: String,
    /// The sentence that is printed.
    pub text: String,
    /// Whether it was taken.
    pub state: StepState,
}

impl Step {
    /// The record of a program's own step.
    pub fn new(kind: &'static str, target: impl Into<String>, text: impl ToString, state: StepState) -> Self {
        Self { kind, target: target.into(), text: text.to_string(), state }
    }
}
