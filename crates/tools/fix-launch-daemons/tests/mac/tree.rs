//! A tree of a Mac with nix-darwin on it, and a launchd that is played.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use launchd_stand_in::{Launchd, Outcome};
use serde_json::Value;
use testbed::{Program, Ran, Tree};

pub(crate) const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
pub(crate) const PLACE: &str = "Library/LaunchDaemons";

/// Labels.
pub(crate) const X: &str = "org.nixos.x";
pub(crate) const Y: &str = "org.nixos.y";

/// The keys of a daemon that starts when it is loaded and runs on.
pub(crate) const RUNS: &str = "<key>RunAtLoad</key><true/>";

pub(crate) fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fix-launch-daemons"))
}

/// The tree and its launchd.
pub(crate) struct Mac {
    pub(crate) tree: Tree,
    pub(crate) launchd: Launchd,
}

/// A run that printed JSON.
pub(crate) struct Told {
    pub(crate) exit: Option<i32>,
    pub(crate) object: Value,
}

impl Mac {
    /// A system without jobs, which runs.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Tree::new()?;
        let launchd = Launchd::install(tree.root())?;
        for folder in ["Library/LaunchDaemons", "Library/LaunchAgents", "user/Library/LaunchAgents"] {
            tree.folder(&format!("{SYSTEM}/{folder}"))?;
        }
        tree.folder(PLACE)?;
        tree.folder("Library/LaunchAgents")?;
        tree.folder("nix/var/nix/profiles")?;
        tree.write(&format!("{SYSTEM}/systemConfig"), &format!("/{SYSTEM}"))?;
        symlink(format!("/{SYSTEM}"), tree.path("nix/var/nix/profiles/system"))?;
        for name in ["old", "new"] {
            tree.write(&format!("bin/{name}"), "")?;
            fs::set_permissions(tree.path(format!("bin/{name}")), fs::Permissions::from_mode(0o755))?;
        }
        Ok(Self { tree, launchd })
    }

    /// With one daemon that is wanted, installed, loaded and running.
    pub(crate) fn with_job(label: &str) -> Result<Self, Box<dyn Error>> {
        let mac = Self::new()?;
        mac.want(label, RUNS)?;
        mac.install(label)?;
        mac.load(label)?;
        Ok(mac)
    }

    /// The configuration has this daemon, with `/bin/new` as its program.
    pub(crate) fn want(&self, label: &str, keys: &str) -> Outcome {
        let path = format!("{SYSTEM}/{PLACE}/{label}.plist");
        self.tree.write(&path, &plist(label, "/bin/new", keys))
    }

    /// Its copy stands in its place.
    pub(crate) fn install(&self, label: &str) -> Outcome {
        let place = self.place(label);
        fs::copy(self.tree.path(format!("{SYSTEM}/{PLACE}/{label}.plist")), &place)?;
        Ok(fs::set_permissions(place, fs::Permissions::from_mode(0o444))?)
    }

    /// An older definition stands in its place, with `/bin/old` as its program.
    pub(crate) fn install_old(&self, label: &str) -> Outcome {
        let place = self.place(label);
        let _ = fs::remove_file(&place);
        fs::write(&place, plist(label, "/bin/old", RUNS))?;
        Ok(fs::set_permissions(place, fs::Permissions::from_mode(0o444))?)
    }

    /// What stands in its place is loaded.
    pub(crate) fn load(&self, label: &str) -> Outcome {
        let path = format!("/{PLACE}/{label}.plist");
        let output =
            Command::new(self.tree.path("bin/launchctl")).args(["bootstrap", "system", &path]).output()?;
        if output.status.success() { Ok(()) } else { Err(format!("{output:?}").into()) }
    }

    pub(crate) fn place(&self, label: &str) -> std::path::PathBuf {
        self.tree.path(format!("{PLACE}/{label}.plist"))
    }

    /// A run as a person sees it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        self.launchd.forget()?;
        program().run_on(&self.tree, arguments)
    }

    /// A run as a program sees it.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Told, Box<dyn Error>> {
        let ran = self.run(&[&["--json"], arguments].concat())?;
        Ok(Told { exit: ran.code(), object: ran.json().map_err(|error| format!("{error}: {}", ran.said()))? })
    }

    /// Another run does nothing and says nothing, and launchd is asked twice.
    pub(crate) fn is_settled(&self, arguments: &[&str]) -> Outcome {
        let before = self.files()?;
        let ran = self.run(arguments)?;
        assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
        assert_eq!(self.launchd.calls()?.len(), 2, "{:?}", self.launchd.calls()?);
        assert_eq!(self.files()?, before);
        Ok(())
    }

    /// All files but the stand-in's own.
    pub(crate) fn files(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut files = self.tree.listing()?;
        files.retain(|line| !line.contains("/stand-in"));
        Ok(files)
    }

    /// The calls of launchctl that change something, without the tool's name.
    pub(crate) fn changes(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let calls = self.launchd.calls()?;
        let lines = calls.iter().filter_map(|call| call.strip_prefix("launchctl "));
        Ok(lines.filter(|line| !line.starts_with("print")).map(str::to_owned).collect())
    }

    /// The job runs the program of the configuration.
    pub(crate) fn runs_new(&self, label: &str) -> Outcome {
        let job = self.launchd.job(label)?.ok_or("it is not loaded")?;
        assert_eq!((job.program.as_str(), job.pid.is_some()), ("/bin/new", true), "{job:?}");
        Ok(())
    }
}

impl Told {
    /// Id, status and shape of the finding about a job.
    pub(crate) fn about(&self, subject: &str) -> Result<(String, String, String), Box<dyn Error>> {
        let found = self
            .findings()
            .iter()
            .filter(|finding| finding.get("subject").is_some_and(|it| it == subject))
            .collect::<Vec<_>>();
        let [finding] = found.as_slice() else { return Err(format!("{subject}: {:#}", self.object).into()) };
        let word = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        Ok((word("id"), word("status"), word("shape")))
    }

    /// The text of the finding about a job, with its hints.
    pub(crate) fn words(&self, subject: &str) -> String {
        let found =
            self.findings().iter().filter(|finding| finding.get("subject").is_some_and(|it| it == subject));
        found.map(ToString::to_string).collect()
    }

    pub(crate) fn findings(&self) -> &[Value] {
        self.object.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The kinds of the steps.
    pub(crate) fn steps(&self) -> Vec<String> {
        let steps = self.object.get("steps").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        steps.iter().filter_map(|step| step.get("kind")?.as_str()).map(str::to_owned).collect()
    }
}

pub(crate) fn plist(label: &str, program: &str, keys: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict><key>Label</key><string>{label}</string>\
         <key>ProgramArguments</key><array><string>{program}</string></array>{keys}</dict></plist>\n"
    )
}

/// What [`Told::about`] gives.
pub(crate) fn finding(id: &str, status: &str, shape: &str) -> (String, String, String) {
    (id.to_owned(), status.to_owned(), shape.to_owned())
}

/// One that is wanted and installed, and not loaded.
pub(crate) fn unloaded() -> Result<Mac, Box<dyn std::error::Error>> {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install(X)?;
    Ok(mac)
}

pub(crate) fn disable(mac: &Mac) -> Outcome {
    Ok(mac.launchd.edit(|state| {
        if let Some(system) = state.domains.get_mut("system") {
            system.disabled.insert(X.to_owned(), true);
        }
    })?)
}

pub(crate) fn has(told: &Told, words: &[&str]) {
    let said = told.words(X);
    for word in words {
        assert!(said.contains(word), "{word} is missing in {said}");
    }
}

/// A second run ends as the first did, and changes nothing.
pub(crate) fn stays(mac: &Mac, told: &Told, arguments: &[&str]) -> Outcome {
    let before = (mac.files()?, mac.launchd.state()?.domains);
    let again = mac.json(arguments)?;
    assert_eq!((again.exit, again.about(X)?), (told.exit, told.about(X)?));
    assert_eq!((again.steps().len(), mac.files()?, mac.launchd.state()?.domains), (0, before.0, before.1));
    Ok(())
}
