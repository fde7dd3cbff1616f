//! What is not there: files of the project, and parts of the platform.

use anyhow::{Result, ensure};
use lab::project::unchecked;
use lab::{Machine, Podman, Project, Release, Report};

use super::apply::{apply, command};

/// One machine; the parts of the platform go at the end, one after another.
pub(crate) fn all(release: Release) -> Result<()> {
    let podman = Podman::boot(Machine::builder(release).programs())?;
    let project = Project::write(&podman, "missing", &[unchecked("web", "")])?;
    files(&podman, &project)?;
    texts(&podman, &project)?;
    session(&project)?;
    for (program, name) in [
        ("/usr/bin/newuidmap", "newuidmap"),
        ("/usr/bin/systemd-run", "systemd-run"),
        ("/usr/bin/podman-compose", "compose"),
        ("/usr/bin/podman", "podman"),
    ] {
        let away = format!("{program}.away");
        podman.machine.root(&["mv", program, &away]).ok()?;
        let report = apply(&project, &[])?.exits(69)?.without_steps()?;
        ensure!(says(&report, name), "{program} is not named: {report:#?}");
        podman.machine.root(&["mv", &away, program]).ok()?;
    }
    ensure!(project.containers()?.is_empty(), "something was started: {:?}", project.containers()?);
    apply(&project, &[])?.exits(0).map(drop)
}

/// Whether the error or a finding has a word.
fn says(report: &Report, word: &str) -> bool {
    let findings = report.findings.iter().flat_map(|finding| {
        finding.subject.iter().chain([&finding.text]).chain(&finding.hint).map(String::as_str)
    });
    findings.chain(report.error.as_deref()).any(|text| text.contains(word))
}

fn files(podman: &Podman, project: &Project<'_>) -> Result<()> {
    let report = apply(project, &["--env-file=/home/tim/nowhere.env"])?.exits(78)?.without_steps()?;
    ensure!(says(&report, "/home/tim/nowhere.env"), "{report:#?}");
    let report = apply(project, &["--file=/home/tim/nowhere.yaml"])?.exits(78)?.without_steps()?;
    ensure!(says(&report, "/home/tim/nowhere.yaml"), "{report:#?}");

    // Those that the compose file names.
    let cases = [
        ("withenv", "env_file: [./absent.env]\n", "", "absent.env"),
        ("withsecret", "secrets: [key]\n", "secrets:\n  key:\n    file: ./absent.key\n", "absent.key"),
    ];
    for (name, more, top, word) in cases {
        let project = Project::write(podman, name, &[unchecked("web", more), top.to_owned()])?;
        let report = apply(&project, &[])?.exits(78)?.without_steps()?;
        ensure!(says(&report, word), "{report:#?}");
        ensure!(project.containers()?.is_empty());
    }
    Ok(())
}

/// Compose files that are none.
fn texts(podman: &Podman, project: &Project<'_>) -> Result<()> {
    for (name, text) in [("tab", "services:\n\tweb: {}\n"), ("list", "- a\n- b\n"), ("empty", "")] {
        let path = podman.write(&format!("invalid/{name}.yaml"), text)?;
        let mut report = Report::of(
            podman
                .user(&["apply-and-verify", "--json", "--project=invalid", &format!("--file={path}")])
                .run()?,
        )?;
        report = report.exits(78)?.without_steps()?;
        ensure!(says(&report, &path) || says(&report, &format!("{name}.yaml")), "{report:#?}");
    }
    // A name that podman-compose would not take as it is.
    let wrong = ["apply-and-verify", "--json", "--project=../up", &format!("--file={}", project.file())];
    let output = podman.user(&wrong).run()?;
    ensure!(matches!(output.code, 2 | 78), "{output}");
    Ok(())
}

/// AF14: no bus, another runtime directory.
fn session(project: &Project<'_>) -> Result<()> {
    let nowhere =
        command(project, &[]).env("XDG_RUNTIME_DIR", "/run/user/4711").env_remove("DBUS_SESSION_BUS_ADDRESS");
    Report::of(nowhere.run()?)?.exits(69)?.without_steps()?.names("AF14")?;
    Ok(())
}
