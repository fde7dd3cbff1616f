//! One user's session in a machine: what it must look like when it works, and what a program may not touch.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::accounts::{TIM, User};
use crate::builder::Builder;
use crate::inside::Output;
use crate::machine::Machine;
use crate::mountinfo::Row;
use crate::release::Release;
use crate::report::{Report, names_shape};

/// How long a unit may take.
pub const SOON: Duration = Duration::from_secs(20);

/// The line that `nixos-generate-config` leads to on a WSL where tim is logged in.
pub const STRAY: &str = "tmpfs /mnt/wslg/run/user/1000 tmpfs defaults 0 0\n";

/// What hides the shipped drop-in.
const DROP_IN: &str = "/etc/systemd/system/user-runtime-dir@.service.d/50-mendutils.conf";

/// Up to systemd 255 `user-runtime-dir@` stops with nobody who needs it; this needs it.
const KEEP: &str = "[Unit]\nWants=user-runtime-dir@%i.service\nAfter=user-runtime-dir@%i.service\n\n\
                    [Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n";

/// Links that `wslg-session.service` makes, and where they lead to in `<automount.root>/wslg/runtime-dir`.
const LINKS: [&str; 4] = ["wayland-0", "wayland-0.lock", "pulse/native", "pulse/pid"];

/// Mounts, files and units that a program may only touch to mend: everything of a file but its access time. The
/// journal is seen through a bind of `/run`, and always written.
const SNAPSHOT: &str = r#"
grep -E ' (/run/user|/mnt/wslg|/etc|/win/wslg)[^ ]* ' /proc/1/mountinfo || true
print='%p %y %i %m %U:%G %s %l %T@ %C@\n'
for top in /run/user /mnt/wslg /win/wslg /decoy; do
    test ! -d $top || find $top -maxdepth 6 -xdev -path '*/log/journal' -prune -o -printf "$print"
done | sort
for top in /run/user/*/; do
    test ! -d $top || find $top -maxdepth 4 -xdev -path '*/log/journal' -prune -o -printf "$print"
done | sort
systemctl show --property=Id,ActiveState,SubState,Result,MainPID,InvocationID user@1000 user-runtime-dir@1000 user@1001
"#;

/// A WSL machine with the programs, whose drop-in is switched on or off.
pub fn wsl(release: Release, drop_in: bool) -> Builder {
    plain(release, drop_in).wsl(true)
}

/// The same that is no WSL.
pub fn plain(release: Release, drop_in: bool) -> Builder {
    let builder = Machine::builder(release)
        .programs()
        .file("/etc/systemd/system/keep@.service", KEEP, 0o644)
        .file("/etc/systemd/logind.conf.d/lab.conf", "[Login]\nUserStopDelaySec=100ms\n", 0o644);
    if drop_in { builder } else { builder.link(DROP_IN, "/dev/null") }
}

/// A user's session in a machine.
#[derive(Debug)]
pub struct Session {
    /// Where it is.
    pub machine: Machine,
    /// Whose it is.
    pub user: User,
    /// `<automount.root>/wslg`, when there are WSLg's links to be looked for.
    pub wslg: Option<String>,
}

impl Session {
    /// Tim's on a WSL with a GUI.
    pub fn of_tim(machine: Machine) -> Self {
        Self { machine, user: TIM, wslg: Some("/mnt/wslg".to_owned()) }
    }

    /// Tim's where there is no WSLg.
    pub fn without_wslg(machine: Machine) -> Self {
        Self { machine, user: TIM, wslg: None }
    }

    /// The user manager's unit.
    pub fn unit(&self) -> String {
        format!("user@{}.service", self.user.uid)
    }

    /// Runs a script as root and fails when a command of it does.
    pub fn sh(&self, script: &str) -> Result<Output> {
        self.machine.root(&["sh", "-euc", script]).ok()
    }

    /// Has tim's manager running, through linger.
    pub fn start(self) -> Result<Self> {
        self.machine.root(&["loginctl", "enable-linger", self.user.name]).ok()?;
        self.works()?;
        Ok(self)
    }

    /// Kind, mode, uid and gid of what is at the path, no link followed.
    pub fn stat(&self) -> Result<String> {
        let stat = self.machine.root(&["stat", "--format=%F %a %u %g", &self.user.runtime_dir()]).run()?;
        Ok(stat.text().to_owned())
    }

    /// Fails unless [`Session::stat`] is so.
    pub fn looks(&self, stat: &str) -> Result<()> {
        let seen = self.stat()?;
        ensure!(seen == stat, "expecting {stat:?}, the directory is {seen:?}");
        Ok(())
    }

    /// The only mount on a path.
    pub fn only_mount(&self, path: &str) -> Result<Row> {
        let rows = self.machine.mounts_at(path)?;
        match rows.as_slice() {
            [row] => Ok(row.clone()),
            _ => anyhow::bail!("expecting one mount on {path}: {rows:#?}"),
        }
    }

    /// Systemd's own state of the directory: the user's, 0700, one tmpfs with logind's limits and systemd's flags.
    pub fn is_good(&self) -> Result<()> {
        self.looks(&format!("directory 700 {} {}", self.user.uid, self.user.gid))?;
        let row = self.only_mount(&self.user.runtime_dir())?;
        ensure!(row.kind == "tmpfs" && row.root == "/", "not a tmpfs: {row:?}");
        let flag = |name: &str| row.options.split(',').any(|option| option == name);
        ensure!(flag("rw") && flag("nosuid") && flag("nodev") && !flag("noexec"), "wrong flags: {row:?}");
        for limit in self.limits()? {
            ensure!(
                row.superblock.split(',').any(|option| option == limit),
                "expecting {limit} as logind gives: {row:?}"
            );
        }
        self.parent_is_good()?;
        let Some(wslg) = &self.wslg else { return Ok(()) };
        let twin = self.only_mount(&format!("{wslg}{}", self.user.runtime_dir()))?;
        ensure!(twin.device == row.device, "the twin is another file system: {row:?}\n{twin:?}");
        Ok(())
    }

    /// `/run/user`: root's, 0755, and WSL's two layers still there.
    pub fn parent_is_good(&self) -> Result<()> {
        let parent = self.machine.root(&["stat", "--format=%F %a %u %g", "/run/user"]).ok()?;
        ensure!(parent.text() == "directory 755 0 0", "/run/user: {parent}");
        if self.wslg.is_some() {
            let rows = self.machine.mounts_at("/run/user")?;
            ensure!(rows.len() == 2, "WSL's two mounts on /run/user: {rows:#?}");
        }
        Ok(())
    }

    /// The limits that logind tells systemd's own program, as the mount table shows them.
    fn limits(&self) -> Result<[String; 2]> {
        let shown = self.machine.root(&[
            "busctl",
            "get-property",
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "RuntimeDirectorySize",
            "RuntimeDirectoryInodesMax",
        ]);
        let shown = shown.ok()?;
        let numbers: Vec<u64> =
            shown.text().split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [size, inodes] = numbers.as_slice() else { anyhow::bail!("reading logind's limits: {shown}") };
        // A tmpfs counts in pages.
        Ok([format!("size={}k", size.div_ceil(4096) * 4), format!("nr_inodes={inodes}")])
    }

    /// Fails unless the manager is active and settled, and its bus answers the user.
    pub fn works(&self) -> Result<()> {
        self.machine.wait_for(&self.unit(), "active", SOON)?;
        let name = self.user.name;
        self.machine.user(name, &["systemctl", "--user", "is-system-running", "--wait"]).ok()?;
        self.machine.user(name, &["busctl", "--user", "status"]).ok().map(drop)
    }

    /// Fails if the bus answers.
    pub fn has_no_bus(&self) -> Result<()> {
        let status = self.machine.user(self.user.name, &["busctl", "--user", "status"]).run()?;
        ensure!(status.code != 0, "the bus answers: {status}");
        Ok(())
    }

    /// WSLg's links are the user's and lead to WSLg's sockets.
    pub fn has_wslg_links(&self) -> Result<()> {
        let Some(wslg) = &self.wslg else { return Ok(()) };
        let User { uid, gid, .. } = self.user;
        let pulse = self.path("pulse");
        let shown = self.machine.root(&["stat", "--format=%F %a %u %g", &pulse]).run()?;
        ensure!(shown.text() == format!("directory 755 {uid} {gid}"), "{shown}");
        for name in LINKS {
            let shown = self.machine.root(&["stat", "--format=%N %u", &self.path(name)]).run()?;
            let target = format!("'{}' -> '{wslg}/runtime-dir/{name}' {uid}", self.path(name));
            ensure!(shown.text() == target, "expecting {target}: {shown}");
        }
        for name in ["wayland-0", "pulse/native"] {
            self.machine.user(self.user.name, &["test", "-S", &self.path(name)]).ok()?;
        }
        Ok(())
    }

    /// A path below the runtime directory.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.user.runtime_dir())
    }

    /// All that a mended session must be: the directory, the manager, the bus, WSLg; and a second run has nothing
    /// to do.
    pub fn is_mended(&self) -> Result<()> {
        self.works()?;
        self.is_good()?;
        self.has_wslg_links()?;
        self.second_run_changes_nothing()
    }

    /// Runs it again, in both forms of output.
    pub fn second_run_changes_nothing(&self) -> Result<()> {
        let uid = self.user.uid.to_string();
        let before = self.snapshot()?;
        self.fix(&["--start-manager", &uid])?.exits(0)?.without_steps()?;
        let text = self.machine.root(&["fix-runtime-dir", &uid]).ok()?;
        ensure!(text.stdout.is_empty() && text.stderr.is_empty(), "a second run is not silent: {text}");
        self.unchanged(&before)
    }

    /// `fix-runtime-dir --json` as root.
    pub fn fix(&self, arguments: &[&str]) -> Result<Report> {
        let command = [&["fix-runtime-dir", "--json"], arguments].concat();
        Report::of(self.machine.root(&command).run()?)
    }

    /// `check-user-session tim` as root.
    pub fn check(&self) -> Result<Output> {
        self.machine.root(&["check-user-session", self.user.name]).run()
    }

    /// What a program that refuses may not change.
    pub fn snapshot(&self) -> Result<String> {
        Ok(self.sh(SNAPSHOT).context("taking a snapshot")?.stdout)
    }

    /// Fails unless everything is as in an earlier snapshot.
    pub fn unchanged(&self, before: &str) -> Result<()> {
        let after = self.snapshot()?;
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), after.lines().collect());
        let gone = old.difference(&new).map(|line| format!("- {line}"));
        let changes: Vec<String> =
            gone.chain(new.difference(&old).map(|line| format!("+ {line}"))).take(50).collect();
        ensure!(changes.is_empty(), "something has changed:\n{}", changes.join("\n"));
        Ok(())
    }

    /// Runs a refusing or reporting `fix-runtime-dir` and fails if it changes anything.
    pub fn fix_untouched(&self, arguments: &[&str]) -> Result<Report> {
        let before = self.snapshot()?;
        let report = self.fix(arguments)?.without_steps()?;
        self.unchanged(&before)?;
        Ok(report)
    }

    /// The pids of the manager and its invocation: the same before and after unless it was restarted.
    pub fn manager(&self) -> Result<String> {
        let unit = self.unit();
        let show =
            self.machine.root(&["systemctl", "show", "--property=MainPID,InvocationID", &unit]).ok()?;
        Ok(show.stdout)
    }

    /// Lets the user linger, which starts the manager, and fails unless that fails.
    pub fn start_fails(&self) -> Result<()> {
        self.machine.root(&["loginctl", "enable-linger", self.user.name]).ok()?;
        // Logind does not wait for it.
        let start = self.machine.root(&["systemctl", "start", &self.unit()]).run()?;
        ensure!(start.code != 0, "the manager has started: {start}");
        self.has_no_bus()
    }

    /// The same where systemd may skip the start without an error.
    pub fn start_is_without_effect(&self) -> Result<()> {
        self.machine.root(&["loginctl", "enable-linger", self.user.name]).ok()?;
        self.machine.root(&["systemctl", "start", &self.unit()]).run()?;
        self.has_no_bus()
    }

    /// Fails unless `check-user-session` finds fault, names the shape, and changes nothing.
    pub fn is_recognised(&self, shape: &str) -> Result<Output> {
        let before = self.snapshot()?;
        let check = self.check()?.exits(1)?;
        ensure!(names_shape(&check.stdout, shape), "{shape} is not named: {check}");
        self.unchanged(&before)?;
        Ok(check)
    }

    /// Fails unless the journal says all of this.
    pub fn journal_says(&self, texts: &[&str]) -> Result<()> {
        let journal = self.machine.journal()?;
        for text in texts {
            ensure!(journal.contains(text), "the journal does not say {text:?}:\n{journal}");
        }
        Ok(())
    }

    /// Keeps `user-runtime-dir@` needed, so that a failed manager does not take the directory away.
    pub fn keep(&self) -> Result<()> {
        self.sh(&format!("systemctl start keep@{}", self.user.uid)).map(drop)
    }

    /// The release of systemd.
    pub fn systemd(&self) -> Result<u32> {
        let version = self.machine.root(&["systemctl", "--version"]).ok()?;
        let number = version.stdout.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        number.with_context(|| format!("reading {version}"))
    }
}
