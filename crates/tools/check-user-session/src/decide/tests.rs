//! A healthy session, and each known failure shape as one change to it.

use oneshot::{Exit, Status as Word};
use systemd::files::{Overrides, Setting};
use systemd::journal::{Journal, Line};
use systemd::login::User;
use systemd::manager::Manager;
use systemd::unit::{self, Unit};
use user_session::bus::Answer;
use user_session::causes::Host;
use user_session::cgroup::Population;
use user_session::directory::Status;
use user_session::limits::Limits;
use user_session::namespace::MountNamespace;
use user_session::policy::Verdict;
use user_session::wsl::{Version, Wsl};
use user_session::wslg::Link;
use user_session::{Account, MountTable, fstab};

use super::*;
use crate::facts::{Causes, Directory, Environment, Linger, Next, Place, Sockets, Units, WslSession};

mod directory;
mod session;

/// A healthy WSL host (kernel 6.6.87.2), as its mount table reads.
const TABLE: &str = "\
60 1 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard
691 60 0:30 / /mnt rw,relatime - tmpfs none rw
692 691 0:111 / /mnt/wslg rw,relatime shared:37 - tmpfs none rw
737 60 0:177 / /run rw,nosuid,nodev shared:59 - tmpfs none rw,mode=755
743 737 0:180 / /run/user rw,nosuid,nodev,noexec,noatime shared:62 - tmpfs none rw,mode=755
776 743 0:111 /run/user /run/user rw,relatime shared:37 - tmpfs none rw
979 776 0:200 / /run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=100
996 692 0:200 / /mnt/wslg/run/user/1000 rw,nosuid,nodev,relatime shared:340 - tmpfs tmpfs rw,size=1612k,nr_inodes=403,mode=700,uid=1000,gid=100
";

fn place(uid: u32, gid: u32, mode: u32) -> Place {
    Place::Directory(Status { uid, gid, mode, device: (0, 200), mount: None })
}

fn a_unit(id: &str, active: &str) -> Unit {
    unit::parse(&format!("Id={id}\nLoadState=loaded\nActiveState={active}\nSubState=x\nResult=success\n"))
        .remove(0)
}

fn good() -> Facts {
    let table = MountTable::parse(TABLE).unwrap();
    let stack = |path: &str| table.stack(path).into_iter().cloned().collect::<Vec<_>>();
    let layers = stack("/run/user/1000");
    let limits = Limits { size: 1_650_688, inodes: 403 };
    let listens = Answer::Listens { uid: 1000 };
    let environment = Environment {
        runtime_directory: Some("/run/user/1000/".into()),
        bus: Some("unix:path=/run/user/1000/bus,guid=0123".into()),
    };
    Facts {
        account: Account { name: "tim".into(), uid: 1000, gid: 100 },
        is_own: true,
        host: Host {
            is_nixos: true,
            wsl: Some(Wsl { version: Some(Version(2, 7, 1)), automount_root: "/mnt".into(), is_wsl1: false }),
        },
        manager: Ok(Manager { version: "257.13".into(), state: "running".into() }),
        namespace: MountNamespace::OfPid1,
        directory: Directory {
            parent: Ok(place(0, 0, 0o755)),
            place: Ok(place(1000, 100, 0o700)),
            parent_layers: stack("/run/user"),
            twins: layers
                .last()
                .map(|layer| table.twins(layer).map(|twin| twin.point.clone()).collect())
                .unwrap(),
            layers,
            fstype: "tmpfs".into(),
            limits,
            space: Some(limits),
            may_mount: true,
        },
        causes: Causes {
            next: Some(Next {
                system: "/nix/var/nix/profiles/system".into(),
                is_running: false,
                stray: Vec::new(),
            }),
            ..Causes::default()
        },
        units: Ok(Units {
            directory: a_unit("user-runtime-dir@1000.service", "active"),
            manager: a_unit("user@1000.service", "active"),
            sessions: a_unit("systemd-user-sessions.service", "active"),
        }),
        population: Population::Local,
        nologin: Vec::new(),
        journal: Some(Ok(Journal::Lines(Vec::new()))),
        sockets: Sockets { bus: listens, private: listens, has_bus_unit: true },
        environment: Some(environment),
        linger: Linger {
            user: Ok(Some(User { state: "active".into(), linger: true, sessions: vec!["1".into()] })),
            is_declared: true,
            policy: Some(Verdict::Enables),
            unknown: Vec::new(),
        },
        wsl: Some(WslSession {
            has_login: true,
            has_gui: true,
            lost_links: Ok(Vec::new()),
            servers: vec![("wayland-0", listens)],
            has_x11: Some(true),
        }),
    }
}

/// A plain host where the user is not logged in and nobody asks for a manager.
fn absent() -> Facts {
    let mut facts = good();
    facts.is_own = false;
    facts.environment = None;
    facts.host.wsl = None;
    facts.wsl = None;
    facts.directory.place = Ok(Place::Missing);
    facts.directory.layers.clear();
    facts.linger = Linger { user: Ok(None), is_declared: false, policy: None, unknown: Vec::new() };
    facts.sockets.bus = Answer::Missing;
    facts.sockets.private = Answer::Missing;
    set_manager(&mut facts, "inactive", "");
    facts
}

fn set_manager(facts: &mut Facts, active: &str, more: &str) {
    let text = format!("Id=user@1000.service\nLoadState=loaded\nActiveState={active}\nSubState=x\n{more}");
    if let Ok(units) = &mut facts.units {
        units.manager = unit::parse(&text).remove(0);
    }
}

fn changed(change: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = good();
    change(&mut facts);
    findings(&facts)
}

/// Ids and shapes of what is not in order, in their order.
fn wrong(found: &[Finding]) -> Vec<(&'static str, Word, Option<&'static str>)> {
    let wrong = found.iter().filter(|finding| matches!(finding.status, Word::Warn | Word::Fail));
    wrong.map(|finding| (finding.id, finding.status, finding.shape)).collect()
}

fn one<'a>(found: &'a [Finding], id: &str) -> &'a Finding {
    found.iter().find(|finding| finding.id == id).unwrap()
}

fn entry(point: &str, more: &str) -> fstab::Entry {
    fstab::parse(&format!("\ntmpfs {point} {more}\n")).remove(0)
}
