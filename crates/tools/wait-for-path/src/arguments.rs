//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use oneshot::report::Answer;
use oneshot::{Common, Limit};

/// Wait until paths are there, and then execute a command
#[derive(Parser, Debug)]
#[command(name = "wait-for-path", version, about)]
pub struct Arguments {
    /// Which paths, by their absolute names; all of them, at the same time
    #[arg(value_name = "PATH", required = true, value_parser = OsStringValueParser::new().try_map(absolute))]
    pub paths: Vec<PathBuf>,

    /// Only on a file system that is mounted on the path itself or on a folder above it
    #[arg(long)]
    pub mounted: bool,

    /// Give up waiting after SECS seconds; "infinity" never
    #[arg(long, value_name = "SECS", default_value = "300")]
    pub timeout: Limit,

    /// What to execute then, without a shell and in the place of this program
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,

    /// The options that all programs share.
    #[command(flatten)]
    pub common: Common,
}

impl oneshot::Arguments for Arguments {
    const NAME: &'static str = "wait-for-path";
    const ANSWER: Answer = Answer::Changes;

    fn common(&self) -> &Common {
        &self.common
    }
}

/// What it is relative to would be the folder in which a service manager happens to start its jobs.
fn absolute(path: OsString) -> Result<PathBuf, &'static str> {
    if Path::new(&path).is_absolute() { Ok(PathBuf::from(path)) } else { Err("the path is not absolute") }
}
