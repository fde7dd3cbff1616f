//! The short way to "in order", which asks about one mount, and the long one, which reads the mount table: they never
//! disagree, and only the short one does without the table.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use lab::session::{plain, wsl};
use lab::{Release, Report, Session};

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("a_healthy_session_of_wsl_needs_no_table", of_wsl)
        .on_each("a_sole_mount_in_order_needs_no_table", in_order)
        .on_each("a_sole_mount_with_wrong_flags_or_limits_is_judged_by_the_table", of_wrong_options)
        .on_each("layers_and_plain_directories_are_judged_by_the_table", of_layers)
        .on_each("a_bind_of_something_else_is_judged_by_the_table", of_binds)
        .on_each("a_mount_that_is_shown_elsewhere_is_judged_by_the_table", elsewhere)
        .on_each("another_namespace_or_root_is_judged_by_the_table", of_other_roots)
        .run()
}

/// Root that may not look at PID 1 (proc_pid_root(5)) has only the long way.
const LONG: [&str; 3] = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];

const PROGRAM: [&str; 4] = ["fix-runtime-dir", "--json", "--dry-run", "1000"];

/// As systemd mounts it.
const GOOD: &str = "mkdir -p -m 755 /run/user/1000; \
                    mount -t tmpfs -o nosuid,nodev,mode=700,uid=1000,gid=100,size=8m,nr_inodes=2k tmpfs /run/user/1000";

const AWAY: &str =
    "while umount /run/user/1000 2>/dev/null; do :; done; rm -rf --one-file-system /run/user/1000";

/// Makes the table empty.
const HIDE: &str = "mount --bind /dev/null /proc/1/mountinfo";
const SHOW: &str = "umount /proc/1/mountinfo";

/// What the program says, and what it says where it has no other way than the long one.
struct Verdicts {
    both: Report,
    /// The exit code where the table is empty.
    without_table: i32,
}

fn verdicts(session: &Session) -> Result<Verdicts> {
    let run = |prefix: &[&str]| session.machine.root(&[prefix, &PROGRAM].concat()).run();
    let (both, long) = (run(&[])?, run(&LONG)?);
    ensure!((both.code, &both.stdout) == (long.code, &long.stdout), "they disagree: {both}\n{long}");
    session.sh(HIDE)?;
    let (blind, lost) = (run(&[])?, run(&LONG)?);
    session.sh(SHOW)?;
    ensure!(lost.code != 0, "the long way needs no table: {lost}");
    Ok(Verdicts { both: Report::of(both)?, without_table: blind.code })
}

/// In order, and known without the table where the kernel tells (statmount(2) with the options, Linux 6.11).
fn is_quickly_in_order(session: &Session) -> Result<()> {
    let Verdicts { both, without_table } = verdicts(session)?;
    let report = both.exits(0)?.without_steps()?;
    ensure!(report.findings.is_empty(), "it finds fault: {report:#?}");
    ensure!(without_table == 0, "the table was needed");
    Ok(())
}

/// Not in order, says the table: without it there is no verdict.
fn is_left_to_the_table(session: &Session) -> Result<Report> {
    let Verdicts { both, without_table } = verdicts(session)?;
    ensure!(both.exit != 0 || !both.steps.is_empty(), "it is in order: {both:#?}");
    ensure!(without_table == 1, "the table was not needed: {without_table}");
    Ok(both)
}

/// Each of these by itself, on a machine where nobody is logged in.
fn each(release: Release, grounds: &[&str], look: fn(&Session) -> Result<()>) -> Result<()> {
    let session = Session::without_wslg(plain(release, false).boot()?);
    for ground in grounds {
        session.sh(ground)?;
        look(&session).with_context(|| (*ground).to_owned())?;
        session.sh(AWAY)?;
    }
    Ok(())
}

/// Linux before 6.11 has the long way only.
fn lacks_statmount(session: &Session) -> Result<bool> {
    let release = session.sh("uname -r")?;
    let mut numbers = release.text().split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    Ok((numbers.next(), numbers.next()) < (Some(6), Some(11)))
}

fn of_wsl(release: Release) -> Result<()> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.has_wslg_links()?;
    if lacks_statmount(&session)? {
        return lab::skip("Linux 6.11");
    }
    is_quickly_in_order(&session)
}

fn in_order(release: Release) -> Result<()> {
    let session = Session::without_wslg(plain(release, false).boot()?);
    if lacks_statmount(&session)? {
        return lab::skip("Linux 6.11");
    }
    session.sh(GOOD)?;
    is_quickly_in_order(&session)?;
    // More mounts than are listed at once, another's directory among them, and a twin of this one.
    session.sh(
        "mkdir -p /srv/many; for n in $(seq 150); do mkdir /srv/many/$n; mount -t tmpfs tmpfs /srv/many/$n; done
         mkdir -p /run/user/1001 '/srv/a b/run/user/1000'; mount -t tmpfs -o uid=1001 tmpfs /run/user/1001
         mount --bind /run/user/1000 '/srv/a b/run/user/1000'",
    )?;
    is_quickly_in_order(&session)
}

fn of_wrong_options(release: Release) -> Result<()> {
    let [noexec, ro, suid, dev] = ["noexec", "ro", "suid", "dev"]
        .map(|flag| format!("{GOOD}; mount -o remount,bind,nosuid,nodev,{flag} /run/user/1000"));
    let unlimited = GOOD.replace(",size=8m,nr_inodes=2k", "");
    let unsized_only = GOOD.replace(",size=8m", "");
    let grounds = [&noexec, &ro, &suid, &dev, &unlimited, &unsized_only].map(String::as_str);
    each(release, &grounds, |session| {
        let report = is_left_to_the_table(session)?;
        ensure!(report.steps.iter().any(|step| step.kind == "remount"), "not remounted: {report:#?}");
        Ok(())
    })
}

fn of_layers(release: Release) -> Result<()> {
    let two = format!("{GOOD}; {GOOD}");
    let none = "mkdir -m 700 /run/user/1000; chown 1000:100 /run/user/1000";
    let self_bound = format!("{GOOD}; mount --bind /run/user/1000 /run/user/1000");
    each(release, &[&two, none, &self_bound], |session| is_left_to_the_table(session).map(drop))
}

fn of_binds(release: Release) -> Result<()> {
    // Each is the user's, 0700, with the right flags and limits: only what it is tells it from a good one.
    let own = "chown 1000:100 X; chmod 700 X; mkdir -p /run/user/1000; mount --bind X /run/user/1000; \
               mount -o remount,bind,nosuid,nodev /run/user/1000";
    let limited = format!("mount -o remount,size=8m,nr_inodes=2k X; {own}");
    let another =
        "mkdir -p /run/user/1001; mount -t tmpfs -o nosuid,nodev,size=8m,nr_inodes=2k tmpfs /run/user/1001";
    let grounds = [
        limited.replace('X', "/dev/shm"),
        limited.replace('X', "/tmp"),
        format!("{another}; {}", own.replace('X', "/run/user/1001")),
        format!("{another}; mkdir /run/user/1001/part; {}", own.replace('X', "/run/user/1001/part")),
        format!("mkdir /run/part; {}", own.replace('X', "/run/part")),
    ];
    let grounds: Vec<&str> = grounds.iter().map(String::as_str).collect();
    each(release, &grounds, |session| is_left_to_the_table(session)?.hints("RF17").map(drop))
}

fn elsewhere(release: Release) -> Result<()> {
    let shown = format!("{GOOD}; mkdir -p /srv/x; mount --bind /run/user/1000");
    let grounds = [
        format!("{shown} /srv/x"),
        // A part of it, and one that is covered: it is told of what is there, not of what can be reached.
        format!("umount /srv/x; {GOOD}; mkdir /run/user/1000/part; mount --bind /run/user/1000/part /srv/x"),
        format!("umount /srv/x; {shown} /srv/x; mount -t tmpfs tmpfs /srv"),
        // It was first there, and is bound here.
        format!(
            "umount /srv; umount /srv/x; {}; mkdir -p /run/user/1000; mount --bind /srv/x /run/user/1000; \
             mount -o remount,bind,nosuid,nodev /run/user/1000",
            GOOD.replace("/run/user/1000", "/srv/x")
        ),
        // Behind more mounts than are listed at once.
        format!(
            "umount /srv/x; mkdir -p /srv/many; for n in $(seq 150); do mkdir /srv/many/$n; mount -t tmpfs tmpfs /srv/many/$n; done
             {shown} /srv/x"
        ),
    ];
    let grounds: Vec<&str> = grounds.iter().map(String::as_str).collect();
    each(release, &grounds, |session| is_left_to_the_table(session)?.hints("RF17").map(drop))
}

/// The program in another surrounding ends so, and does not end well where the table is empty.
fn is_told(session: &Session, surrounding: &[&str], code: i32) -> Result<()> {
    let command = [surrounding, &PROGRAM].concat();
    session.machine.root(&command).run()?.exits(code)?;
    session.sh(HIDE)?;
    session.machine.root(&command).run()?.exits(1)?;
    session.sh(SHOW).map(drop)
}

fn of_other_roots(release: Release) -> Result<()> {
    let session = Session::without_wslg(plain(release, false).boot()?);
    session.sh(GOOD)?;
    is_told(&session, &["unshare", "--mount"], 78)?;
    // In the namespace of PID 1 a root with a good directory of its own.
    session.sh(&format!(
        "mkdir /jail; mount --bind / /jail; mount --rbind /proc /jail/proc; mount --bind /usr /jail/usr
         mount -t tmpfs -o mode=755 tmpfs /jail/run; mkdir -p /jail/run/systemd/system /jail/run/user; {}",
        GOOD.replace("/run/user/1000", "/jail/run/user/1000")
    ))?;
    is_told(&session, &["chroot", "/jail"], 75)
}
