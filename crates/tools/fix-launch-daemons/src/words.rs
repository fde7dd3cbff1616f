//! How each end is told. One finding a job.

use launchd::background::SETTING;
use launchd::outcome::Ended;
use launchd::{Class, Domain, Reply};
use oneshot::text::{printable, quoted};
use oneshot::{Exit, Finding};

use crate::decide::{TEARDOWN, Verdict};
use crate::facts::{Executable, Guard, Job};
use crate::orphan::Orphan;

/// Whether launchd has the job.
const LOADED: &str = "job-loaded";
/// Whether launchd may run it.
const ALLOWED: &str = "job-allowed";
/// Whether an override disables it.
const ENABLED: &str = "job-enabled";
/// Whether its program can run.
const PROGRAM: &str = "job-program";
/// Whether launchd starts it.
const STARTED: &str = "job-started";
/// How its last run ended.
const ENDED: &str = "job-ended";
/// The definition that is wanted, and its copy.
const PLIST: &str = "job-plist";
/// The domain that it is for.
const DOMAIN: &str = "launchd-domain";
/// What launchd answers.
const ANSWER: &str = "launchd-answer";

/// The finding of a verdict; `shape` is that of what was cured.
pub(crate) fn tell(job: &Job, verdict: &Verdict, shape: Option<&'static str>) -> Option<Finding> {
    let label = job.wanted.definition.label.as_str();
    let service = job.domain.unwrap_or(Domain::System).service(label);
    let place = job.wanted.place.display();
    let finding = match verdict {
        Verdict::InOrder => {
            let finding = Finding::ok(LOADED, format!("{label} is loaded and as it should be"));
            match shape {
                Some(shape) => finding.shape(shape),
                None => finding,
            }
        }
        Verdict::NotWanted => Finding::skip(ENABLED, format!("{label} is disabled by its own definition")),
        Verdict::Once => Finding::skip(
            LOADED,
            format!("{label} runs once a boot (LaunchOnlyOnce) and is not loaded: it may have run already"),
        ),
        // Told once for all jobs of the domain.
        Verdict::NoSession => return None,
        Verdict::OtherSession => {
            Finding::skip(DOMAIN, format!("{label} is for sessions of another type: {}", types(job)))
        }
        Verdict::Later => {
            let why = match job.guard {
                Guard::Own => "this very process belongs to it",
                _ => "the store hangs on it",
            };
            Finding::warn(
                PLIST,
                format!("{label} has a new definition from the next boot on: it is not ended, as {why}"),
            )
        }
        Verdict::Unknown(words) => {
            Finding::fail(ANSWER, format!("what launchd says of {label} cannot be read: {words}"))
                .hint(format!("look yourself: launchctl print {service}"))
        }
        Verdict::Blocked(name) => blocked(label, name),
        Verdict::Disabled => {
            Finding::fail(ENABLED, format!("{label} was enabled, and launchd still says that it is disabled"))
                .shape("LF2")
                .exits(Exit::Contradicted)
                .hint("a profile of a device management may disable it: profiles show -type configuration")
        }
        Verdict::Undone => Finding::fail(
            PLIST,
            format!("{place} was written, and is not as it was written; something undoes it"),
        )
        .exits(Exit::Contradicted),
        Verdict::NoProgram(executable) => no_program(job, *executable),
        Verdict::Penalized => {
            Finding::fail(STARTED, format!("{label} does not start, and launchd has given up"))
                .shape("LF6")
                .hint(log(label))
                .hint(format!("when its program can run: launchctl kickstart {service}"))
        }
        Verdict::Ended(ended) => self::ended(job, ended),
        Verdict::NeverRan => {
            Finding::fail(STARTED, format!("{label} is loaded, and launchd does not start it"))
                .hint(format!(
                    "if macOS holds it back: {SETTING}, switch it on under \"Allow in the Background\""
                ))
                .hint(log(label))
        }
        Verdict::Taken(what) => Finding::fail(PLIST, format!("{place} is {what}, which is not replaced"))
            .hint(format!("look what it is, and move it away: mv {place} {place}.before")),
        Verdict::Refused(reply) => refused(job, reply),
        Verdict::Lingers => Finding::fail(
            LOADED,
            format!("{label} has not ended {} seconds after it was asked to", TEARDOWN.as_secs()),
        )
        .exits(Exit::Undecided)
        .hint(format!("what it does: launchctl print {service}; the next run goes on")),
        Verdict::Vanished => Finding::fail(LOADED, format!("launchd took {label}, and does not have it"))
            .shape("LF1")
            .exits(Exit::Contradicted)
            .hint(log(label)),
    };
    Some(finding.about(label))
}

fn blocked(label: &str, name: &str) -> Finding {
    let entry = if name.is_empty() { label } else { name };
    Finding::fail(
        ALLOWED,
        format!("macOS does not let {label} run in the background: nothing but its switch helps"),
    )
    .shape("LF3")
    .hint(format!(
        "{SETTING}: switch {} on under \"Allow in the Background\", then run this again",
        quoted(entry)
    ))
}

fn types(job: &Job) -> String {
    match job.wanted.definition.session_types.as_slice() {
        [] => "Aqua".to_owned(),
        types => printable(&types.join(", ")),
    }
}

fn no_program(job: &Job, executable: Executable) -> Finding {
    let label = &job.wanted.definition.label;
    let program = quoted(job.wanted.definition.executable().unwrap_or_default());
    match executable {
        Executable::NoVolume => Finding::fail(
            PROGRAM,
            format!("{label} cannot start: {program} is in the store, which is not mounted"),
        )
        .shape("LF4")
        .exits(Exit::Busy)
        .hint("wait for it, then run this again: wait-for-path --mounted /nix/store"),
        Executable::NotExecutable => {
            Finding::fail(PROGRAM, format!("{label} cannot start: {program} is no file that may be executed"))
                .shape("LF7")
                .exits(Exit::Config)
        }
        Executable::NoPath => Finding::fail(
            PLIST,
            format!("{label} cannot start: its definition names no absolute path of a program"),
        )
        .exits(Exit::Config)
        .hint("set ProgramArguments in its configuration"),
        Executable::Missing | Executable::Ready => {
            Finding::fail(PROGRAM, format!("{label} cannot start: {program} is not there"))
                .shape("LF5")
                .exits(Exit::Config)
                .hint("build and activate the configuration again: darwin-rebuild switch")
        }
    }
}

fn ended(job: &Job, ended: &Ended) -> Finding {
    let label = &job.wanted.definition.label;
    let text = match ended.meaning() {
        Some(meaning) => format!("{label} is loaded, and its last run ended with {ended}: {meaning}"),
        None => format!("{label} is loaded, and its last run ended with {ended}"),
    };
    let output = match &job.wanted.definition.standard_error {
        Some(path) => format!("what it said: {}", printable(path)),
        None => log(label),
    };
    let finding = match ended {
        Ended::Code(126) => Finding::fail(ENDED, text).shape("LF7").hint(
            "a store on an external volume needs it: System Settings > Privacy & Security > Full Disk Access, for the program",
        ),
        Ended::Code(127) => Finding::fail(ENDED, text).shape("LF5"),
        Ended::Code(13 | 78 | 111) => Finding::fail(ENDED, text),
        // The program's own affair: launchd has done its part.
        _ => Finding::warn(ENDED, text),
    };
    finding.hint(output)
}

fn log(label: &str) -> String {
    format!(
        "what launchd said: log show --last boot --predicate 'subsystem == \"com.apple.launchd\"' | grep -F {label}"
    )
}

fn refused(job: &Job, reply: &Reply) -> Finding {
    let label = &job.wanted.definition.label;
    let text = format!("launchd does not take {label}: launchctl {reply}");
    let place = job.wanted.place.display();
    match reply.class() {
        Class::Permission => Finding::fail(LOADED, text)
            .exits(Exit::NoPermission)
            .hint("run it as root; what System Integrity Protection holds back stays as it is"),
        Class::Ownership => Finding::fail(PLIST, text)
            .hint(format!("ls -l@e {place}: it must be root's, and nobody else may write it or its folder")),
        Class::Definition => Finding::fail(PLIST, text)
            .exits(Exit::Config)
            .hint(format!("plutil -lint {place}; then correct the configuration")),
        Class::Transient => Finding::fail(LOADED, text).exits(Exit::Busy).hint("run this again in a minute"),
        _ => Finding::fail(LOADED, text).shape("LF1").hint(log(label)),
    }
}

/// What went wrong on the way, beside launchd's answers.
pub(crate) fn failed(label: &str, error: &anyhow::Error) -> Finding {
    let exit = oneshot::exit::of(error);
    Finding::fail(LOADED, format!("{label}: {error:#}")).about(label).exits(exit)
}

/// A definition of the configuration that cannot be used.
pub(crate) fn bad(name: &str, reason: &str) -> Finding {
    let name = printable(name);
    Finding::fail(PLIST, format!("{name} of the configuration is passed over: {reason}"))
        .about(name)
        .exits(Exit::Config)
}

/// A list that says nothing.
pub(crate) fn unreadable(words: &str) -> Finding {
    Finding::fail(ANSWER, format!("what launchd says cannot be read: {words}"))
        .hint("this release of macOS may print it in another way: report it with that output")
}

/// Nobody is at the screen: the files are put in place, and launchd loads them at the next login.
pub(crate) fn no_session(domain: Option<Domain>) -> Finding {
    let domain = domain
        .map_or("nobody is logged in at the screen".to_owned(), |domain| format!("there is no {domain}"));
    Finding::skip(DOMAIN, format!("{domain}: agents are loaded at the next login")).shape("LF14")
}

/// A definition that nobody wants.
pub(crate) fn orphan(orphan: &Orphan, was_asked: bool) -> Finding {
    let place = orphan.place.display().to_string();
    let finding = Finding::warn("job-orphan", format!("no configuration wants {}: {place}", orphan.label));
    let finding = finding.about(&orphan.label);
    if was_asked {
        return finding.hint("it is kept, as not all wanted definitions could be read");
    }
    finding.fixable().hint("take it away: fix-launch-daemons --remove-orphans")
}

/// It could not be unloaded, and stays.
pub(crate) fn orphan_stays(orphan: &Orphan, reply: &Reply) -> Finding {
    let text = format!("{} stays: launchd does not unload it: launchctl {reply}", orphan.label);
    Finding::fail("job-orphan", text).about(&orphan.label)
}
