//! What the tests of a program's real binary stand on (rings 2 and 3 of docs/testing.md): the binary, a tree for its
//! `--root`, and what a run said. A dev-dependency of the programs, and of nothing that is shipped.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What a test returns.
pub type Outcome = Result<(), Box<dyn Error>>;

/// The binary under test.
#[derive(Debug)]
pub struct Program(PathBuf);

impl Program {
    /// The built one (`env!("CARGO_BIN_EXE_…")`), or that of the same name in the folder that `MENDUTILS_BIN` names.
    #[must_use]
    pub fn new(built: &str) -> Self {
        let built = Path::new(built);
        let named = std::env::var_os("MENDUTILS_BIN").zip(built.file_name());
        Self(named.map_or_else(|| built.to_owned(), |(folder, name)| Path::new(&folder).join(name)))
    }

    /// Its command, with an empty environment.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.env_clear();
        command
    }

    /// Runs it on the host.
    pub fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        Ok(Ran(self.command().args(arguments).output()?))
    }

    /// Runs it on a tree.
    pub fn run_on(&self, tree: &Tree, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        Ok(Ran(self.command().arg("--root").arg(tree.root()).args(arguments).output()?))
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ran(pub Output);

impl Ran {
    /// The exit code; `None` after a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Standard error, then standard output.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned() + &self.answer()
    }

    /// Standard output.
    #[must_use]
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// Standard output as a JSON value.
    pub fn json(&self) -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_slice(&self.0.stdout)?)
    }
}

/// A directory that stands for `/`, gone when it is dropped.
#[derive(Debug)]
pub struct Tree(TempDir);

impl Tree {
    /// An empty one.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// A path of the tree, given without its leading slash.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file and makes its folders.
    pub fn write(&self, path: &str, text: &str) -> Outcome {
        let path = self.path(path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        Ok(fs::write(path, text)?)
    }

    /// Makes a folder and those above it.
    pub fn folder(&self, path: &str) -> Outcome {
        Ok(fs::create_dir_all(self.path(path))?)
    }

    /// Every path with its type, mode, owner, size and time of change: two of them are equal when nothing was written.
    pub fn listing(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut lines = Vec::new();
        list(self.root(), &mut lines)?;
        lines.sort_unstable();
        Ok(lines)
    }
}

/// A tree of a program's own, which can do what every tree can: the test gives it its constructors and what it asks.
#[macro_export]
macro_rules! own_tree {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        struct $name($crate::Tree);

        impl std::ops::Deref for $name {
            type Target = $crate::Tree;

            fn deref(&self) -> &$crate::Tree {
                &self.0
            }
        }
    };
}

fn list(folder: &Path, lines: &mut Vec<String>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let about = fs::symlink_metadata(&path)?;
        let (owner, time) = ((about.uid(), about.gid()), (about.ctime(), about.ctime_nsec()));
        lines.push(format!("{} {:o} {owner:?} {} {time:?}", path.display(), about.mode(), about.size()));
        if about.is_dir() {
            list(&path, lines)?;
        }
    }
    Ok(())
}

/// Uid and gid of the test.
#[must_use]
pub fn own() -> (u32, u32) {
    fs::metadata("/proc/self").map(|about| (about.uid(), about.gid())).unwrap_or_default()
}

/// Whether this user cannot make what belongs to root. Says so, and fails where `MENDUTILS_STRICT` is 1.
#[must_use]
pub fn lacks_root() -> bool {
    lacks(own().0 != 0, "root")
}

/// Where a program of the host is; `None` without it, which is said, and fails where `MENDUTILS_STRICT` is 1.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let folders = ["/usr/bin", "/bin", "/run/current-system/sw/bin"].map(Path::new);
    let found = folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
    if lacks(found.is_none(), program) { None } else { found }
}

fn lacks(lacks: bool, what: &str) -> bool {
    let strict = std::env::var_os("MENDUTILS_STRICT").is_some_and(|value| value == "1");
    assert!(!(lacks && strict), "skipped: needs {what}");
    if lacks {
        let _ = writeln!(std::io::stderr(), "skipped: needs {what}");
    }
    lacks
}
