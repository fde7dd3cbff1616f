//! The harness of the lab's test files: one trial for each case, or for each case and release.

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::{host, release::Release, root};

/// Set by `cargo lab test`: roots may be built.
const BUILD: &str = "MENDUTILS_LAB";
/// Turns every skip into a failure.
const STRICT: &str = "MENDUTILS_STRICT";

/// The cases of a test file. See [`trials`].
#[derive(Default)]
pub struct Trials(Vec<Trial>);

/// Starts the list of a test file's cases, whose `main` (with `harness = false`) is
/// `lab::trials().on_each("boots", boots).once("reaps", reaps).run()`.
pub fn trials() -> Trials {
    Trials::default()
}

impl Trials {
    /// A case that is run on every release; its name there is `NAME::RELEASE`.
    pub fn on_each(self, name: &str, case: fn(Release) -> Result<()>) -> Self {
        self.on(&Release::ALL, name, case)
    }

    /// A case that is run on some releases.
    pub fn on(mut self, releases: &[Release], name: &str, case: fn(Release) -> Result<()>) -> Self {
        for &release in releases {
            self.0.push(Trial::test(format!("{name}::{release}"), move || {
                finish(match lacking(release)? {
                    Some(need) => skip(&need),
                    None => case(release),
                })
            }));
        }
        self
    }

    /// A case without a release.
    pub fn once(mut self, name: &str, case: fn() -> Result<()>) -> Self {
        self.0.push(Trial::test(name, move || {
            finish(match host::lacks().as_slice() {
                [] => case(),
                lacks => skip(&lacks.join(", ")),
            })
        }));
        self
    }

    /// Runs them as the arguments say.
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&Arguments::from_args(), self.0).exit_code()
    }
}

fn finish(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}

/// Ends a case that cannot run here: `return lab::skip("podman")` prints `skipped: needs podman`. A failure when
/// `MENDUTILS_STRICT` is 1.
pub fn skip(need: &str) -> Result<()> {
    if strict() {
        bail!("skipped: needs {need}");
    }
    writeln!(std::io::stderr(), "skipped: needs {need}").context("writing to standard error")
}

/// Whether a skip is a failure.
pub fn strict() -> bool {
    env::var_os(STRICT).is_some_and(|value| value == "1")
}

/// What the host lacks for a machine of this release.
fn lacking(release: Release) -> Result<Option<String>, Failed> {
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
    Ok(Some(lacks).filter(|lacks| !lacks.is_empty()).map(|lacks| lacks.join(", ")))
}
