//! The evidence of the run that this process is.

use std::env;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use oneshot::{Report, Root, deadline};

use crate::{Place, Record};

/// So many files of one unit are kept, this run's included.
const KEPT: usize = 8;

/// Writes what `report` says as the evidence of this run. Outside a unit (no `$INVOCATION_ID`, or one that was inherited
/// by a shell in a session) nothing is written.
pub fn leave(root: &Root, report: &Report, error: Option<&anyhow::Error>) -> Result<()> {
    let Some(invocation) = invocation() else { return Ok(()) };
    let Some(unit) = own_unit(root)? else { return Ok(()) };
    let object = report.object(error);
    let record = Record {
        unit,
        invocation,
        ended: deadline::monotonic()?,
        exit: report.exit_with(error).code(),
        report: serde_json::from_str(&object).context("reading the own report")?,
    };
    let place = place(root)?;
    let folder =
        place.of_unit(root, &record.unit).ok_or_else(|| anyhow!("{} is no unit's name", record.unit))?;
    write(&folder, &record).with_context(|| format!("leaving evidence in {}", folder.display()))
}

/// 32 hexadecimal digits; anything else is not systemd's.
fn invocation() -> Option<String> {
    env::var("INVOCATION_ID")
        .ok()
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The service in whose control group this process is; `None` in a session, and where there is no such group.
pub fn own_unit(root: &Root) -> Result<Option<String>> {
    let text = root.read("/proc/self/cgroup")?.unwrap_or_default();
    Ok(service(&text))
}

/// The innermost service of the hierarchy that systemd uses (cgroups(7)); a scope is a session and no service.
fn service(text: &str) -> Option<String> {
    let paths = text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        matches!(controllers, "" | "name=systemd").then_some(path)
    });
    paths.filter_map(innermost).next()
}

fn innermost(path: &str) -> Option<String> {
    // A name that the kernel could take for its own has an underscore before it (`src/basic/cgroup-util.c`, `cg_escape`).
    let mut parts = path.rsplit('/').map(|part| part.strip_prefix('_').unwrap_or(part));
    let unit = parts.find(|part| part.ends_with(".service") || part.ends_with(".scope"))?;
    // The manager of a user is a service too, but nothing that runs in a unit of that user belongs to it.
    (unit.ends_with(".service") && !unit.starts_with("user@")).then(|| unit.to_owned())
}

/// That of the user's manager where there is a runtime directory of a user, else that of the system.
fn place(root: &Root) -> Result<Place> {
    let uid = nix::unistd::geteuid();
    let text = root.read("/proc/self/cgroup")?.unwrap_or_default();
    // A system service with User= has no right below /run; its own runtime directory it has.
    match (text.contains("/user@"), env::var_os("XDG_RUNTIME_DIR"), env::var_os("RUNTIME_DIRECTORY")) {
        (true, Some(runtime), _) => Ok(Place::user(runtime)),
        (true, None, _) => Ok(Place::user(format!("/run/user/{uid}"))),
        (false, _, Some(own)) if !uid.is_root() => Ok(Place::user(PathBuf::from(own))),
        _ => Ok(Place::system()),
    }
}

fn write(folder: &Path, record: &Record) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    // A unit may have several commands, each of which leaves its own.
    let name = format!("{}.{}", record.invocation, std::process::id());
    let (path, new) = (folder.join(format!("{name}.json")), folder.join(format!(".{name}.new")));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&new)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    prune(folder)
}

/// The oldest go, by the time at which they were written.
fn prune(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort_unstable();
    let surplus = files.len().saturating_sub(KEPT);
    for (_, path) in files.into_iter().take(surplus) {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::of_unit;
    use serde_json::json;

    fn record(number: u64, exit: u8) -> Record {
        let finding = json!({"status": "fail", "text": "web is unhealthy"});
        Record {
            unit: "app.service".to_owned(),
            invocation: format!("{number:032x}"),
            ended: number,
            exit,
            report: json!({"program": "apply-and-verify", "findings": [finding], "error": "and more"}),
        }
    }

    #[test]
    fn what_was_written_is_read_back_the_latest_first_and_bounded() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (root, place) = (Root::new(tree.path()), Place::user("/run/user/1000"));
        let folder = tree.path().join("run/user/1000/mendutils/evidence/app.service");
        for number in 0..20 {
            write(&folder, &record(number, u8::from(number == 19)))?;
        }
        let records = of_unit(&root, &place, "app.service")?;
        assert_eq!(records.len(), KEPT);
        let latest = &records[0];
        assert_eq!((latest.ended, latest.is_good(), latest.program()), (19, false, "apply-and-verify"));
        assert_eq!(latest.complaints(), ["web is unhealthy", "and more"]);
        assert!(records[1].is_good());
        Ok(())
    }

    #[test]
    fn half_a_file_a_link_a_fifo_and_another_units_file_are_no_evidence() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (root, place) = (Root::new(tree.path()), Place::system());
        let folder = tree.path().join("run/mendutils/evidence/app.service");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("a.json"), "{\"unit\": \"app.se")?;
        std::os::unix::fs::symlink("/etc/shadow", folder.join("b.json"))?;
        nix::unistd::mkfifo(&folder.join("c.json"), nix::sys::stat::Mode::S_IRWXU)?;
        let other = Record { unit: "other.service".to_owned(), ..record(1, 0) };
        fs::write(folder.join("d.json"), serde_json::to_vec(&other)?)?;
        assert!(of_unit(&root, &place, "app.service")?.is_empty());
        assert!(of_unit(&root, &place, "../app.service")?.is_empty());
        assert!(of_unit(&root, &place, "nothing.service")?.is_empty());
        Ok(())
    }

    #[test]
    fn the_unit_is_the_innermost_service_and_no_session() {
        let user = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.service\n";
        assert_eq!(service(user).as_deref(), Some("app.service"));
        let hybrid =
            "12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/a@b.service/payload\n0::/\n";
        assert_eq!(service(hybrid).as_deref(), Some("a@b.service"));
        for none in [
            "0::/\n",
            "",
            "0::/user.slice/user-1000.slice/session-1.scope\n",
            "0::/user.slice/user-1000.slice/user@1000.service/init.scope\n",
        ] {
            assert_eq!(service(none), None, "{none}");
        }
    }
}
