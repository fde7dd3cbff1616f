//! `lab bench-units`: the audit of many units, against what hosts ran before.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::crowd::Crowd;
use lab::{Machine, Release, TIM, host};

use super::super::test;
use super::measure::Sample;
use super::{C_PROGRAMS, compile, page, table};

/// So many units, and two fifths as many drop-ins.
const SIZES: [usize; 4] = [500, 1000, 2500, 5000];

const SCRIPT: &str = "audit-units.sh";

/// The script asks for so many of them; for all it takes minutes.
const SCRIPTED: usize = 500;

/// What is measured, as tim runs it.
const CHECK: &str = "/bench/check-unit-provenance --quiet";
const FIX: &str = "/bench/fix-unit-provenance";

/// In place of systemctl: notes that it was started.
const COUNTER: &str = "cp /usr/bin/systemctl /usr/bin/systemctl.real; : >/tmp/calls; chmod 666 /tmp/calls
printf '#!/bin/sh\\necho >>/tmp/calls\\nexec /usr/bin/systemctl.real \"$@\"\\n' >/usr/bin/systemctl";

/// Measure the audit of many units against one `systemctl show` for each.
#[derive(Debug, Args)]
pub(crate) struct BenchUnits {
    /// How many rounds; in each every program runs once
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: usize,
    /// Write the result to docs/performance.md
    #[arg(long)]
    write: bool,
}

/// What one number of units costs.
struct Row {
    units: usize,
    check: Sample,
    fix: Sample,
    calls: usize,
    /// Milliseconds for one unit.
    script: f64,
}

impl BenchUnits {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        host::install(&[host::MACHINE, host::BENCH, host::ROOTS])?;
        let Some(folder) = test::static_programs()? else {
            bail!("measuring static programs: there are none; cargo xtask dist makes them");
        };
        let scratch = tempfile::tempdir_in(host::workspace().join("target")).context("making a folder")?;
        for name in C_PROGRAMS {
            compile(&host::workspace().join(format!("tests/bench/{name}.c")), &scratch.path().join(name))?;
        }
        let script = host::workspace().join("tests/bench").join(SCRIPT);
        let programs = ["check-unit-provenance", "fix-unit-provenance"].map(|name| folder.join(name));
        for file in programs.iter().chain([&host::lab_program()?, &script]) {
            let name = file.file_name().context("a program without a name")?;
            std::fs::copy(file, scratch.path().join(name))
                .with_context(|| format!("copying {}", file.display()))?;
        }
        // Others than root run what is in it.
        std::fs::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .context("opening the folder")?;
        let mut text = String::from(HEAD);
        for release in [Release::Host, Release::FORKY] {
            let machine = Machine::builder(release)
                .programs()
                .linger(TIM.name)
                .bind(scratch.path(), "/bench")
                .boot()?;
            machine.wait_for("user@1000.service", "active", Duration::from_secs(20))?;
            let version = machine.root(&["systemctl", "--version"]).ok()?;
            let version = version.stdout.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            let rows =
                SIZES.iter().map(|units| self.measure(&machine, *units)).collect::<Result<Vec<_>>>()?;
            write!(text, "{}", self.section(&version, &rows)?)?;
        }
        host::say(&text)?;
        if self.write {
            page::put("Unit ownership", &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, machine: &Machine, units: usize) -> Result<Row> {
        Crowd { units, drop_ins: units * 2 / 5 }.activate(machine)?;
        let rounds = self.rounds.to_string();
        let command = ["/bench/lab", "measure", "--alone", &rounds, CHECK, FIX];
        let output = machine.user(TIM.name, &command).deadline(Duration::from_secs(540)).ok()?;
        let samples: Vec<Sample> =
            serde_json::from_str(&output.stdout).context("reading what was measured")?;
        let [check, fix] = <[Sample; 2]>::try_from(samples).ok().context("not two results")?;
        let names: Vec<String> =
            (0..units.min(SCRIPTED)).map(|number| format!("u{number}.service")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let command = [&["/bench/audit-units.sh"], names.as_slice()].concat();
        let started = Instant::now();
        machine.user(TIM.name, &command).deadline(Duration::from_secs(540)).ok()?;
        let script = started.elapsed().as_secs_f64() * 1e3 / f64::from(u32::try_from(names.len())?);
        Ok(Row { units, check, fix, calls: calls(machine)?, script })
    }

    fn section(&self, version: &str, rows: &[Row]) -> Result<String> {
        let mut text = format!(
            "{version}, {} rounds on {}.\n\n\
             | units | drop-ins | check, least (ms) | check, median (ms) | peak memory (KiB) | systemctl processes | \
             repair with nothing to do, median (ms) | one `systemctl show` a unit (ms) | that many times the check |\n\
             |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
            self.rounds,
            table::host()?
        );
        for Row { units, check, fix, calls, script } in rows {
            let (least, median, fix) = (check.least / 1e3, check.median / 1e3, fix.median / 1e3);
            let (script, memory) = (script * f64::from(u32::try_from(*units)?), check.memory);
            writeln!(
                text,
                "| {units} | {} | {least:.0} | {median:.0} | {memory} | {calls} | {fix:.0} | {script:.0} | {:.0} |",
                units * 2 / 5,
                script / median
            )?;
        }
        text.push('\n');
        Ok(text)
    }
}

/// How many processes of systemctl one check starts.
fn calls(machine: &Machine) -> Result<usize> {
    machine.root(&["sh", "-euc", COUNTER]).ok()?;
    let words: Vec<&str> = CHECK.split(' ').collect();
    machine.user(TIM.name, &words).ok()?;
    let calls = machine
        .root(&["sh", "-euc", "wc -l </tmp/calls; mv /usr/bin/systemctl.real /usr/bin/systemctl"])
        .ok()?;
    let calls = calls.text().trim().parse().context("counting calls")?;
    ensure!(calls > 0, "the check asked nobody");
    Ok(calls)
}

const HEAD: &str = "\
A user's units as Home Manager ships them, all in the memory of the user's manager and in order, and two drop-ins for five of
them. Measured are whole processes, from fork to wait, what they start included; the memory is that of the program alone, looked
at while it runs. Against it stands what hosts ran before: a shell loop with one `systemctl show` for each unit, run once for the
first 500 of them and counted up. Written by

```
cargo lab bench-units --write
```

The aims for `check-unit-provenance` with 5,000 units and 2,000 drop-ins: at most 300 ms, 16 MiB and three processes of systemctl,
and a cost that grows linearly.

";
