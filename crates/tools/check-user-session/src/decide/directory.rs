//! `/run/user` and `/run/user/UID`: what stands there, whose it is, and what is mounted.

use oneshot::Finding;
use user_session::directory::{self, Status};
use user_session::limits::Limits;

use super::{PARENT, mend, mend_and_start};
use crate::facts::{Facts, Place};

/// `/run/user` as systemd makes it (`src/login/user-runtime-dir.c`, `user_mkdir_runtime_path`).
const PARENT_GOOD: &str = "0:0 0755";

/// The XDG base directory specification and systemd agree on it.
const MODE: u32 = 0o700;

/// The kernel rounds limits to pages.
const ROUNDING: u64 = 65536;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![parent(facts)];
    let path = directory::path(facts.account.uid);
    match &facts.directory.place {
        Err(reason) => found.push(Finding::skip("runtime-dir-exists", reason.clone())),
        Ok(Place::Missing) => found.push(missing(facts, &path)),
        Ok(Place::Other(kind)) => found.push(
            Finding::fail("runtime-dir-type", format!("{path} is {kind}, not a directory"))
                .shape("RF17")
                .compared("a directory", kind)
                .hint("find out who made it and move it away; no program of the suite touches it")
                .hint(format!("then: {}", mend_and_start(facts))),
        ),
        Ok(Place::Directory(status)) => {
            found.push(exists(facts, &path));
            found.push(owner(facts, status, &path));
            found.push(group(facts, status, &path));
            found.push(mode(facts, status, &path));
            found.push(fstype(facts, &path));
            found.extend(layers(facts, &path));
            found.extend(flags(facts, &path));
            found.extend(limits(facts, &path));
        }
    }
    found
}

fn parent(facts: &Facts) -> Finding {
    let path = directory::PARENT;
    match &facts.directory.parent {
        Err(reason) => Finding::skip(PARENT, reason.clone()),
        Ok(Place::Missing) => Finding::fail(PARENT, format!("{path} does not exist"))
            .shape("RF17")
            .hint(format!("mkdir -m 755 {path}; systemd does it at boot")),
        Ok(Place::Other(kind)) => Finding::fail(PARENT, format!("{path} is {kind}, not a directory"))
            .shape("RF17")
            .hint(format!("move it away, then mkdir -m 755 {path}")),
        Ok(Place::Directory(status)) if status.to_string() == PARENT_GOOD => {
            let layers = facts.directory.parent_layers.len();
            let layers =
                if layers > 1 && facts.host.wsl.is_some() { ", in the layers that WSL makes" } else { "" };
            Finding::ok(PARENT, format!("{path} is {status}{layers}"))
        }
        Ok(Place::Directory(status)) => {
            let effect = if status.mode & !0o755 != 0 || (status.uid, status.gid) != (0, 0) {
                "systemd refuses to make a directory in it"
            } else {
                "users cannot reach their directory in it"
            };
            Finding::fail(PARENT, format!("{path} is {status}: {effect}"))
                .shape("RF9")
                .compared(PARENT_GOOD, status)
                .fixable()
                .hint(mend(facts))
        }
    }
}

fn missing(facts: &Facts, path: &str) -> Finding {
    if !facts.is_wanted() {
        let name = &facts.account.name;
        return Finding::skip(
            "runtime-dir-exists",
            format!("{path} does not exist, and {name} has no session that needs it"),
        );
    }
    Finding::fail("runtime-dir-exists", format!("{path} does not exist"))
        .shape("RF5")
        .fixable()
        .hint(mend_and_start(facts))
}

/// nixpkgs' switch-to-configuration-ng takes a directory for a live manager (nixpkgs PR 550361).
fn exists(facts: &Facts, path: &str) -> Finding {
    let is_stray = facts.host.is_nixos && !facts.is_wanted() && !facts.is_up();
    if is_stray && facts.directory.layers.is_empty() {
        return Finding::warn(
            "runtime-dir-exists",
            format!("{path} exists though nobody needs it: a switch takes it for a session"),
        )
        .hint(format!("if it is empty: rmdir {path}"));
    }
    Finding::ok("runtime-dir-exists", format!("{path} exists"))
}

fn owner(facts: &Facts, status: &Status, path: &str) -> Finding {
    let uid = facts.account.uid;
    if status.uid == uid {
        return Finding::ok("runtime-dir-owner", format!("{path} belongs to uid {uid}"));
    }
    let text = format!("{path} belongs to uid {} instead of {uid}, so pam_systemd refuses it", status.uid);
    let finding = Finding::fail("runtime-dir-owner", text).compared(uid, status.uid);
    if status.uid != 0 {
        return finding.shape("RF6").hint(format!(
            "if neither user has a session: fix-runtime-dir --take-over --start-manager {uid}"
        ));
    }
    finding.shape(root_owned(facts)).fixable().hint(mend_and_start(facts))
}

/// With several mounts all that is wrong belongs to the uppermost, which should not be there.
fn stacked(facts: &Facts) -> Option<&'static str> {
    (facts.directory.layers.len() > 1).then_some("RF3")
}

/// Which shape a root-owned directory has: stacked, plain, or a stray mount.
fn root_owned(facts: &Facts) -> &'static str {
    match facts.directory.layers.len() {
        0 => "RF4",
        1 => "RF1",
        _ => "RF3",
    }
}

fn group(facts: &Facts, status: &Status, path: &str) -> Finding {
    let gid = facts.account.gid;
    if status.gid == gid {
        return Finding::ok("runtime-dir-group", format!("{path} belongs to gid {gid}, the primary group"));
    }
    let finding = Finding::fail(
        "runtime-dir-group",
        format!(
            "{path} belongs to gid {} instead of the primary group {gid}; a NixOS switch acts with that group",
            status.gid
        ),
    );
    let shape = if status.uid == 0 && facts.account.uid != 0 { root_owned(facts) } else { "RF8" };
    finding.shape(shape).compared(gid, status.gid).fixable().hint(mend(facts))
}

fn mode(facts: &Facts, status: &Status, path: &str) -> Finding {
    let mode = format!("{:04o}", status.mode);
    if status.mode == MODE {
        return Finding::ok("runtime-dir-mode", format!("{path} has mode {mode}"));
    }
    let shape = match facts.directory.layers.last() {
        _ if status.uid == 0 && facts.account.uid != 0 => root_owned(facts),
        Some(_) if stacked(facts).is_some() => "RF3",
        Some(layer) if layer.has_flag("noexec") => "RF2",
        _ => "RF7",
    };
    Finding::fail(
        "runtime-dir-mode",
        format!("{path} has mode {mode} instead of 0700, which Qt and others refuse"),
    )
    .shape(shape)
    .compared("0700", mode)
    .fixable()
    .hint(mend(facts))
}

fn fstype(facts: &Facts, path: &str) -> Finding {
    let (layers, fstype) = (&facts.directory.layers, &facts.directory.fstype);
    match layers.last() {
        Some(layer) if layer.fstype == "tmpfs" && layer.root == "/" => {
            Finding::ok("runtime-dir-fstype", format!("{path} is a tmpfs"))
        }
        Some(layer) => {
            let part = if layer.root == "/" { String::new() } else { format!(" ({} of it)", layer.root) };
            Finding::fail("runtime-dir-fstype", format!("a {}{part} is mounted on {path}", layer.fstype))
                .shape("RF17")
                .compared("tmpfs", &layer.fstype)
                .hint(format!("find out what mounted it (findmnt {path}) and remove that"))
        }
        None if facts.directory.may_mount => Finding::warn(
            "runtime-dir-fstype",
            format!("{path} is a plain directory on {fstype}, not a tmpfs of its own"),
        )
        .shape("RF4")
        .compared("tmpfs", "a plain directory")
        .fixable()
        .hint(mend(facts)),
        None => Finding::ok(
            "runtime-dir-fstype",
            format!("{path} is a plain directory: systemd may not mount here"),
        ),
    }
}

fn layers(facts: &Facts, path: &str) -> Option<Finding> {
    let (count, bus) = (facts.directory.layers.len(), facts.sockets.bus);
    if count < 2 {
        return (count == 1)
            .then(|| Finding::ok("runtime-dir-layers", format!("one mount stands at {path}")));
    }
    let text = format!("{count} mounts cover each other at {path}");
    let finding = if bus.listens() {
        Finding::warn("runtime-dir-layers", format!("{text}; the bus answers in the upper one"))
    } else {
        Finding::fail("runtime-dir-layers", format!("{text}; the session below the upper one is hidden"))
    };
    Some(finding.shape("RF3").compared(1, count).fixable().hint(mend(facts)))
}

fn flags(facts: &Facts, path: &str) -> Option<Finding> {
    let layer = facts.directory.layers.last()?;
    let good = "rw,nosuid,nodev";
    let lacks: Vec<_> = ["nosuid", "nodev"].into_iter().filter(|flag| !layer.has_flag(flag)).collect();
    let bad: Vec<_> = ["ro", "noexec"].into_iter().filter(|flag| layer.has_flag(flag)).collect();
    if lacks.is_empty() && bad.is_empty() {
        return Some(Finding::ok(
            "runtime-dir-flags",
            format!("{path} is mounted nosuid,nodev as systemd does"),
        ));
    }
    let mut told = Vec::new();
    if !lacks.is_empty() {
        told.push(format!("without {}", lacks.join(",")));
    }
    if !bad.is_empty() {
        told.push(format!("with {}", bad.join(",")));
    }
    let text = format!("{path} is mounted {}", told.join(" and "));
    // Missing flags protect nothing that works; the others break what programs do there.
    let finding = if bad.is_empty() {
        Finding::warn("runtime-dir-flags", text).shape(stacked(facts).unwrap_or("RF1"))
    } else {
        Finding::fail("runtime-dir-flags", text).shape(stacked(facts).unwrap_or("RF2"))
    };
    Some(finding.compared(good, &layer.options).fixable().hint(mend(facts)))
}

fn limits(facts: &Facts, path: &str) -> Option<Finding> {
    let layer = facts.directory.layers.last().filter(|layer| layer.fstype == "tmpfs")?;
    let Limits { size, inodes } = facts.directory.limits;
    let near =
        |actual: Option<u64>, wanted: u64| actual.is_some_and(|actual| actual.abs_diff(wanted) <= ROUNDING);
    let space = facts.directory.space;
    let sized = layer.super_option("size").is_some() || near(space.map(|space| space.size), size);
    let counted = layer.super_option("nr_inodes").is_some() || near(space.map(|space| space.inodes), inodes);
    if sized && counted {
        return Some(Finding::ok("runtime-dir-size", format!("{path} is limited in size and inodes")));
    }
    let what = match (sized, counted) {
        (false, false) => "size and inodes",
        (false, true) => "size",
        _ => "inodes",
    };
    Some(
        Finding::warn(
            "runtime-dir-size",
            format!("{path} has no limit of its own on {what}: it can take half of the memory"),
        )
        .shape(stacked(facts).unwrap_or("RF1"))
        .compared(format!("size={size},nr_inodes={inodes}"), &layer.super_options)
        .fixable()
        .hint(mend(facts)),
    )
}
