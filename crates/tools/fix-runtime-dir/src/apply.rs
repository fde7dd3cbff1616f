//! The steps, by descriptor: whatever happens to the names meanwhile, only the directory that was judged is changed.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use anyhow::{Context, Result, anyhow, bail};
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, fchmod, fstat, mkdirat};
use nix::unistd::{Gid, Uid, fchdir, fchownat};
use oneshot::command::{self, Command};
use oneshot::{Exit, refuse};
use systemd::Scope;
use user_session::directory::{self, Directory};
use user_session::limits::Limits;

use crate::facts::Facts;
use crate::gather::Handles;
use crate::step::Step;
use crate::{holders, links, sockets};

/// What every runtime directory is mounted with (systemd `src/login/user-runtime-dir.c`, `user_mkdir_runtime_path`).
const FLAGS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);

const FOLDER: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Takes one step. [`Step::Unmount`] closes the handle of the directory, which would keep its mount busy.
pub(crate) fn apply(step: &Step, facts: &Facts, handles: &mut Handles) -> Result<()> {
    let sentence = step.sentence(&directory::path(facts.account.uid));
    try_apply(step, facts, handles).with_context(|| format!("trying to {sentence}"))
}

fn try_apply(step: &Step, facts: &Facts, handles: &mut Handles) -> Result<()> {
    let uid = facts.account.uid;
    match step {
        Step::ParentOwner => own(parent(handles)?, 0, 0),
        Step::ParentMode => chmod(parent(handles)?, 0o755),
        Step::Seal | Step::Mode => chmod(place(handles)?, 0o700),
        Step::Owner { uid, gid } => own(place(handles)?, *uid, *gid),
        Step::Child(name) => own_child(place(handles)?, name, facts),
        Step::Remount(limits) => remount(place(handles)?, facts, limits.as_ref()),
        Step::RemoveSocket(name) => sockets::remove(place(handles)?, name),
        Step::Link(link) => links::make(place(handles)?, &facts.account, link),
        Step::Relabel => relabel(uid),
        Step::Make => Ok(mkdirat(parent(handles)?.fd.as_fd(), uid.to_string().as_str(), Mode::S_IRWXU)?),
        Step::Mount(limits) => mount_tmpfs(place(handles)?, facts, limits),
        Step::Unmount => unmount(facts, handles),
        Step::StartDirectoryUnit => {
            let unit = format!("user-runtime-dir@{uid}.service");
            Scope::System.systemctl()?.args(["start", "--", &unit]).output().map(drop)
        }
    }
}

fn parent(handles: &Handles) -> Result<&Directory> {
    handles.parent.as_ref().ok_or_else(|| anyhow!("{} is not open", directory::PARENT))
}

fn place(handles: &Handles) -> Result<&Directory> {
    handles.place.as_ref().ok_or_else(|| anyhow!("the runtime directory is not open"))
}

fn own(directory: &Directory, uid: u32, gid: u32) -> Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    Ok(fchownat(directory.fd.as_fd(), "", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH)?)
}

/// fchmod(2) refuses an `O_PATH` descriptor; `.` in it is the same directory under any name.
fn chmod(directory: &Directory, mode: u32) -> Result<()> {
    let opened = openat(directory.fd.as_fd(), ".", FOLDER, Mode::empty())?;
    Ok(fchmod(&opened, Mode::from_bits_truncate(mode))?)
}

/// Opens `path` below a directory, part by part, through no link.
pub(crate) fn open_folder(directory: &Directory, path: &str) -> Result<OwnedFd> {
    let mut parts = path.split('/');
    let first = parts.next().unwrap_or_default();
    let mut opened = openat(directory.fd.as_fd(), first, FOLDER, Mode::empty())?;
    for part in parts {
        opened = openat(&opened, part, FOLDER, Mode::empty())?;
    }
    Ok(opened)
}

/// Only a directory, and only while root owns it.
fn own_child(directory: &Directory, path: &str, facts: &Facts) -> Result<()> {
    let opened = open_folder(directory, path)?;
    if fstat(&opened)?.st_uid != 0 {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(facts.account.uid), Gid::from_raw(facts.account.gid));
    Ok(fchownat(&opened, "", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH)?)
}

/// A path that leads to exactly this directory on exactly this mount, for the calls that take no descriptor.
fn path_of(directory: &Directory) -> String {
    format!("/proc/self/fd/{}", directory.fd.as_raw_fd())
}

/// One call sets the flags of the mount and, where given, the limits of the file system; a tmpfs ignores uid, gid and
/// mode here, which is why they are set by chown and chmod. What says how access times are kept stays.
fn remount(directory: &Directory, facts: &Facts, limits: Option<&Limits>) -> Result<()> {
    let layer = facts.layers.last().ok_or_else(|| anyhow!("nothing is mounted there"))?;
    let mut flags = FLAGS | MsFlags::MS_REMOUNT;
    for (name, flag) in [
        ("noatime", MsFlags::MS_NOATIME),
        ("nodiratime", MsFlags::MS_NODIRATIME),
        ("relatime", MsFlags::MS_RELATIME),
    ] {
        if layer.has_flag(name) {
            flags |= flag;
        }
    }
    let options = limits.map(|limits| format!("size={},nr_inodes={}", limits.size, limits.inodes));
    Ok(mount(None::<&str>, path_of(directory).as_str(), None::<&str>, flags, options.as_deref())?)
}

fn mount_tmpfs(directory: &Directory, facts: &Facts, limits: &Limits) -> Result<()> {
    let options = format!(
        "mode=0700,uid={},gid={},size={},nr_inodes={}",
        facts.account.uid, facts.account.gid, limits.size, limits.inodes
    );
    Ok(mount(Some("tmpfs"), path_of(directory).as_str(), Some("tmpfs"), FLAGS, Some(options.as_str()))?)
}

/// Plain umount2(2), never lazily: a lazy one would orphan whoever still works in there.
fn unmount(facts: &Facts, handles: &mut Handles) -> Result<()> {
    let device = facts.layers.last().map(|layer| layer.device);
    // Our own descriptor would keep the mount busy.
    handles.place = None;
    fchdir(parent(handles)?.fd.as_fd())?;
    let outcome = umount2(facts.account.uid.to_string().as_str(), MntFlags::UMOUNT_NOFOLLOW);
    fchdir(openat(nix::fcntl::AT_FDCWD, "/", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?)?;
    match outcome {
        Ok(()) => Ok(()),
        Err(nix::Error::EBUSY) => {
            let holders = device.map(holders::of).unwrap_or_default();
            let names = if holders.is_empty() { "a bound socket".to_owned() } else { holders.join(", ") };
            Err(refuse(Exit::Busy, format!("it is in use by {names}; end that and run this again")))
        }
        Err(error) => bail!(error),
    }
}

/// A host without the program has no policy that it could follow, and a policy without a label for the directory is no
/// error to it.
fn relabel(uid: u32) -> Result<()> {
    let Ok(restorecon) = command::find("restorecon") else { return Ok(()) };
    let outcome = Command::new(restorecon).args(["-F", "--"]).arg(directory::path(uid)).run()?;
    if outcome.status.success() { Ok(()) } else { bail!("restorecon says: {}", outcome.words()) }
}
