//! What the caller, or the compose file, declares of a service.

use anyhow::{Result, ensure};
use lab::project::{once, service, unchecked};
use lab::{Podman, Project};

use super::apply::{apply, await_good, lives, still_live};

pub(crate) fn optional(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "optional", &[service("web", ""), service("extra", "")])?;
    project.sicken("extra")?;
    apply(&project, &[])?.exits(1)?.fails("extra")?;
    let report = apply(&project, &["--optional=extra"])?.exits(0)?.without_failures()?;
    let warned = report.findings.iter().any(|finding| finding.status == "warn" && finding.is_about("extra"));
    ensure!(warned, "{report:#?}");
    Ok(())
}

pub(crate) fn oneshot(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "oneshot", &[unchecked("web", ""), once("job", 0, "")])?;
    apply(&project, &["--oneshot=job"])?.exits(0)?.without_failures()?;
    project.rewrite(&[unchecked("web", ""), once("job", 3, "")])?;
    apply(&project, &["--oneshot=job"])?.exits(1)?.blames("fail", &["AF2"], "job")?;
    // A name that is none of the services is a mistake.
    apply(&project, &["--oneshot=jobb"])?.exits(78)?;
    Ok(())
}

/// It is one because another waits for its success.
pub(crate) fn init(podman: &Podman) -> Result<()> {
    let waits = "depends_on: {migrate: {condition: service_completed_successfully}}\n";
    let services = |code: i32| {
        let migrate = format!(
            "  migrate:\n    image: localhost/box:latest\n    command: [sh, -c, 'sleep 0.5; exit {code}']\n"
        );
        [migrate, service("web", waits)]
    };
    let project = Project::write(podman, "init", &services(0))?;
    apply(&project, &[])?.exits(0)?.without_failures()?;
    ensure!(project.container("migrate")?.state.status == "exited");
    // The provider would run it again at every start.
    let (before, ended) = (lives(&project)?, project.container("migrate")?);
    apply(&project, &[])?.exits(0)?.without_steps()?;
    still_live(&project, &before, &[])?;
    ensure!(project.container("migrate")? == ended, "the init service was run again");
    project.rewrite(&services(3))?;
    apply(&project, &[])?.exits(1)?.blames("fail", &["AF2"], "migrate")?;
    Ok(())
}

pub(crate) fn profile(podman: &Podman) -> Result<()> {
    let project = Project::write(
        podman,
        "profile",
        &[unchecked("web", ""), unchecked("debug", "profiles: [debug]\n")],
    )?;
    apply(&project, &[])?.exits(0)?.without_failures()?;
    ensure!(lives(&project)?.len() == 1, "{:?}", project.containers()?);
    apply(&project, &["--profile=debug"])?.exits(0)?.without_failures()?;
    ensure!(lives(&project)?.len() == 2, "{:?}", project.containers()?);
    project.end("debug", 3)?;
    apply(&project, &["--profile=debug"])?.exits(1)?.fails("debug")?;
    Ok(())
}

pub(crate) fn env_file(podman: &Podman) -> Result<()> {
    let web = unchecked("web", "environment: {LEVEL: '${LEVEL}'}\n");
    let project = Project::write(podman, "envfile", &[web])?;
    let file = podman.write("envfile/levels", "LEVEL=three\n")?;
    let option = format!("--env-file={file}");
    apply(&project, &[&option])?.exits(0)?.without_failures()?;
    let seen = podman.user(&["podman", "exec", "envfile_web_1", "cat", "/proc/1/environ"]).ok()?;
    ensure!(seen.stdout.contains("LEVEL=three"), "{seen}");
    // Another value is a change.
    podman.write("envfile/levels", "LEVEL=four\n")?;
    apply(&project, &[&option])?.exits(0)?.with_steps()?;
    let seen = podman.user(&["podman", "exec", "envfile_web_1", "cat", "/proc/1/environ"]).ok()?;
    ensure!(seen.stdout.contains("LEVEL=four"), "{seen}");
    Ok(())
}

pub(crate) fn no_wait(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "nowait", &[service("web", "")])?;
    project.sicken("web")?;
    apply(&project, &["--no-wait"])?.exits(0)?;
    ensure!(lives(&project)?.contains_key("web"));
    Ok(())
}

pub(crate) fn rollback(podman: &Podman) -> Result<()> {
    let project = Project::write(podman, "rollback", &[service("web", ""), unchecked("db", "")])?;
    apply(&project, &["--rollback"])?.exits(0)?.without_failures()?;
    podman.make_image("localhost/bad:latest", "--change 'LABEL bad=yes'")?;
    let bad =
        "  web:\n    image: localhost/bad:latest\n    command: [sh, -c, 'echo bad; exit 3']\n".to_owned();
    project.rewrite(&[bad, unchecked("db", "")])?;
    let report = apply(&project, &["--rollback"])?.exits(3)?.fails("web")?;
    ensure!(report.status == "contradicted", "{report:#?}");
    await_good(&project, "web")?;
    await_good(&project, "db")?;
    let image = podman.user(&["podman", "inspect", "--format={{.ImageName}}", "rollback_web_1"]).ok()?;
    ensure!(image.text() == "localhost/box:latest", "{image}");
    // Without it the bad state stays, for a person to look at.
    apply(&project, &[])?.exits(1)?.blames("fail", &["AF2"], "web")?;
    Ok(())
}
