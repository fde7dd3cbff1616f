//! `lab bench-stacks`: from the moment at which the last container turns healthy to the end of what waited for it.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::{Machine, Podman, Project, Release, host, project};
use serde_json::Value;

use super::super::test;
use super::{page, table};

/// The project's name, and its folder's.
const NAME: &str = "bench";

/// The service that turns healthy after all others.
const LAST: &str = "s0";

/// What is compared, as the user's shell runs it in the project's folder.
const CANDIDATES: [(&str, &str); 4] = [
    (
        "`apply-and-verify --stable 0`",
        "/bench/apply-and-verify --project bench --file compose.yaml --stable 0",
    ),
    (
        "`podman-compose up -d`, then `podman wait --condition=healthy`",
        "podman-compose up -d && podman wait --condition=healthy $(podman ps -q --filter label=com.docker.compose.project=bench)",
    ),
    ("`podman-compose up -d --wait`", "podman-compose up -d --wait"),
    (
        "`podman-compose up -d`, then the loop of the shell wrapper",
        "podman-compose up -d && /bench/verify-compose-state.sh bench",
    ),
];

/// How long the last service takes to become healthy, in seconds: longer than the provider is at work.
const LATE: u32 = 8;

/// In place of podman on the search path: notes what is asked for, and by whom.
const COUNTER: &str =
    "#!/bin/sh\necho \"$(cat /proc/$PPID/comm) $1\" >>\"$HOME/asked\"\nexec /usr/bin/podman \"$@\"\n";

/// What only looks; all else makes and starts containers.
const LOOKS: [&str; 4] = ["ps", "inspect", "wait", "healthcheck"];

/// Measure what waits for a compose stack, with real podman.
#[derive(Debug, Args)]
pub(crate) struct BenchStacks {
    /// How many rounds; in each every candidate runs once
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
    /// How many services
    #[arg(long, value_name = "N", default_value_t = 10)]
    services: usize,
    /// Write the result to docs/performance.md
    #[arg(long)]
    write: bool,
}

/// What one candidate cost.
struct Row {
    name: &'static str,
    /// Milliseconds from the last healthy container to the end, sorted.
    lags: Vec<f64>,
    /// podman processes that only look, for two services and for all.
    looks: [usize; 2],
}

impl BenchStacks {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        host::install(&[host::MACHINE, host::ROOTS])?;
        let Some(folder) = test::static_programs()? else {
            bail!("measuring static programs: there are none; cargo xtask dist makes them");
        };
        let scratch = tempfile::tempdir_in(host::workspace().join("target")).context("making a folder")?;
        let script = host::workspace().join("tests/bench/verify-compose-state.sh");
        for file in [folder.join("apply-and-verify"), script] {
            let name = file.file_name().context("a program without a name")?;
            std::fs::copy(&file, scratch.path().join(name))
                .with_context(|| format!("copying {}", file.display()))?;
        }
        let mut text = String::from(HEAD);
        for release in [Release::TRIXIE, Release::FORKY] {
            let podman = Podman::boot(Machine::builder(release).bind(scratch.path(), "/bench"))?;
            let version =
                podman.sh("podman --version; podman-compose --version 2>/dev/null | grep compose")?;
            let version = version.text().lines().collect::<Vec<_>>().join(", ");
            let rows = self.measure(&podman)?;
            write!(text, "{}", self.section(&version, &rows)?)?;
        }
        host::say(&text)?;
        if self.write {
            page::put("Stacks", &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, podman: &Podman) -> Result<Vec<Row>> {
        let options = podman.sh("podman-compose up --help")?;
        let candidates = CANDIDATES
            .into_iter()
            .filter(|(_, line)| !line.ends_with("--wait") || options.text().contains("--wait"));
        let mut rows: Vec<(Row, &str)> =
            candidates.map(|(name, line)| (Row { name, lags: Vec::new(), looks: [0; 2] }, line)).collect();
        let stack = stack(podman, self.services)?;
        for _ in 0..self.rounds {
            for (row, line) in &mut rows {
                let ended = once(&stack, line, "")?;
                row.lags.push((ended - healthy_since(&stack)?) * 1e3);
                down(&stack)?;
            }
        }
        for (at, services) in [2, self.services].into_iter().enumerate() {
            let stack = self::stack(podman, services)?;
            podman.write("bin/podman", COUNTER)?;
            podman.sh("chmod +x ~/bin/podman")?;
            for (row, line) in &mut rows {
                podman.sh("rm -f ~/asked")?;
                once(&stack, line, "$HOME/bin:")?;
                let asked = podman.sh("cat ~/asked")?;
                let looks = asked.text().lines().filter_map(|line| line.split(' ').nth(1));
                let looks = looks.filter(|verb| LOOKS.contains(verb)).count();
                *row.looks.get_mut(at).context("two counts")? = looks;
                down(&stack)?;
            }
        }
        let mut rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
        rows.iter_mut().for_each(|row| row.lags.sort_by(f64::total_cmp));
        Ok(rows)
    }

    fn section(&self, version: &str, rows: &[Row]) -> Result<String> {
        let mut text = format!(
            "{version}; {} services, {} rounds on {}.\n\n\
             | what waits | least (ms) | median (ms) | most (ms) | looks, 2 services | looks, {} services |\n\
             |---|--:|--:|--:|--:|--:|\n",
            self.services,
            self.rounds,
            table::host()?,
            self.services
        );
        for Row { name, lags, looks: [few, all] } in rows {
            let at = |index: usize| lags.get(index).copied().context("no rounds");
            let (least, median, most) = (at(0)?, at(lags.len() / 2)?, at(lags.len() - 1)?);
            writeln!(text, "| {name} | {least:.0} | {median:.0} | {most:.0} | {few} | {all} |")?;
        }
        text.push('\n');
        Ok(text)
    }
}

const HEAD: &str = "\
A compose project comes up; one service turns healthy seconds after all others. Measured is the time from the end of the
health check that said so, in podman's own record, to the end of what waited for it; and how many podman processes were
started only to look (`ps`, `inspect`, `wait`, `healthcheck`), by it or by the provider, while it waited as long. Written by

```
cargo lab bench-stacks --write
```

The aims for `apply-and-verify`: at most 100 ms (median), and looks that do not grow with the containers. One look is for all of
them; while the provider works and while all that is waited for will be heard of, it looks less and less often, down to every
four seconds.

";

fn stack(podman: &Podman, services: usize) -> Result<Project<'_>> {
    let texts: Vec<String> = (0..services)
        .map(|number| {
            let name = format!("s{number}");
            let check = format!("healthcheck: {{test: [CMD, healthy, {name}], interval: 1s, retries: 60}}\n");
            project::unchecked(&name, &format!("stop_grace_period: 0s\n{check}"))
        })
        .collect();
    Project::write(podman, NAME, &texts)
}

/// Runs it from nothing, with `path` before the search path; the answer is when it ended, in seconds since 1970.
fn once(stack: &Project<'_>, line: &str, path: &str) -> Result<f64> {
    stack.sicken(LAST)?;
    let script = format!(
        "cd ~/{NAME}; (sleep {LATE}; rm state/{LAST}.sick) & export PATH={path}$PATH; {{ {line}; }} >~/said 2>&1 || exit; \
         date +%s.%N"
    );
    let output = stack.podman.user(&["bash", "-c", &script]).deadline(Duration::from_secs(120)).run()?;
    let said = stack.podman.sh("tail -n 20 ~/said")?;
    ensure!(output.code == 0, "{line}: {output}\n{}", said.text());
    output.text().trim().parse().with_context(|| format!("reading when {line} ended"))
}

/// When the last container became healthy.
fn healthy_since(stack: &Project<'_>) -> Result<f64> {
    let podman = stack.podman;
    let shown = podman.sh(&format!(
        "podman inspect --type container $(podman ps -q --filter label=com.docker.compose.project={NAME})"
    ))?;
    let containers: Vec<Value> = serde_json::from_str(&shown.stdout).context("reading podman inspect")?;
    let mut times = String::new();
    for container in &containers {
        let log =
            container.pointer("/State/Health/Log").and_then(Value::as_array).context("no health log")?;
        let good = log.iter().find(|entry| entry.get("ExitCode") == Some(&Value::from(0)));
        let end = good.and_then(|entry| entry.get("End")).and_then(Value::as_str).context("never healthy")?;
        writeln!(times, "{end}")?;
    }
    let read = podman.user(&["date", "-f", "-", "+%s.%N"]).input(times).ok()?;
    let times = read.text().lines().map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    times.into_iter().max_by(f64::total_cmp).context("no containers")
}

fn down(stack: &Project<'_>) -> Result<()> {
    stack.podman.sh(&format!("cd ~/{NAME}; podman-compose down -t 0 >/dev/null 2>&1")).map(drop)
}
