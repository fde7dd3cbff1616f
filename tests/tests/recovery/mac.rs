//! A tree of a Mac with nix-darwin, where all is in order.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use launchd_stand_in::{Launchd, Outcome};
use serde_json::Value;

/// The system of the profile.
pub(crate) const SYSTEM: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";

/// Another one that is there.
pub(crate) const FORMER: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-25.11";

/// The user who recovers.
pub(crate) const TIM: u32 = 1000;

/// A job of the system.
pub(crate) const JOB: &str = "org.nixos.x";

const PROGRAMS: &str = "/usr/local/libexec/mendutils";
const CURRENT: &str = "/private/var/run/current-system";

/// The tree.
pub(crate) struct Mac {
    tree: tempfile::TempDir,
    pub(crate) launchd: Launchd,
}

/// A run.
#[derive(Debug)]
pub(crate) struct Ran(pub(crate) Output);

/// Whether this test cannot run: what belongs to root can be made by root only.
pub(crate) fn cannot() -> Result<bool, Box<dyn Error>> {
    match (nix::unistd::geteuid().is_root(), lab::have_programs()?) {
        (true, true) => Ok(false),
        (false, _) => lab::skip("root").map(|()| true).map_err(Into::into),
        (_, false) => lab::skip("the programs (cargo build --workspace)").map(|()| true).map_err(Into::into),
    }
}

impl Mac {
    /// One with a login at the screen.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let tree = tempfile::tempdir()?;
        fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755))?;
        let launchd = Launchd::install(tree.path())?;
        let mac = Self { tree, launchd };
        mac.ground()?;
        mac.nix()?;
        mac.programs()?;
        mac.jobs()?;
        mac.launchd.edit(|state| {
            state.session = "Aqua".to_owned();
            state.domains.entry(format!("gui/{TIM}")).or_default();
        })?;
        mac.open()?;
        Ok(mac)
    }

    /// A path in the tree.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.tree.path().join(path.trim_start_matches('/'))
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> &Path {
        self.tree.path()
    }

    /// Writes a file of root's, and makes its folders.
    pub(crate) fn write(&self, path: &str, text: &str, mode: u32) -> Outcome {
        let path = self.at(path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        fs::write(&path, text)?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
    }

    /// Replaces a link.
    pub(crate) fn link(&self, path: &str, target: &str) -> Outcome {
        let path = self.at(path);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        Ok(symlink(target, path)?)
    }

    fn ground(&self) -> Outcome {
        self.write("/System/Library/CoreServices/SystemVersion.plist", "", 0o644)?;
        for folder in
            ["/private/var/run", "/private/var/log", "/private/var/lib", "/private/etc", "/Users", "/dev"]
        {
            fs::create_dir_all(self.at(folder))?;
        }
        for (name, target) in [("/run", "private/var/run"), ("/var", "private/var"), ("/etc", "private/etc")]
        {
            self.link(name, target)?;
        }
        self.write("/private/etc/synthetic.conf", "run\tprivate/var/run\n", 0o644)?;
        let passwd = "root:*:0:0::/var/root:/bin/sh\ntim:*:1000:1000::/Users/tim:/bin/zsh\n";
        self.write("/private/etc/passwd", passwd, 0o644)?;
        self.boots("11111111-1111-1111-1111-111111111111")?;
        for path in ["/Users/tim", "/dev/console"] {
            fs::create_dir(self.at(path))?;
            chown(self.at(path), Some(TIM), Some(TIM))?;
        }
        Ok(())
    }

    /// Another boot.
    pub(crate) fn boots(&self, id: &str) -> Outcome {
        self.write("/proc/sys/kernel/random/boot_id", id, 0o644)?;
        self.write("/proc/stat", "btime 1700000000\n", 0o644)
    }

    fn nix(&self) -> Outcome {
        for system in [SYSTEM, FORMER] {
            self.write(&format!("{system}/systemConfig"), system, 0o444)?;
            self.write(&format!("{system}/darwin-version"), "26.05", 0o444)?;
            self.link(&format!("{system}/etc/bashrc"), "/nix/store/cccccccccccccccccccccccccccccccc-bashrc")?;
        }
        self.activates("", 0)?;
        fs::set_permissions(self.at("/nix/store"), fs::Permissions::from_mode(0o1775))?;
        self.link("/nix/var/nix/profiles/system", "system-7-link")?;
        self.link("/nix/var/nix/profiles/system-7-link", SYSTEM)?;
        self.link("/nix/var/nix/gcroots/current-system", "/run/current-system")?;
        self.link(CURRENT, SYSTEM)?;
        self.link("/private/etc/static", &format!("{SYSTEM}/etc"))?;
        self.link("/private/etc/bashrc", "/etc/static/bashrc")
    }

    /// What activate says and ends with, after it has left a trace.
    pub(crate) fn activates(&self, words: &str, code: u32) -> Outcome {
        let trace = self.at("/activated");
        let text = format!("#!/bin/sh\necho run >> {}\n{words}\nexit {code}\n", trace.display());
        self.write(&format!("{SYSTEM}/activate"), &text, 0o555)
    }

    /// How often activate was run.
    pub(crate) fn activations(&self) -> usize {
        fs::read_to_string(self.at("/activated")).map(|text| text.lines().count()).unwrap_or_default()
    }

    fn programs(&self) -> Outcome {
        fs::create_dir_all(self.at(PROGRAMS))?;
        for name in ["recover-activation", "fix-current-system", "fix-launch-daemons"] {
            let path = self.at(PROGRAMS).join(name);
            fs::copy(lab::programs()?.join(name), &path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        // The one that becomes root.
        let sudo = self.at("/usr/bin/sudo");
        fs::remove_file(&sudo)?;
        fs::copy(std::env::current_exe()?, &sudo)?;
        Ok(fs::set_permissions(sudo, fs::Permissions::from_mode(0o4755))?)
    }

    fn jobs(&self) -> Outcome {
        let boot = lab::host::workspace()
            .join("crates/tools/fix-current-system/launchd/daemons/org.nixos.boot-activation.plist");
        let boot = fs::read_to_string(boot)?;
        self.write("/Library/LaunchDaemons/org.nixos.boot-activation.plist", &boot, 0o644)?;
        self.launchd.edit(|state| {
            state.ends.insert("org.nixos.boot-activation".to_owned(), 0);
        })?;
        self.load("org.nixos.boot-activation")?;
        self.wants(JOB)?;
        self.load(JOB)
    }

    /// Has the system want a job, and its definition installed.
    pub(crate) fn wants(&self, label: &str) -> Outcome {
        let text = definition(label, &format!("{SYSTEM}/sw/bin/x"));
        self.write(&format!("{SYSTEM}/sw/bin/x"), "", 0o555)?;
        self.write(&format!("{SYSTEM}/Library/LaunchDaemons/{label}.plist"), &text, 0o444)?;
        self.write(&format!("/Library/LaunchDaemons/{label}.plist"), &text, 0o444)
    }

    /// Loads a daemon, as root did at boot.
    pub(crate) fn load(&self, label: &str) -> Outcome {
        self.launchctl(&["bootstrap", "system", &format!("/Library/LaunchDaemons/{label}.plist")])
    }

    /// Runs launchctl as root.
    pub(crate) fn launchctl(&self, words: &[&str]) -> Outcome {
        let output = Command::new(self.at("/bin/launchctl")).args(words).output()?;
        if output.status.success() { Ok(()) } else { Err(format!("{words:?}: {output:?}").into()) }
    }

    /// Lets the user call the tools, too.
    fn open(&self) -> Outcome {
        let folder = self.at("/stand-in");
        for entry in fs::read_dir(&folder)? {
            fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o666))?;
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777))?;
        Ok(self.launchd.forget()?)
    }

    /// The command of the program, as tim runs it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.at(PROGRAMS).join("recover-activation"));
        command.env_clear().env("HOME", "/Users/tim").uid(TIM).gid(TIM);
        command.arg("--root").arg(self.root()).args(arguments);
        command
    }

    /// The same of root.
    pub(crate) fn as_root(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.at(PROGRAMS).join("recover-activation"));
        command.env_clear().arg("--root").arg(self.root()).args(arguments);
        command
    }

    /// Runs it as tim.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        Ok(Ran(self.command(arguments).output()?))
    }

    /// Where the link leads.
    pub(crate) fn current(&self) -> Option<PathBuf> {
        fs::read_link(self.at(CURRENT)).ok()
    }

    /// Every path with what the kernel says of it, without what the played tools write.
    pub(crate) fn listing(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let (mut lines, mut folders) = (Vec::new(), vec![self.root().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let about = fs::symlink_metadata(&path)?;
                if path.ends_with("stand-in") {
                    continue;
                }
                lines.push(format!(
                    "{} {:o} {} {}",
                    path.display(),
                    about.mode(),
                    about.ctime(),
                    about.ctime_nsec()
                ));
                if about.is_dir() {
                    folders.push(path);
                }
            }
        }
        lines.sort_unstable();
        Ok(lines)
    }

    /// The tools that were called, with the first words of each call.
    pub(crate) fn calls(&self, tool: &str) -> Result<Vec<String>, Box<dyn Error>> {
        let calls = self.launchd.calls()?;
        Ok(calls.into_iter().filter(|call| call.split(' ').next() == Some(tool)).collect())
    }

    /// A run finds all in order, and leaves no trace and no process but launchctl's.
    pub(crate) fn is_at_rest(&self) -> Outcome {
        self.launchd.forget()?;
        let before = self.listing()?;
        let ran = self.run(&[])?.exits(0)?;
        assert_eq!(ran.said(), "");
        assert_eq!(self.listing()?, before);
        for call in self.launchd.calls()? {
            assert!(call.starts_with("launchctl print"), "{call}");
        }
        Ok(())
    }
}

/// A definition that launchd takes.
pub(crate) fn definition(label: &str, program: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>Label</key><string>{label}</string>\
         <key>ProgramArguments</key><array><string>{program}</string></array>\
         <key>RunAtLoad</key><true/></dict></plist>"
    )
}

/// What a run left behind may wait for an hour: it is in the tree, and so it is this test's own.
impl Drop for Mac {
    fn drop(&mut self) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let is_own = words.starts_with(self.root().as_os_str().as_encoded_bytes());
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(pid) = pid.filter(|_| is_own) {
                let _ = nix::sys::signal::kill(
                    nix::unistd::Pid::from_raw(pid),
                    nix::sys::signal::Signal::SIGKILL,
                );
            }
        }
    }
}

impl Ran {
    /// Everything that was said.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned() + &String::from_utf8_lossy(&self.0.stdout)
    }

    /// Holds it to an exit code.
    pub(crate) fn exits(self, code: i32) -> Result<Self, Box<dyn Error>> {
        if self.0.status.code() == Some(code) {
            return Ok(self);
        }
        Err(format!("{}, not {code}: {}", self.0.status, self.said()).into())
    }

    /// Holds it to words.
    pub(crate) fn says(self, words: &str) -> Result<Self, Box<dyn Error>> {
        if self.said().contains(words) {
            Ok(self)
        } else {
            Err(format!("no {words:?} in {}", self.said()).into())
        }
    }

    /// The kinds of the steps of a report.
    pub(crate) fn kinds(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let object: Value = serde_json::from_slice(&self.0.stdout)?;
        let steps = object.get("steps").and_then(Value::as_array).ok_or("no steps")?;
        let kind = |step: &Value| step.get("kind").and_then(Value::as_str).map(str::to_owned);
        steps.iter().map(|step| kind(step).ok_or_else(|| "a step of no kind".into())).collect()
    }
}
