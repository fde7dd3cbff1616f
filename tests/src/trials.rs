//! The harness of the lab's test files: one trial for each case, or for each case and release.

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::root::{PLAIN, PODMAN, Profile};
use crate::skip::{lacking, skip};
use crate::{host, release::Release};

/// The cases of a test file. See [`trials`].
pub struct Trials {
    cases: Vec<Trial>,
    programs: bool,
    profile: &'static Profile,
    elsewhere: Elsewhere,
}

/// Which cases programs of another build (`MENDUTILS_BIN`) run.
#[derive(Clone, Copy)]
enum Elsewhere {
    All,
    LastRelease,
    None,
}

/// Starts the list of a test file's cases, whose `main` (with `harness = false`) is
/// `lab::trials().on_each("boots", boots).once("reaps", reaps).run()`.
pub fn trials() -> Trials {
    Trials { cases: Vec::new(), programs: false, profile: &PLAIN, elsewhere: Elsewhere::All }
}

impl Trials {
    /// The cases that follow need the programs under test, and are skipped when those are not built.
    pub fn with_programs(mut self) -> Self {
        self.programs = true;
        self
    }

    /// The cases that follow need roots with podman, and are skipped when those are not built.
    pub fn with_podman(mut self) -> Self {
        self.profile = &PODMAN;
        self
    }

    /// The cases that follow cost much: programs of another build run them on the last of their releases only.
    pub fn sparing(mut self) -> Self {
        self.elsewhere = Elsewhere::LastRelease;
        self
    }

    /// The cases that follow cost more: programs of another build do not run them.
    pub fn once_only(mut self) -> Self {
        self.elsewhere = Elsewhere::None;
        self
    }

    /// A case that is run on every release; its name there is `NAME::RELEASE`.
    pub fn on_each(self, name: &str, case: fn(Release) -> Result<()>) -> Self {
        self.on(&Release::tested(), name, case)
    }

    /// A case that is run on some releases.
    pub fn on(mut self, releases: &[Release], name: &str, case: fn(Release) -> Result<()>) -> Self {
        let (programs, profile) = (self.programs, self.profile);
        let another_build = std::env::var_os("MENDUTILS_BIN").is_some();
        let left_out = match self.elsewhere {
            Elsewhere::LastRelease if another_build => releases.len().saturating_sub(1),
            Elsewhere::None if another_build => releases.len(),
            _ => 0,
        };
        for &release in releases.iter().skip(left_out) {
            self.cases.push(Trial::test(format!("{name}::{release}"), move || {
                finish(lacking(release, profile, programs).and_then(|need| match need {
                    Some(need) => skip(&need),
                    None => case(release),
                }))
            }));
        }
        self
    }

    /// A case without a release.
    pub fn once(mut self, name: &str, case: fn() -> Result<()>) -> Self {
        self.cases.push(Trial::test(name, move || {
            finish(match host::lacks().as_slice() {
                [] => case(),
                lacks => skip(&lacks.join(", ")),
            })
        }));
        self
    }

    /// Cases that were made elsewhere.
    pub fn and(mut self, trials: Vec<Trial>) -> Self {
        self.cases.extend(trials);
        self
    }

    /// Runs them as the arguments say.
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&Arguments::from_args(), self.cases).exit_code()
    }
}

fn finish(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}
