//! `launchctl print DOMAIN/LABEL`: one job.

use anyhow::{Result, bail};

use crate::{block, outcome::Ended};

/// What launchd does with a job at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It has a process.
    Running,
    /// It has none.
    NotRunning,
    /// It waits for its next start, after the last one failed or because it was asked for.
    SpawnScheduled,
    /// Any other word.
    Other(String),
}

/// A job as launchd has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The definition that it was loaded from; `None` where launchd names none.
    pub path: Option<String>,
    /// `LaunchDaemon`, `LaunchAgent`, and others.
    pub kind: Option<String>,
    /// What it does.
    pub state: State,
    /// What is executed.
    pub program: Option<String>,
    /// Its arguments, the program's name first; a line break in one of them cannot be seen.
    pub arguments: Vec<String>,
    /// How often it was started since it was loaded.
    pub runs: Option<u64>,
    /// Its process.
    pub pid: Option<u32>,
    /// How its last run ended.
    pub ended: Ended,
    /// Whether launchd has given up starting it ("service is in penalty box", nix-darwin#1709).
    pub is_penalized: bool,
}

impl Service {
    /// Reads what `print` wrote of the job of this name (`system/org.nixos.x`); an error where that is not about it.
    pub fn parse(text: &str, service: &str) -> Result<Self> {
        let Some((name, body)) = block::outermost(text) else {
            bail!(
                "the answer has no such shape as launchctl's: {}",
                oneshot::text::tail(text.as_bytes(), 80)
            );
        };
        // Older releases print the label alone.
        if name != service && !service.ends_with(&format!("/{name}")) {
            bail!("the answer is about {}", oneshot::text::quoted(name));
        }
        let fields = block::fields(&body);
        let find = |key: &str| fields.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
        let Some(state) = find("state") else { bail!("the answer does not tell the state of the job") };
        let text_of = |key: &str| find(key).map(str::to_owned);
        let runs = find("runs").and_then(|runs| runs.parse().ok());
        Ok(Self {
            path: text_of("path").filter(|path| path.starts_with('/')),
            kind: text_of("type"),
            state: match state {
                "running" => State::Running,
                "not running" | "exited" | "waiting" => State::NotRunning,
                "spawn scheduled" => State::SpawnScheduled,
                other => State::Other(other.to_owned()),
            },
            program: text_of("program"),
            arguments: block::inner(text, "arguments")
                .unwrap_or_default()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            runs,
            pid: find("pid").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0),
            ended: match (find("last terminating signal"), find("last exit code")) {
                (Some(signal), _) => Ended::of_signal(signal),
                (None, Some(code)) => Ended::of_field(code),
                (None, None) if runs.is_none_or(|runs| runs == 0) => Ended::Never,
                (None, None) => Ended::Unknown("nothing that is told".to_owned()),
            },
            is_penalized: fields.iter().any(|(_, value)| value.contains("penalty box")),
        })
    }

    /// Whether it was never started since it was loaded.
    #[must_use]
    pub fn never_ran(&self) -> bool {
        self.pid.is_none() && self.ended == Ended::Never && self.runs.is_none_or(|runs| runs == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = include_str!("fixtures/print-service.txt");
    const NAME: &str = "system/org.nixos.yabai-sa";

    #[test]
    fn the_fields_of_the_job_itself_are_read() -> Result<()> {
        let job = Service::parse(JOB, NAME)?;
        assert_eq!(job.path.as_deref(), Some("/Library/LaunchDaemons/org.nixos.yabai-sa.plist"));
        assert_eq!((job.kind.as_deref(), job.program.as_deref()), (Some("LaunchDaemon"), Some("/bin/sh")));
        assert_eq!(job.arguments, ["/bin/sh", "-c", "/bin/wait4path /nix/store && exec yabai"]);
        assert_eq!((job.runs, job.pid, job.ended.clone()), (Some(3), None, Ended::Code(78)));
        assert_eq!((job.state.clone(), job.is_penalized), (State::NotRunning, true));
        assert!(!job.never_ran());
        Ok(())
    }

    #[test]
    fn the_head_may_be_the_label_alone_and_no_other() -> Result<()> {
        let text = "x = {\n\tstate = running\n}\n";
        assert_eq!(Service::parse(text, "gui/501/x")?.state, State::Running);
        assert!(Service::parse(text, "gui/501/xx").is_err());
        Ok(())
    }

    #[test]
    fn a_first_run_that_goes_on_is_no_job_that_never_ran() -> Result<()> {
        let text =
            "system/x = {\n\tstate = running\n\truns = 1\n\tpid = 7\n\tlast exit code = (never exited)\n}\n";
        assert!(!Service::parse(text, "system/x")?.never_ran());
        let text = "system/x = {\n\tstate = not running\n\truns = 0\n\tlast exit code = (never exited)\n}\n";
        assert!(Service::parse(text, "system/x")?.never_ran());
        Ok(())
    }

    #[test]
    fn a_run_that_a_signal_ended_is_no_run_that_never_was() -> Result<()> {
        let of = |line: &str| -> Result<Ended> {
            let text = format!("system/x = {{\n\tstate = not running\n\truns = 2\n{line}}}\n");
            Ok(Service::parse(&text, "system/x")?.ended)
        };
        assert_eq!(of("\tlast terminating signal = Killed: 9\n")?, Ended::Signal(9));
        assert_eq!(of("\tlast terminating signal = odd\n")?, Ended::Unknown("odd".to_owned()));
        assert!(matches!(of("")?, Ended::Unknown(_)));
        Ok(())
    }

    #[test]
    fn an_answer_of_another_shape_is_an_error_wherever_it_is_cut() {
        assert!(Service::parse(JOB, "system/other").is_err());
        for cut in 0..JOB.trim_end().len() {
            let text = JOB.get(..cut).unwrap_or_default();
            assert!(Service::parse(text, NAME).is_err(), "{text}");
        }
    }
}
