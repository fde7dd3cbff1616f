//! The evidence of the run that this process is.

use std::env;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};

use anyhow::{Context, Result};
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use oneshot::{Report, Root, deadline};

use crate::{Place, Record};

/// So many files of one unit are kept, this run's included.
const KEPT: usize = 8;

/// Writes what `report` says as the evidence of this run. Outside a unit (no `$INVOCATION_ID`, or one that was inherited
/// by a shell in a session) nothing is written.
pub fn leave(root: &Root, report: &Report, error: Option<&anyhow::Error>) -> Result<()> {
    let Some(invocation) = invocation() else { return Ok(()) };
    let (Some(unit), Some(place)) = (own_unit(root)?, place(root)?) else { return Ok(()) };
    let object = report.object(error);
    let record = Record {
        unit,
        invocation,
        ended: deadline::monotonic()?,
        exit: report.exit_with(error).code(),
        report: serde_json::from_str(&object).context("reading the own report")?,
    };
    let folder = place.make(root, &record.unit).context("leaving evidence")?;
    write(folder, &record).with_context(|| format!("leaving evidence of {}", record.unit))
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

/// The same, only where the service's manager started this very process (`$SYSTEMD_EXEC_PID`, systemd.exec(5), systemd 248)
/// and not something that this process was started by, as cron, sshd and an editor's server are.
pub fn started_by(root: &Root) -> Result<Option<String>> {
    let told = env::var("SYSTEMD_EXEC_PID").ok().and_then(|pid| pid.parse().ok());
    if told == Some(std::process::id()) { own_unit(root) } else { Ok(None) }
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

/// Where the evidence of the units of this process's manager is looked for. `None` for a service of the system that runs as
/// somebody else than root: it has no right there, and what it could write elsewhere is no proof.
fn place(root: &Root) -> Result<Option<Place>> {
    let uid = nix::unistd::geteuid();
    let text = root.read("/proc/self/cgroup")?.unwrap_or_default();
    // By the uid and not by the environment, which sudo may keep of somebody else.
    Ok(match (text.contains("/user@"), uid.is_root()) {
        (true, _) => Some(Place::user(format!("/run/user/{uid}"))),
        (false, true) => Some(Place::system()),
        (false, false) => None,
    })
}

fn write(folder: OwnedFd, record: &Record) -> Result<()> {
    // A unit may have several commands, each of which leaves its own.
    let name = format!("{}.{}", record.invocation, std::process::id());
    let (done, new) = (format!("{name}.json"), format!(".{name}.new"));
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    let mut file = File::from(openat(folder.as_fd(), new.as_str(), flags, mode)?);
    file.write_all(&serde_json::to_vec(record)?)?;
    file.sync_all()?;
    renameat(folder.as_fd(), new.as_str(), folder.as_fd(), done.as_str())?;
    prune(folder)
}

/// The oldest go, by the time at which they were written.
fn prune(folder: OwnedFd) -> Result<()> {
    let mut folder = Dir::from_fd(folder)?;
    let mut names = Vec::new();
    for entry in folder.iter() {
        let entry = entry?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            names.push(entry.file_name().to_owned());
        }
    }
    let mut files = Vec::new();
    for name in names {
        let about = fstatat(folder.as_fd(), name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        files.push(((about.st_mtime, about.st_mtime_nsec), name));
    }
    files.sort_unstable();
    let surplus = files.len().saturating_sub(KEPT);
    for (_, name) in files.into_iter().take(surplus) {
        unlinkat(folder.as_fd(), name.as_c_str(), UnlinkatFlags::NoRemoveDir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::of_unit;
    use serde_json::json;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

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
        fs::create_dir_all(tree.path().join("run/user/1000"))?;
        for number in 0..20 {
            write(place.make(&root, "app.service")?, &record(number, u8::from(number == 19)))?;
        }
        let folder = tree.path().join("run/user/1000/mendutils/evidence/app.service");
        assert_eq!(fs::metadata(&folder)?.permissions().mode() & 0o777, 0o700);
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
        symlink("/etc/shadow", folder.join("b.json"))?;
        nix::unistd::mkfifo(&folder.join("c.json"), nix::sys::stat::Mode::S_IRWXU)?;
        let other = Record { unit: "other.service".to_owned(), ..record(1, 0) };
        fs::write(folder.join("d.json"), serde_json::to_vec(&other)?)?;
        let _socket = std::os::unix::net::UnixListener::bind(folder.join("e.json"))?;
        assert!(of_unit(&root, &place, "app.service")?.is_empty());
        assert!(of_unit(&root, &place, "../app.service")?.is_empty());
        assert!(of_unit(&root, &place, "nothing.service")?.is_empty());
        Ok(())
    }

    #[test]
    fn no_folder_on_the_way_is_a_link() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let (root, place) = (Root::new(tree.path()), Place::user("/run/user/1000"));
        let runtime = tree.path().join("run/user/1000");
        fs::create_dir_all(&runtime)?;
        write(place.make(&root, "app.service")?, &record(1, 0))?;
        for linked in ["mendutils/evidence/app.service", "mendutils/evidence", "mendutils"] {
            assert_eq!(of_unit(&root, &place, "app.service")?.len(), 1, "{linked}");
            let (link, away) = (runtime.join(linked), tree.path().join("away"));
            fs::rename(&link, &away)?;
            symlink(&away, &link)?;
            assert!(of_unit(&root, &place, "app.service")?.is_empty(), "{linked}");
            assert!(place.make(&root, "app.service").is_err(), "{linked}");
            fs::remove_file(&link)?;
            fs::rename(&away, &link)?;
        }
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
