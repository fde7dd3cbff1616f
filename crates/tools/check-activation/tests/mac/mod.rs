//! A tree of a Mac that has come up, with a launchd that is played.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use launchd_stand_in::{Launchd, Outcome};
use serde_json::Value;
use testbed::{Program, Ran, Tree};

pub(crate) const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
pub(crate) const OTHER: &str = "nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";
pub(crate) const ETC: &str = "nix/store/cccccccccccccccccccccccccccccccc-etc/etc";
pub(crate) const DAEMONS: &str = "Library/LaunchDaemons";
pub(crate) const ACTIVATE: &str = "org.nixos.activate-system";
pub(crate) const CURRENT: &str = "run/current-system";

/// When this Mac was booted, in seconds since 1970.
pub(crate) const BOOTED: u64 = 1_700_000_000;

pub(crate) fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_check-activation"))
}

/// The tree and its launchd.
pub(crate) struct Mac {
    pub(crate) tree: Tree,
    pub(crate) launchd: Launchd,
}

impl Mac {
    /// All in order: the store, the links, and two daemons, one of which runs.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Tree::new()?;
        let launchd = Launchd::install(tree.root())?;
        let mac = Self { tree, launchd };
        mac.write("System/Library/CoreServices/SystemVersion.plist", "")?;
        mac.write("proc/stat", &format!("cpu 1 2\nbtime {BOOTED}\n"))?;
        mac.write("proc/sys/kernel/random/boot_id", "first-boot\n")?;
        mac.write("etc/passwd", "tim:x:501:20::/Users/tim:/run/current-system/sw/bin/zsh\n")?;
        for folder in
            ["private/var/run", "nix/var/nix/profiles", "nix/var/nix/gcroots", "dev", DAEMONS, OTHER]
        {
            mac.tree.folder(folder)?;
        }
        mac.write(&format!("{SYSTEM}/systemConfig"), &format!("/{SYSTEM}"))?;
        mac.write(&format!("{OTHER}/systemConfig"), &format!("/{OTHER}"))?;
        mac.executable(&format!("{SYSTEM}/sw/bin/zsh"))?;
        mac.executable("bin/true")?;
        mac.write(&format!("{ETC}/shells"), "")?;
        for (link, to) in [
            (format!("{SYSTEM}/etc").as_str(), format!("/{ETC}").as_str()),
            ("nix/var/nix/profiles/system", &format!("/{SYSTEM}")),
            ("nix/var/nix/gcroots/current-system", "/run/current-system"),
            (&format!("{ETC}/zshrc"), "shells"),
            ("run", "private/var/run"),
            (CURRENT, &format!("/{SYSTEM}")),
            ("etc/static", &format!("/{ETC}")),
            ("etc/zshrc", "/etc/static/zshrc"),
        ] {
            mac.link(link, to)?;
        }
        mac.daemon(ACTIVATE, "<key>RunAtLoad</key><true/>", Some(0))?;
        mac.daemon("org.nixos.x", "<key>KeepAlive</key><true/>", None)?;
        Ok(mac)
    }

    /// A daemon of the system, installed, loaded, and ended so; without an end it runs.
    pub(crate) fn daemon(&self, label: &str, keys: &str, ends: Option<i32>) -> Outcome {
        let text = plist(label, "/bin/true", keys);
        self.write(&format!("{SYSTEM}/{DAEMONS}/{label}.plist"), &text)?;
        self.write(&format!("{DAEMONS}/{label}.plist"), &text)?;
        self.launchd.edit(|state| {
            let _ = match ends {
                Some(code) => state.ends.insert(label.to_owned(), code),
                None => state.ends.remove(label),
            };
        })?;
        self.load(&format!("/{DAEMONS}/{label}.plist"))
    }

    /// launchd loads a definition of the system's domain.
    pub(crate) fn load(&self, path: &str) -> Outcome {
        let launchctl = self.tree.path("bin/launchctl");
        let output = Command::new(launchctl).args(["bootstrap", "system", path]).output()?;
        if output.status.success() { Ok(()) } else { Err(format!("{output:?}").into()) }
    }

    /// A job is as if its last run had ended so.
    pub(crate) fn ended(&self, label: &str, code: i32) -> Outcome {
        self.edit(label, |job| (job.pid, job.last) = (None, Some(code)))
    }

    /// Changes what launchd has of a job.
    pub(crate) fn edit(&self, label: &str, change: impl FnOnce(&mut launchd_stand_in::Job)) -> Outcome {
        let mut found = false;
        self.launchd.edit(|state| {
            let system = state.domains.get_mut("system");
            if let Some(job) = system.and_then(|system| system.jobs.get_mut(label)) {
                found = true;
                change(job);
            }
        })?;
        if found { Ok(()) } else { Err(format!("{label} is not loaded").into()) }
    }

    /// launchd does not have it.
    pub(crate) fn unload(&self, label: &str) -> Outcome {
        Ok(self.launchd.edit(|state| {
            if let Some(system) = state.domains.get_mut("system") {
                system.jobs.remove(label);
            }
        })?)
    }

    /// Writes a file that only its owner may write.
    pub(crate) fn write(&self, path: &str, text: &str) -> Outcome {
        let _ = fs::remove_file(self.tree.path(path));
        self.tree.write(path, text)?;
        Ok(fs::set_permissions(self.tree.path(path), fs::Permissions::from_mode(0o644))?)
    }

    /// Writes a program.
    pub(crate) fn executable(&self, path: &str) -> Outcome {
        self.write(path, "")?;
        Ok(fs::set_permissions(self.tree.path(path), fs::Permissions::from_mode(0o755))?)
    }

    /// Makes a link, in the place of another.
    pub(crate) fn link(&self, path: &str, to: &str) -> Outcome {
        let path = self.tree.path(path);
        let _ = fs::remove_file(&path);
        Ok(symlink(to, path)?)
    }

    pub(crate) fn remove(&self, path: &str) -> Outcome {
        Ok(fs::remove_file(self.tree.path(path))?)
    }

    /// A run as a person sees it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        self.launchd.forget()?;
        program().run_on(&self.tree, arguments)
    }

    /// A run as a program sees it.
    pub(crate) fn told(&self, arguments: &[&str]) -> Result<Told, Box<dyn Error>> {
        let ran = self.run(&[&["--json"], arguments].concat())?;
        Ok(Told { exit: ran.code(), object: ran.json().map_err(|error| format!("{error}: {}", ran.said()))? })
    }
}

/// A run that printed JSON.
pub(crate) struct Told {
    pub(crate) exit: Option<i32>,
    pub(crate) object: Value,
}

impl Told {
    /// Id, status and shape of each finding that is not in order.
    pub(crate) fn wrong(&self) -> Vec<(String, String, String)> {
        let word =
            |finding: &Value, key: &str| finding.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let findings = self.findings().iter().filter(|finding| {
            !matches!(word(finding, "status").as_str(), "ok" | "skip")
                || !word(finding, "shape").starts_with('-')
        });
        findings.map(|it| (word(it, "id"), word(it, "status"), word(it, "shape"))).collect()
    }

    /// It found exactly this, and ended so.
    pub(crate) fn is(&self, exit: i32, wrong: &[(&str, &str, &str)]) -> Outcome {
        let expected: Vec<_> = wrong
            .iter()
            .map(|(id, status, shape)| ((*id).into(), (*status).into(), (*shape).into()))
            .collect();
        if (self.exit, self.wrong()) == (Some(exit), expected) {
            return Ok(());
        }
        Err(format!("exit {:?}: {:#}", self.exit, self.object).into())
    }

    /// Text, hints and the rest of the findings with an id.
    pub(crate) fn words(&self, id: &str) -> String {
        let found = self.findings().iter().filter(|finding| finding.get("id").is_some_and(|it| it == id));
        found.map(ToString::to_string).collect()
    }

    /// The words of a finding have these.
    pub(crate) fn says(&self, id: &str, words: &[&str]) -> Outcome {
        let told = self.words(id);
        match words.iter().find(|word| !told.contains(**word)) {
            None => Ok(()),
            Some(word) => Err(format!("{id} lacks {word:?}: {told}").into()),
        }
    }

    pub(crate) fn findings(&self) -> &[Value] {
        self.object.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

pub(crate) fn plist(label: &str, program: &str, keys: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict><key>Label</key><string>{label}</string>\
         <key>ProgramArguments</key><array><string>{program}</string></array>{keys}</dict></plist>\n"
    )
}
