//! The section with the results of what every login pays for.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::measure::Sample;

/// One candidate.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) size: u64,
    /// Its median, in medians of the first candidate of its run.
    pub(crate) times: f64,
    pub(crate) sample: Sample,
}

const HEAD: &str = "\
Whole processes, from fork to wait, in a machine of the lab with the mounts of WSL. In each round every candidate runs
once, so that what slows the host slows all alike. The programs lie on the host's disk, as installed ones do. The C program
is measured in both runs, because what follows a larger program finds colder caches. Written by

```
cargo lab bench --write
```

The aims for a healthy directory: at most twice the C program, at least ten times faster than the script, at most 2 MiB of
memory and 700 KB. What is above the C program is a larger executable that is mapped, and what is asked of the kernel: of
the mounts a few strings of one and the device of each (statmount(2) with its options, Linux 6.11). An older kernel, and a
directory that is not in order, cost the whole of `/proc/1/mountinfo`. Both ways grow with the mounts of the host.

";

pub(crate) fn section(rows: &[Row], rounds: usize) -> Result<String> {
    let mut page = String::from(HEAD);
    writeln!(page, "{rounds} rounds on {}.\n", host()?)?;
    writeln!(
        page,
        "| program | least (µs) | median (µs) | mean (µs) | median, in those of the C program | peak memory (KiB) | size (KB) |"
    )?;
    writeln!(page, "|---|--:|--:|--:|--:|--:|--:|")?;
    for Row { name, size, times, sample } in rows {
        let Sample { least, median, mean, memory } = sample;
        writeln!(
            page,
            "| {name} | {least:.0} | {median:.0} | {mean:.0} | {times:.2} | {memory} | {} |",
            size.div_ceil(1000)
        )?;
    }
    Ok(page)
}

/// The processor and the kernel; the rest of a machine says nothing of one process.
pub(super) fn host() -> Result<String> {
    let processors = std::fs::read_to_string("/proc/cpuinfo").context("reading /proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().context("counting processors")?;
    let kernel =
        std::fs::read_to_string("/proc/sys/kernel/osrelease").context("reading the kernel's release")?;
    let kernel: String = kernel.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Ok(format!("{cores} cores of {model}, Linux {}", kernel.trim_end_matches('.')))
}
