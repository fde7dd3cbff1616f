//! What Linux does not tell: a look a second finds it all the same.

#![cfg(target_os = "linux")]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::fcntl::{FcntlArg, fcntl};
use oneshot::rights::AsUser;
use oneshot::{Deadline, Exit, Root, exit};
use path_wait::{Outcome, Wanted, wait};

/// Sooner than the look that is taken where events are expected.
const SOON: Duration = Duration::from_secs(10);

/// Waits with the rights of nobody (where this is root), and changes something meanwhile.
fn changes(path: PathBuf, change: impl FnOnce() -> Result<()>) -> Result<Outcome> {
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let waiter = scope.spawn(move || {
            let _rights = AsUser::of(65_534, 65_534);
            let mut say = |_: &[path_wait::Missing]| {
                let _ = tell.send(());
            };
            let deadline = Deadline::after(Duration::from_secs(100));
            wait(&Root::default(), &[Wanted { path, mounted: false }], Some(deadline), &mut say)
        });
        told.recv_timeout(SOON).context("it does not wait")?;
        change()?;
        let changed = Instant::now();
        let outcome = waiter.join().map_err(|_| anyhow::anyhow!("the waiter has died"))?;
        ensure!(changed.elapsed() < SOON, "{:?} until it was seen", changed.elapsed());
        outcome
    })
}

fn mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

#[test]
fn a_folder_that_may_be_searched_and_not_read_cannot_be_listened_to() -> Result<()> {
    let tree = tempfile::tempdir()?;
    mode(tree.path(), 0o711)?;
    let path = tree.path().join("a");
    assert_eq!(changes(path.clone(), || Ok(fs::write(&path, "")?))?, Outcome::There);
    Ok(())
}

#[test]
fn a_folder_that_loses_its_rights_meanwhile_ends_the_wait_at_once() -> Result<()> {
    let tree = tempfile::tempdir()?;
    mode(tree.path(), 0o755)?;
    fs::create_dir(tree.path().join("a"))?;
    let error = changes(tree.path().join("a/b"), || mode(&tree.path().join("a"), 0o000)).unwrap_err();
    assert_eq!(exit::of(&error), Exit::NoPermission, "{error:#}");
    Ok(())
}

#[test]
fn names_of_proc_appear_without_an_event() -> Result<()> {
    const NUMBER: i32 = 777;
    let file = File::open("/dev/null")?;
    let folder = format!("/proc/self/task/{}/fd", nix::unistd::gettid());
    let path = Path::new(&folder).join(NUMBER.to_string());
    let change = || {
        let number = fcntl(&file, FcntlArg::F_DUPFD_CLOEXEC(NUMBER))?;
        ensure!(number == NUMBER, "the number was taken");
        Ok(())
    };
    assert_eq!(changes(path, change)?, Outcome::There);
    Ok(())
}
