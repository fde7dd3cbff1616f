//! What a case needs and how it says that it cannot run here.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;

use anyhow::{Context as _, Result, bail};

use crate::programs::have_programs;
use crate::root::{self, Profile};
use crate::{host, release::Release};

/// Set to 1 by `cargo lab test`: missing roots are built.
pub const BUILD: &str = "MENDUTILS_LAB";
/// Set to 1 it turns every skip into a failure.
pub const STRICT: &str = "MENDUTILS_STRICT";
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
#[cfg_attr(not(feature = "trials"), expect(dead_code, reason = "for the harness"))]
pub(crate) fn lacking(release: Release, profile: &Profile, programs: bool) -> Result<Option<String>> {
    let mut lacks = host::lacks();
    match release {
        Release::Host => lacks.extend(host::lacks_systemd()),
        Release::Debian(suite) => {
            let may_build = env::var_os(BUILD).is_some_and(|value| value == "1");
            if !may_build && root::cached(profile, suite)?.is_none() {
                lacks.push(format!("the root of {suite} (cargo lab roots)"));
            }
        }
    }
    if programs && !have_programs()? {
        lacks.push("the programs (cargo build --workspace)".to_owned());
    }
    Ok(Some(lacks).filter(|lacks| !lacks.is_empty()).map(|lacks| lacks.join(", ")))
}
