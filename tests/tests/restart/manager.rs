//! A manager whose units are restarted: the system's or a user's.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lab::{Inside, Machine, Report, User};

use super::row::{Kind, PRELUDE, Row, Verdict};

/// The program's own deadline; a row may have a shorter one.
const TIMEOUT: &str = "--timeout=25";
/// How long it looks on. What dies in a row dies within half of it.
const STABLE: &str = "--stable=2";

/// Beyond what the program may take.
const DEADLINE: Duration = Duration::from_secs(50);

pub(crate) struct Manager<'a> {
    pub(crate) machine: &'a Machine,
    /// Whose it is; the system's without one.
    pub(crate) user: Option<User>,
    /// Whether root asks, with `--machine`.
    pub(crate) from_outside: bool,
    pub(crate) systemd: u32,
}

impl Manager<'_> {
    fn run(&self, command: &[&str]) -> Inside {
        match self.user {
            Some(user) => self.machine.user(user.name, command),
            None => self.machine.root(command),
        }
    }

    fn folder(&self) -> PathBuf {
        let folder = match self.user {
            Some(user) => format!("{}/systemd/user", user.runtime_dir()),
            None => "/run/systemd/system".to_owned(),
        };
        self.machine.path(folder)
    }

    fn ctl(&self) -> &'static str {
        if self.user.is_some() { "systemctl --user" } else { "systemctl" }
    }

    /// Writes the units of all rows, and has them read once.
    pub(crate) fn install(&self, rows: &[&Row], more: impl Iterator<Item = (String, String)>) -> Result<()> {
        let folder = self.folder();
        let wants = folder.join("default.target.wants");
        fs::create_dir_all(&wants).with_context(|| format!("making {}", wants.display()))?;
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).context("writing a unit");
        for (number, row) in rows.iter().enumerate() {
            let name = row.unit_name(number);
            match row.kind {
                Kind::Named(_) => {}
                Kind::Service => write(&name, &row.text())?,
                Kind::Pinned => {
                    write(&name, &row.text())?;
                    symlink(format!("../{name}"), wants.join(&name)).context("pinning a unit")?;
                }
                Kind::Target(member) => {
                    write(&name, &row.text())?;
                    write(&format!("row{number}-x.service"), member)?;
                }
            }
        }
        for (name, text) in more {
            write(&name, &text)?;
        }
        symlink("/dev/null", folder.join("lab-masked.service")).context("masking a unit")?;
        self.run(&["sh", "-euc", &format!("{} daemon-reload", self.ctl())]).ok().map(drop)
    }

    /// A property of a unit.
    pub(crate) fn show(&self, unit: &str, property: &str) -> Result<String> {
        let script = format!("{} show -P {property} '{unit}'", self.ctl());
        Ok(self.run(&["sh", "-euc", &script]).ok()?.text().to_owned())
    }

    fn script(&self, unit: &str, script: &str) -> Inside {
        let run = self.user.map_or_else(|| "/run".to_owned(), User::runtime_dir);
        let script = format!("u='{unit}'; ctl='{}'; run={run}\n{PRELUDE}\n{script}", self.ctl());
        self.run(&["sh", "-euc", &script])
    }

    fn program(&self, arguments: &[&str]) -> Inside {
        let mut command = vec!["restart-and-verify", "--json"];
        let of_user = self.user.map(|user| format!("--machine={}@", user.name));
        if let Some(of_user) = &of_user {
            command.push("--user");
            if self.from_outside {
                command.push(of_user);
            }
        }
        command.extend(arguments);
        let inside = if self.from_outside { self.machine.root(&command) } else { self.run(&command) };
        inside.deadline(DEADLINE)
    }

    /// Runs the program and reads its report.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Result<Report> {
        Report::of(self.program(arguments).run()?)
    }

    /// Runs a row from its beginning to its verdict.
    pub(crate) fn judge(&self, number: usize, row: &Row) -> Result<()> {
        let unit = row.unit_name(number);
        if !row.before.is_empty() {
            self.script(&unit, row.before).ok().context("preparing")?;
        }
        let mut arguments = vec![TIMEOUT, STABLE];
        // The last one counts, and clap takes an option once.
        arguments.retain(|general| {
            let name = general.split('=').next().unwrap_or_default();
            row.options.iter().all(|option| !option.starts_with(name))
        });
        arguments.extend(row.options);
        arguments.push(&unit);
        let output = std::thread::scope(|scope| {
            let other = scope.spawn(|| match row.meanwhile {
                "" => Ok(()),
                script => self.script(&unit, script).ok().map(drop).context("disturbing"),
            });
            let output = self.program(&arguments).run();
            other.join().unwrap_or_else(|_| anyhow::bail!("the thread that disturbs panicked"))?;
            output
        })?;
        let Verdict { exit, shapes } = row.verdict.on(self.systemd);
        if exit == 2 {
            ensure!(output.stdout.is_empty(), "usage is no report: {output}");
            return output.exits(2).map(drop);
        }
        let report = Report::of(output)?.exits(exit)?;
        let subject = match row.kind {
            Kind::Target(_) if exit != 0 => format!("row{number}-x.service"),
            _ => unit,
        };
        match (exit, shapes) {
            (0, []) => report.without_failures(),
            (0, shapes) => report.without_failures()?.blames("warn", shapes, &subject),
            (_, []) => report.fails(&subject),
            (_, shapes) => report.fails(&subject)?.blames("fail", shapes, &subject),
        }
        .map(drop)
    }
}
