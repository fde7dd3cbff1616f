//! Runs the rows: many at a time where they cannot disturb each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use lab::session::SOON;
use lab::{ANN, Machine, Release, TIM, wait_until};

use super::manager::Manager;
use super::row::Row;
use super::{conditions, configuration, ignored, lint, oneshot, reset, retries, services, several};

/// A program as the suite has them, reduced to what it leaves: evidence that it ended with the code in its argument.
const WITNESS: &str = r#"#!/bin/sh
unit=$(sed -n 's,^0::.*/,,p' /proc/self/cgroup)
read -r uptime _ </proc/uptime
folder=${XDG_RUNTIME_DIR:-/run}/mendutils/evidence/$unit
mkdir -p "$folder"
cat >"$folder/$INVOCATION_ID.$$.json" <<END
{"unit":"$unit","invocation":"$INVOCATION_ID","ended":${uptime%.*}${uptime#*.}9999,"exit":$1,"report":
{"schema":"mendutils/1","program":"apply-and-verify","version":"0.1.0","status":"$(test "$1" = 0 && echo ok || echo failed)",
"exit":$1,"findings":[],"steps":[],"error":null}}
END
exit "$1"
"#;

/// Most of a row is waiting.
const AT_ONCE: usize = 10;

pub(crate) fn tables(release: Release) -> Result<()> {
    let machine = Machine::builder(release)
        .programs()
        .file("/usr/local/bin/witness", WITNESS, 0o755)
        // A journal that each user can read the own part of, as every release is installed.
        .directory("/var/log/journal", 0o755, 0, 0)
        .linger(TIM.name)
        .linger(ANN.name)
        .boot()?;
    for user in [TIM, ANN] {
        machine.wait_for(&format!("user@{}.service", user.uid), "active", SOON)?;
        // journald makes the file with the first line that comes when /var is its place.
        let own = format!("journalctl --sync && ls /var/log/journal/*/user-{}.journal", user.uid);
        wait_until(SOON, || {
            machine.user(user.name, &["systemd-cat", "echo", "up"]).run()?;
            Ok(machine.root(&["sh", "-c", &own]).run()?.code == 0)
        })?;
    }
    let version = machine.root(&["systemctl", "--version"]).ok()?;
    let systemd = version.stdout.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    let systemd = systemd.with_context(|| format!("reading {version}"))?;
    let of = |user, from_outside| Manager { machine: &machine, user, from_outside, systemd };

    let everything = [
        retries::ROWS,
        oneshot::ROWS,
        ignored::ROWS,
        services::ROWS,
        conditions::ROWS,
        several::ROWS,
        configuration::ROWS,
    ];
    let anns: Vec<&Row> = reset::ROWS.iter().chain(oneshot::WITHOUT_JOURNAL).collect();
    let wrong = Mutex::new(Vec::new());
    let note = |whose: &str, name: &str, result: Result<()>| {
        if let Err(error) = result {
            wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{whose}: {name}: {error:#}"));
        }
    };
    thread::scope(|scope| {
        // In tim's manager all that can be told apart; in the system's what does not need a user; in ann's what disturbs.
        scope.spawn(|| {
            let tims = of(Some(TIM), false);
            note("tim", "all", all_at_once(&tims, &everything, AT_ONCE, &note));
            note("tim", "--lint", lint::check(&tims));
            note("tim", "several units at once", together(&tims));
        });
        scope.spawn(|| {
            let own = of(None, false);
            let groups = [oneshot::ROWS, ignored::ROWS, conditions::ROWS, configuration::ROWS];
            note("system", "all", all_at_once(&own, &groups, AT_ONCE, &note));
        });
        scope.spawn(|| {
            // Root asks for every other row.
            note("ann", "units", of(Some(ANN), false).install(&anns, std::iter::empty()));
            for (number, row) in reset::ROWS.iter().enumerate() {
                note("ann", row.name, of(Some(ANN), number % 2 == 1).judge(number, row));
            }
        });
    });
    machine.root(&["chmod", "700", "/var/log/journal"]).ok()?;
    for (number, row) in anns.iter().enumerate().skip(reset::ROWS.len()) {
        note("ann", row.name, of(Some(ANN), false).judge(number, row));
    }
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(wrong.is_empty(), "{} rows are wrong on {systemd}:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// Every row of the groups, some at a time.
fn all_at_once(
    manager: &Manager<'_>,
    groups: &[&'static [Row]],
    at_once: usize,
    note: &(impl Fn(&str, &str, Result<()>) + Sync),
) -> Result<()> {
    let rows: Vec<&Row> = groups.iter().copied().flatten().collect();
    let more = lint::units().chain(pair());
    manager.install(&rows, more)?;
    let whose = manager.user.map_or("system", |user| user.name);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(row) = rows.get(number) else { break };
                    note(whose, row.name, manager.judge(number, row));
                }
            });
        }
    });
    Ok(())
}

/// Units for [`together`].
fn pair() -> impl Iterator<Item = (String, String)> {
    [("pair-good", "true"), ("pair-bad", "false")].into_iter().map(|(name, command)| {
        let text = format!("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/{command}\n");
        (format!("{name}.service"), text)
    })
}

/// The verdict on several units is the worst one, and each is named with its own.
fn together(manager: &Manager<'_>) -> Result<()> {
    let both = ["--stable=1", "pair-good.service", "pair-bad.service"];
    let report = manager.verify(&both)?.exits(1)?.fails("pair-bad.service")?;
    let bad_good = report
        .findings
        .iter()
        .any(|finding| finding.is_about("pair-good.service") && finding.status == "fail");
    if bad_good {
        bail!("the good one is blamed, too: {report:#?}");
    }
    manager.verify(&["--stable=1", "pair-good.service"])?.exits(0)?;
    let missing = ["--stable=1", "pair-good.service", "lab-missing.service"];
    manager.verify(&missing)?.exits(78)?.fails("lab-missing.service")?;
    Ok(())
}
