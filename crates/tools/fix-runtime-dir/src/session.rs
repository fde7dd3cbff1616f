//! The closer look: is the session live, should there be one, and what broke it. Only for a directory that is not in
//! order, or when the manager is to be started.

use std::os::fd::AsFd;

use anyhow::{Context, Result};
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, fstatat};
use oneshot::{Root, text};
use systemd::unit::{Active, Unit};
use systemd::{Scope, files};
use user_session::causes::{self, Host};
use user_session::directory::Directory;
use user_session::{bus, cgroup, linger};

use crate::decide::OVERRIDE;
use crate::facts::{Cause, Facts, Manager, Place, Session};
use crate::sockets;

/// Entries that WSL up to 2.5.9 made as root (WSL `src/linux/init/init.cpp` before 02ca6d3d2), and systemd's own.
const CHILDREN: [&str; 4] = ["dbus-1", "dbus-1/service", "pulse", "systemd"];

/// Mounted exactly where SELinux is on (selinux(8)).
const SELINUX: &str = "/sys/fs/selinux/enforce";

/// At most this many strangers are named.
const MOST: usize = 8;

/// logind keeps a file for every user that it knows (`src/login/logind-user.c`, `user_save`).
const KNOWN_USERS: &str = "/run/systemd/users";

/// Gathers it. A manager that cannot be asked (early boot, no bus) is `Unknown` and no error: the bus sockets and the
/// control group still tell whether the session lives.
pub(crate) fn gather(root: &Root, facts: &Facts, place: Option<&Directory>) -> Result<Session> {
    let (uid, name) = (facts.account.uid, &facts.account.name);
    let units = [format!("user@{uid}.service"), format!("user-runtime-dir@{uid}.service")];
    let units = if root.is_real() {
        systemd::unit::show(&Scope::System, &units).unwrap_or_default()
    } else {
        Vec::new()
    };
    let (manager, directory_unit) = (units.first(), units.get(1));
    let asks = |socket| place.is_some_and(|place| bus::ask(&sockets::path_in(place, socket)).listens());
    let known = root.has(format!("{KNOWN_USERS}/{uid}"))? || linger::is_declared(root, name)?;
    let up = directory_unit.is_some_and(Unit::is_up);
    Ok(Session {
        bus: asks(bus::BUS),
        private: asks(bus::PRIVATE),
        population: cgroup::of_manager(root, uid)?,
        manager: manager.map_or(Manager::Unknown, state),
        result: manager.map(|unit| unit.result.clone()).unwrap_or_default(),
        directory_unit_is_up: up,
        directory_unit_has_failed: directory_unit.is_some_and(|unit| unit.active == Active::Failed),
        stops_when_unneeded: stops_when_unneeded(root, uid)?,
        is_wanted: facts.is_in_own_unit || known || up,
        other_is_live: other_is_live(root, facts, place)?,
        root_owned_children: place.map(root_owned_children).unwrap_or_default(),
        strangers: strangers(facts, place)?,
        stale_sockets: if facts.layers.is_empty() {
            place.map(sockets::stale).unwrap_or_default()
        } else {
            Vec::new()
        },
        selinux: root.has(SELINUX)?,
        causes: root_causes(root, facts)?,
    })
}

fn state(unit: &Unit) -> Manager {
    match unit.active {
        Active::Active | Active::Reloading => Manager::Active,
        Active::Activating | Active::Deactivating => Manager::Activating,
        _ if unit.job.is_some() => Manager::Queued,
        Active::Failed => Manager::Failed,
        _ => Manager::Inactive,
    }
}

fn stops_when_unneeded(root: &Root, uid: u32) -> Result<bool> {
    let files = files::read(root, &format!("user-runtime-dir@{uid}.service"))?;
    let last = files.effective("Unit", "StopWhenUnneeded").last().map(|set| set.value.to_ascii_lowercase());
    Ok(matches!(last.as_deref(), Some("yes" | "true" | "on" | "1" | "y" | "t")))
}

fn other_is_live(root: &Root, facts: &Facts, place: Option<&Directory>) -> Result<bool> {
    let Place::Directory(status) = facts.place else { return Ok(false) };
    if [0, facts.account.uid].contains(&status.uid) {
        return Ok(false);
    }
    let listens = |socket| place.is_some_and(|place| bus::ask(&sockets::path_in(place, socket)).listens());
    Ok(cgroup::of_manager(root, status.uid)? != cgroup::Population::Empty
        || listens(bus::BUS)
        || listens(bus::PRIVATE))
}

fn root_owned_children(place: &Directory) -> Vec<&'static str> {
    let is_roots = |name: &&'static str| {
        fstatat(place.fd.as_fd(), *name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| stat.st_uid == 0)
    };
    CHILDREN.into_iter().filter(is_roots).collect()
}

/// Whoever could write into the directory may have left something that the session would take for its own, and may still
/// hold it open: that is said, because it cannot be told apart from what is meant to be there.
fn strangers(facts: &Facts, place: Option<&Directory>) -> Result<Vec<String>> {
    let Place::Directory(status) = facts.place else { return Ok(Vec::new()) };
    let Some(place) = place.filter(|_| status.mode & 0o022 != 0) else { return Ok(Vec::new()) };
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut folder =
        Dir::openat(place.fd.as_fd(), ".", flags, Mode::empty()).context("listing the runtime directory")?;
    let mut found = Vec::new();
    for entry in folder.iter() {
        let name = entry.context("listing the runtime directory")?.file_name().to_owned();
        let Ok(about) = fstatat(place.fd.as_fd(), name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else {
            continue;
        };
        let is_entry = !matches!(name.to_bytes(), b"." | b"..");
        if is_entry && ![0, facts.account.uid, status.uid].contains(&about.st_uid) && found.len() < MOST {
            found.push(format!("{} (uid {})", text::printable(&name.to_string_lossy()), about.st_uid));
        }
    }
    Ok(found)
}

/// What broke it, where that can be seen in files.
fn root_causes(root: &Root, facts: &Facts) -> Result<Vec<Cause>> {
    let host = Host::look(root)?;
    let mut found = Vec::new();
    for entry in causes::stray_entries(root, &host, facts.account.uid)? {
        let (text, hints) = causes::stray_entry(&entry, &host);
        found.push(Cause { id: "fstab-stray", shape: "RF1", text, hints });
    }
    let overrides = files::overrides(root, "user-runtime-dir@.service", &facts.account.uid.to_string())?;
    if let Some(mask) = overrides.mask {
        let mask = mask.display().to_string();
        let text = causes::mask_cause(&mask);
        found.push(Cause {
            id: OVERRIDE,
            shape: "RF5",
            text,
            hints: vec![causes::override_hint(&mask, &host)],
        });
    }
    for set in overrides.settings {
        if let Some(fault) = causes::override_fault(&set.key, &set.value) {
            let file = set.file.display().to_string();
            let text = causes::override_cause(&file, set.line, (&set.key, &set.value), fault);
            found.push(Cause {
                id: OVERRIDE,
                shape: "RF5",
                text,
                hints: vec![causes::override_hint(&file, &host)],
            });
        }
    }
    let is_premount = facts.layers.len() > 1 || facts.layers.iter().any(|layer| layer.has_flag("noexec"));
    let version = host.wsl.as_ref().and_then(|wsl| wsl.version).filter(|_| is_premount);
    if let Some((version, advisory)) =
        version.and_then(|version| Some((version, causes::login_mount_advisory(version)?)))
    {
        let text = format!("this is WSL {version}: {}", advisory.text);
        found.push(Cause { id: "wsl-version", shape: advisory.shape, text, hints: Vec::new() });
    }
    Ok(found)
}
