//! A store that changes while it is looked at, and names that are hard to write down.

use anyhow::{Result, ensure};
use lab::{Generation, Release, Report, TIM};

use crate::host::{Host, PLACE, first};

/// Exit codes that say what is wrong; none of them is that of a panic.
const SENSIBLE: [i32; 5] = [0, 1, 3, 75, 78];

/// The generation goes and comes back all the time; every run ends with a report, and the last one in order.
pub(crate) fn generation(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let (home, files) = (first().home(), first().home_files());
    host.sh(&format!(
        "systemd-run --quiet --unit=collect sh -c 'while :; do
             mv {files} {files}.gone; mv {files}.gone {files}; mv {home} {home}.gone; mv {home}.gone {home}
             rm -f {PLACE}/web.service
         done'"
    ))?;
    let (mut codes, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        for program in ["check-unit-provenance", "fix-unit-provenance"] {
            let report = Report::of(host.machine().user("tim", &[program, "--json"]).run()?)?;
            let said = report.output.as_ref().map(|output| output.stderr.clone()).unwrap_or_default();
            ensure!(!said.contains("panicked"), "{said}");
            ensure!(SENSIBLE.contains(&report.exit), "{program}: {report:#?}");
            errors.extend(report.error.clone());
            codes.push(report.exit);
        }
    }
    host.sh("systemctl stop collect.service")?;
    host.sh(&format!("test -d {files} || mv {files}.gone {files}; test -d {home} || mv {home}.gone {home}"))?;
    ensure!(codes.contains(&78) && codes.iter().any(|code| *code != 78), "the race was not met: {codes:?}");
    // What could not be finished is told with the path that was gone.
    ensure!(errors.iter().all(|error| error.contains('/')), "{errors:?}");
    host.fix(&[])?.exits(0)?;
    host.is_in_order()
}

/// The longest name, escapes, an instance; and in the same folders names that are none of systemd's.
pub(crate) fn names(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let long = format!("{}.service", "x".repeat(247));
    let names = [long.as_str(), "esc\\x2dape\\x20d.service", "\\x2d.service", "a@b:c_d.service"];
    let mut generation = first();
    for name in names {
        generation = Generation::service(generation, name, "/bin/echo odd");
    }
    generation.activate(host.machine(), TIM)?;
    host.reload()?;
    for name in names {
        host.user(&["systemctl", "--user", "start", "--", name])?;
    }
    let hostile = "cd \"$1\"; printf own >'a b.service'; printf own >\"$(printf 'new\\nline.service')\"; printf own >\"$(printf '\\033[31m.service')\"
                   mkdir \"$(printf 'new\\nline.service.d')\"; printf own >\"$(printf 'web.service.d/new\\nfail  x  y.conf')\"; ln -s loop loop.service";
    host.user(&["sh", "-euc", hostile, "sh", PLACE])?;
    host.reload()?;
    // Read by systemd, whatever it is called: a drop-in of somebody else, on one line.
    let output = host.machine().user("tim", &["check-unit-provenance", "--all"]).run()?;
    ensure!(output.code == 1 && !output.stdout.contains('\u{1b}'), "{output}");
    let lines = output.stdout.lines();
    let is_known =
        |line: &str| ["ok ", "warn ", "fail ", "skip ", " "].iter().any(|start| line.starts_with(start));
    ensure!(
        lines.clone().all(is_known) && !lines.clone().any(|line| line.starts_with("fail  x ")),
        "{output}"
    );
    host.user(&[
        "sh",
        "-euc",
        "cd \"$1\"; rm \"$(printf 'web.service.d/new\\nfail  x  y.conf')\"",
        "sh",
        PLACE,
    ])?;
    host.reload()?;
    host.check(&[])?.exits(0)?;
    for name in names {
        host.user(&[
            "sh",
            "-euc",
            "cd \"$1\"; printf '[Service]\\nExecStart=/bin/false\\n' >x; mv x \"$2\"",
            "sh",
            PLACE,
            name,
        ])?;
    }
    for reads in [false, true] {
        if reads {
            host.reload()?;
        }
        let report = host.check(&[])?.exits(1)?;
        for name in names {
            let is_told = report
                .findings
                .iter()
                .any(|one| one.id == "unit-file" && one.subject.as_deref() == Some(name));
            ensure!(is_told, "{name}: {report:#?}");
        }
    }
    host.fix(&[])?.exits(0)?.with_steps()?;
    host.check(&names)?.exits(0)?;
    for name in names {
        let loaded = host.user(&["systemctl", "--user", "show", "-P", "ExecStart", "--", name])?;
        ensure!(loaded.stdout.contains("argv[]=/bin/echo odd ;"), "{name}: {loaded}");
    }
    let own = host.user(&["sh", "-euc", "cat \"$(printf \"$1/new\\nline.service\")\"", "sh", PLACE])?;
    ensure!(own.text() == "own", "{own}");
    host.fix(&[])?.exits(0)?.without_steps().map(drop)
}
