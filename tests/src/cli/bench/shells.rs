//! `lab bench-shells`: what a shell's start pays for the lines of check-activation while all is well.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use lab::{Machine, Release, host};

use super::super::test;
use super::measure::Sample;
use super::{compile, page, table};

/// Whole processes, the least first.
const PROCESSES: [(&str, &str); 2] = [
    ("a static C program that only exits (musl)", "/bench/exit"),
    ("`check-activation --once=`, which the lines do not start then", "/bench/check-activation --once="),
];

/// A shell without start-up files, and the loop that reads the lines anew each time, as the first shell of a session does.
const SHELLS: [(&str, &str, &str); 3] = [
    (
        "bash",
        "bash --norc --noprofile",
        "for ((i = 0; i < ROUNDS; i++)); do unset MENDUTILS_ACTIVATION; BODY; done",
    ),
    ("zsh", "zsh -f", "for ((i = 0; i < ROUNDS; i++)); do unset MENDUTILS_ACTIVATION; BODY; done"),
    ("fish", "fish -N", "for i in (seq ROUNDS); set -e MENDUTILS_ACTIVATION; BODY; end"),
];

/// A host that runs the system of its profile.
const HEALTHY: &str = "
set -eu
system=/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-26.05
mkdir -p $system /nix/var/nix/profiles
touch $system/nixos-version
ln -sfn $system /nix/var/nix/profiles/system
ln -sfn $system /run/current-system
";

const HEAD: &str = "\
What the start of a shell pays for the lines of `check-activation --shell` while the system of the profile runs. The lines are
read from a file at a terminal, again and again in one shell, and the same loop without them is taken off; that is the whole
cost, since they start no process then. Beside it, in the same run and machine, whole processes from fork to wait. Written by

```
cargo lab bench-shells --write
```

The aim: at most 1.5 times a program that only exits.

";

/// Measure what the lines of check-activation cost a shell.
#[derive(Debug, Args)]
pub(crate) struct BenchShells {
    /// How many rounds
    #[arg(long, value_name = "N", default_value_t = 2000)]
    rounds: usize,
    /// Write the result to docs/performance.md
    #[arg(long)]
    write: bool,
}

impl BenchShells {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        host::install(&[host::MACHINE, host::BENCH, host::TESTS])?;
        let Some(folder) = test::static_programs()? else {
            bail!("measuring static programs: there are none; cargo xtask dist makes them");
        };
        let scratch = tempfile::tempdir_in(host::workspace().join("target")).context("making a folder")?;
        for name in ["exit", "peak"] {
            compile(&host::workspace().join(format!("tests/bench/{name}.c")), &scratch.path().join(name))?;
        }
        for file in [folder.join("check-activation"), host::lab_program()?] {
            let name = file.file_name().context("a program without a name")?;
            std::fs::copy(&file, scratch.path().join(name))
                .with_context(|| format!("copying {}", file.display()))?;
        }
        let machine = Machine::builder(Release::Host).bind(scratch.path(), "/bench").boot()?;
        machine.root(&["/bin/sh", "-c", HEALTHY]).ok()?;
        let text = self.table(&machine, scratch.path())?;
        host::say(&text)?;
        if self.write {
            page::put("Shell start", &text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self, machine: &Machine, folder: &Path) -> Result<String> {
        let rounds = self.rounds.to_string();
        let mut command = vec!["/bench/lab", "measure", &rounds];
        command.extend(PROCESSES.iter().map(|(_, line)| *line));
        let output = machine.root(&command).deadline(Duration::from_secs(300)).ok()?;
        let samples: Vec<Sample> =
            serde_json::from_str(&output.stdout).context("reading what was measured")?;
        let base = samples.first().context("nothing was measured")?.median;
        let mut text = String::from(HEAD);
        writeln!(text, "{rounds} rounds on {}.\n", table::host()?)?;
        writeln!(text, "| what | µs | in those of the C program |\n|---|--:|--:|")?;
        for ((name, _), sample) in PROCESSES.iter().zip(&samples) {
            writeln!(text, "| {name} (median) | {:.0} | {:.2} |", sample.median, sample.median / base)?;
        }
        for (name, shell, script) in SHELLS {
            let cost = self.shell(machine, folder, name, (shell, script))?;
            writeln!(text, "| the lines in {name} (mean) | {cost:.0} | {:.2} |", cost / base)?;
        }
        Ok(text)
    }

    /// Microseconds for one reading of the lines.
    fn shell(&self, machine: &Machine, folder: &Path, name: &str, of: (&str, &str)) -> Result<f64> {
        let (shell, script) = of;
        let lines = machine.root(&["/bench/check-activation", "--shell", name]).ok()?.stdout;
        std::fs::write(folder.join("lines"), lines).context("writing the lines")?;
        let mut spans = Vec::new();
        for body in [":", ". /bench/lines"] {
            let script = script.replace("ROUNDS", &self.rounds.to_string()).replace("BODY", body);
            let script = format!("date +%s%N\n{script}\ndate +%s%N\n");
            std::fs::write(folder.join("script"), script).context("writing the script")?;
            let line = format!("{shell} -i -c '. /bench/script'");
            let command = ["/usr/bin/script", "-qec", &line, "/dev/null"];
            let output = machine.root(&command).deadline(Duration::from_secs(120)).ok()?;
            let times: Vec<f64> = output.stdout.lines().filter_map(|line| line.trim().parse().ok()).collect();
            let [start, end] = times.as_slice() else { bail!("{name} said {:?}", output.stdout) };
            spans.push((end - start) / 1000.0);
        }
        let [empty, with] = spans.as_slice() else { bail!("two spans are needed") };
        let rounds = f64::from(u32::try_from(self.rounds).context("counting rounds")?);
        let cost = (with - empty) / rounds;
        ensure!(cost > 0.0, "the lines of {name} cost nothing: {spans:?}");
        Ok(cost)
    }
}
