//! What is wrong with a job, in words.

use activation::Job;
use activation::job::{Copy, Fault, Program};
use oneshot::text::quoted;

use super::PLIST;

/// Whether launchd has it.
const LOADED: &str = "job-loaded";
/// Whether launchd may run it.
const ALLOWED: &str = "job-allowed";
/// Whether an override disables it.
const ENABLED: &str = "job-enabled";
/// Whether its program can run.
const STARTABLE: &str = "job-program";
/// Whether launchd starts it.
const STARTED: &str = "job-started";
/// How its last run ended.
const ENDED: &str = "job-ended";

/// Id, sentence and state.
pub(super) struct Words {
    pub(super) id: &'static str,
    pub(super) text: String,
    pub(super) actual: String,
}

/// Those of a fault; `name` is the job's in its domain.
pub(super) fn of(name: &str, job: &Job, fault: &Fault) -> Words {
    match fault {
        Fault::Copy(copy) => {
            let actual = copy_words(copy);
            Words { id: PLIST, text: format!("{name}: {} {actual}", job.installed.display()), actual }
        }
        Fault::Disabled { is_loaded } => {
            let then = if *is_loaded { "the next boot does not load it" } else { "so it is not loaded" };
            Words { id: ENABLED, text: format!("{name} is disabled: {then}"), actual: "disabled".to_owned() }
        }
        Fault::Blocked(item) => {
            let text = format!("{name} may not run: {} is switched off in System Settings", quoted(item));
            Words { id: ALLOWED, text, actual: "disallowed".to_owned() }
        }
        Fault::NeverStarted => {
            let text = format!("{name} is loaded, and launchd never started it");
            Words { id: STARTED, text, actual: "never started".to_owned() }
        }
        Fault::NotLoaded => {
            Words { id: LOADED, text: format!("{name} is not loaded"), actual: "not loaded".to_owned() }
        }
        Fault::Program(program) => {
            let actual = program_words(program);
            Words { id: STARTABLE, text: format!("{name}: {actual}"), actual }
        }
        Fault::CouldNotStart(ended) => {
            let meaning = ended.meaning().unwrap_or("it could not be started");
            let text = format!("{name} ended with {ended}: {meaning}; it is there now");
            Words { id: ENDED, text, actual: ended.to_string() }
        }
        Fault::NotPermitted => {
            let text = format!("{name} ended with exit 126: macOS does not let it execute its program");
            Words { id: ENDED, text, actual: "exit 126".to_owned() }
        }
        Fault::Penalized => {
            let text = format!("{name} failed so often that launchd has given up starting it");
            Words { id: STARTED, text, actual: "penalty box".to_owned() }
        }
        Fault::ChecksFailed(ended) => {
            let text = format!("{name} ended with {ended} after it had made the link: its checks failed");
            Words { id: ENDED, text, actual: ended.to_string() }
        }
        Fault::Failed(ended) => {
            let meaning = ended.meaning().map(|meaning| format!(": {meaning}")).unwrap_or_default();
            Words {
                id: ENDED,
                text: format!("{name} ended with {ended}{meaning}"),
                actual: ended.to_string(),
            }
        }
    }
}

fn copy_words(copy: &Copy) -> String {
    match copy {
        Copy::Right => "is right".to_owned(),
        Copy::Missing => "is missing".to_owned(),
        Copy::Differs => "is not the one of the system".to_owned(),
        Copy::Rights(uid, mode) => {
            format!("belongs to uid {uid} with the mode {mode:04o}, which launchd does not take")
        }
        Copy::NotAFile(kind) => format!("is {kind}, and not a copy"),
        Copy::Unreadable(reason) => format!("is of no use: {reason}"),
    }
}

fn program_words(program: &Program) -> String {
    match program {
        Program::Here | Program::None => "its program is there".to_owned(),
        Program::InStore(path) => {
            format!("{} is in the store, where it cannot help while that is away", path.display())
        }
        Program::Missing(path) => format!("{} is not there, or cannot be executed", path.display()),
    }
}
