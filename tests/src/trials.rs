//! The harness of the lab's test files: one trial for each case, or for each case and release.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::programs::have_programs;
use crate::{host, release::Release, root};

/// Set to 1 by `cargo lab test`: missing roots are built.
pub const BUILD: &str = "MENDUTILS_LAB";
/// Set to 1 it turns every skip into a failure.
pub const STRICT: &str = "MENDUTILS_STRICT";

/// The cases of a test file. See [`trials`].
#[derive(Default)]
pub struct Trials {
    cases: Vec<Trial>,
    programs: bool,
}

/// Starts the list of a test file's cases, whose `main` (with `harness = false`) is
/// `lab::trials().on_each("boots", boots).once("reaps", reaps).run()`.
pub fn trials() -> Trials {
    Trials::default()
}

impl Trials {
    /// The cases that follow need the programs under test, and are skipped when those are not built.
    pub fn with_programs(mut self) -> Self {
        self.programs = true;
        self
    }

    /// A case that is run on every release; its name there is `NAME::RELEASE`.
    pub fn on_each(self, name: &str, case: fn(Release) -> Result<()>) -> Self {
        self.on(&Release::tested(), name, case)
    }

    /// A case that is run on some releases.
    pub fn on(mut self, releases: &[Release], name: &str, case: fn(Release) -> Result<()>) -> Self {
        let programs = self.programs;
        for &release in releases {
            self.cases.push(Trial::test(format!("{name}::{release}"), move || {
                finish(match lacking(release, programs)? {
                    Some(need) => skip(&need),
                    None => case(release),
                })
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

    /// Runs them as the arguments say.
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&Arguments::from_args(), self.cases).exit_code()
    }
}

fn finish(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}

/// Names a file to which every skip adds a line, so that `cargo lab test` can count them.
pub const SKIPS: &str = "MENDUTILS_SKIPS";

/// Ends a case that cannot run here: `return lab::skip("podman")` prints `skipped: needs podman`. A failure when
/// `MENDUTILS_STRICT` is 1.
pub fn skip(need: &str) -> Result<()> {
    if strict() {
        bail!("skipped: needs {need}");
    }
    if let Some(path) = env::var_os(SKIPS) {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(format!("needs {need}\n").as_bytes()))
            .context("counting a skip")?;
    }
    writeln!(std::io::stderr(), "skipped: needs {need}").context("writing to standard error")
}

/// Whether a skip is a failure.
pub fn strict() -> bool {
    env::var_os(STRICT).is_some_and(|value| value == "1")
}

/// What is lacking for a machine of this release.
fn lacking(release: Release, programs: bool) -> Result<Option<String>, Failed> {
    let mut lacks = host::lacks();
    match release {
        Release::Host => lacks.extend(host::lacks_systemd()),
        Release::Debian(suite) => {
            let may_build = env::var_os(BUILD).is_some_and(|value| value == "1");
            let cached = root::cached(suite).map_err(|error| Failed::from(format!("{error:#}")))?;
            if !may_build && cached.is_none() {
                lacks.push(format!("the root of {suite} (cargo lab roots)"));
            }
        }
    }
    if programs && !have_programs().map_err(|error| Failed::from(format!("{error:#}")))? {
        lacks.push("the programs (cargo build --workspace)".to_owned());
    }
    Ok(Some(lacks).filter(|lacks| !lacks.is_empty()).map(|lacks| lacks.join(", ")))
}
