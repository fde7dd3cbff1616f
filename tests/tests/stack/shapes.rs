//! The shapes of a stack that is not what its compose file says, each in a project of its own.

use anyhow::{Context as _, Result, ensure};
use lab::project::{once, plain, service, unchecked};
use lab::{Machine, Podman, Project, Release, Report, wait_until};

use super::apply::{LONG, all_at_once, apply, apply_while, await_good, command, lives, still_live};
use super::declared;

/// In the place of podman-compose: the real one, but for what a file of the project says of `up`.
const PROVIDER: &str = r#"#!/bin/sh
last= project=
for word; do
    case $last in -p|--project-name) project=$word ;; esac
    case $word in --project-name=*) project=${word#*=} ;; esac
    last=$word
done
fault=$HOME/$project/state/provider
case " $* " in *" up "*)
    if test -e "$fault.nothing"; then exit "$(cat "$fault.nothing")"; fi
    /usr/bin/podman-compose.real "$@"; code=$?
    if test -e "$fault.exit"; then exit "$(cat "$fault.exit")"; fi
    exit "$code" ;;
esac
exec /usr/bin/podman-compose.real "$@"
"#;

pub(crate) fn all(release: Release) -> Result<()> {
    let builder = Machine::builder(release)
        .programs()
        .before_systemd(&["mv", "/usr/bin/podman-compose", "/usr/bin/podman-compose.real"])
        .before_systemd(&["cp", "/opt/provider", "/usr/bin/podman-compose"])
        .file("/opt/provider", PROVIDER, 0o755);
    let podman = Podman::boot(builder)?;
    all_at_once(
        &podman,
        &[
            ("AF4 a check without a timer that never runs by itself", untimed),
            ("AF4 a long start period ends at the deadline", starting),
            ("AF1 a service that the provider could not make", uncreated),
            ("AF1 a provider that does nothing and says 0", nothing),
            ("AF2 exit 0 of what is no init service", ends_well),
            ("AF2 exit 3", ends_badly),
            ("AF3 unhealthy at the start", sick),
            ("AF5 a restart loop", loops),
            ("AF6 a missing image", no_image),
            ("AF7 a provider that says 1 though all is well", slandered),
            ("AF8 a ghost", ghost),
            ("AF9 monitors in a unit that kills them", cgroup),
            ("AF11 the label of another unit", label),
            ("a name that another container has", name_clash),
            ("a port that another container has", port_clash),
            ("two runs at once", locked),
            ("a service that may fail", declared::optional),
            ("a service that ends", declared::oneshot),
            ("an init service", declared::init),
            ("a service of a profile", declared::profile),
            ("variables from a file", declared::env_file),
            ("no wait", declared::no_wait),
            ("a rollback", declared::rollback),
            ("SIGTERM", terminated),
        ],
        2,
    )
}

fn write<'a>(podman: &'a Podman, name: &str, services: &[String]) -> Result<Project<'a>> {
    Project::write(podman, name, services)
}

/// Interval 0: podman makes no timer, and the health stays `starting` for ever when nobody runs the check.
fn untimed(podman: &Podman) -> Result<()> {
    let more = "healthcheck: {test: [CMD, healthy, web], interval: '0', retries: 1}\n";
    let project = write(podman, "untimed", &[unchecked("web", more)])?;
    apply(&project, &[])?.exits(0)?;
    await_good(&project, "web")?;
    project.sicken("web")?;
    apply(&project, &[])?.exits(1)?.fails("web")?;
    Ok(())
}

fn starting(podman: &Podman) -> Result<()> {
    let more = "healthcheck: {test: [CMD, healthy, web], interval: 1s, retries: 1, start_period: 300s}\n";
    let project = write(podman, "starting", &[unchecked("web", more), unchecked("db", "")])?;
    project.sicken("web")?;
    apply(&project, &["--timeout=6"])?.exits(4)?.blames("fail", &["AF4"], "web")?;
    ensure!(lives(&project)?.len() == 2);
    Ok(())
}

fn uncreated(podman: &Podman) -> Result<()> {
    let project = write(
        podman,
        "uncreated",
        &[unchecked("web", ""), unchecked("db", "devices: [/dev/nonexistent]\n")],
    )?;
    told(&project, apply(&project, &[])?)?.blames("fail", &["AF1"], "db")?;
    ensure!(lives(&project)?.contains_key("web"));
    Ok(())
}

/// The provider of podman 5.4 drops what it could not make or start and says 0; that of 5.8 does not.
pub(crate) fn told(project: &Project<'_>, report: Report) -> Result<Report> {
    let drops = project.podman.machine.release() == Release::TRIXIE;
    ensure!(report.exit == 1 || drops && report.exit == 3, "exit {}: {report:#?}", report.exit);
    Ok(report)
}

fn nothing(podman: &Podman) -> Result<()> {
    let project = write(podman, "nothing", &[unchecked("web", "")])?;
    podman.write("nothing/state/provider.nothing", "0\n")?;
    apply(&project, &[])?.exits(3)?.blames("fail", &["AF1"], "web")?;
    podman.write("nothing/state/provider.nothing", "7\n")?;
    apply(&project, &[])?.exits(1)?.blames("fail", &["AF1"], "web")?;
    Ok(())
}

fn ends_well(podman: &Podman) -> Result<()> {
    let project = write(podman, "endswell", &[unchecked("web", ""), once("job", 0, "")])?;
    apply(&project, &[])?.exits(1)?.blames("fail", &["AF2"], "job").map(drop)
}

fn ends_badly(podman: &Podman) -> Result<()> {
    let project = write(podman, "endsbadly", &[unchecked("web", ""), once("job", 3, "")])?;
    // What it said last is told.
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF2"], "job")?;
    report.explains("AF2", &["3", "job ends"]).map(drop)
}

fn sick(podman: &Podman) -> Result<()> {
    let project = write(podman, "sick", &[service("web", ""), service("db", "")])?;
    project.sicken("web")?;
    let report = apply(&project, &[])?.exits(1)?.blames("fail", &["AF3"], "web")?;
    report.explains("AF3", &["web is sick"])?;
    // Another run does not call it good, and the cured one is.
    apply(&project, &[])?.exits(1)?.blames("fail", &["AF3"], "web")?;
    project.cure("web")?;
    await_good(&project, "web")?;
    apply(&project, &[])?.exits(0)?.without_failures()?;
    Ok(())
}

/// Seen between two runs it has exited, seen later it was restarted.
fn loops(podman: &Podman) -> Result<()> {
    let project = write(podman, "loops", &[unchecked("web", "restart: always\n"), unchecked("db", "")])?;
    project.end("web", 1)?;
    apply(&project, &["--stable=4"])?.exits(1)?.blames("fail", &["AF2", "AF5"], "web").map(drop)
}

fn no_image(podman: &Podman) -> Result<()> {
    let missing = "  web:\n    image: localhost/nowhere:latest\n    pull_policy: never\n".to_owned();
    let project = write(podman, "noimage", &[unchecked("db", ""), missing])?;
    let report = told(&project, apply(&project, &[])?)?.fails("web")?;
    report.blames("fail", &["AF1", "AF6"], "web")?;
    ensure!(lives(&project)?.contains_key("db"));
    Ok(())
}

fn slandered(podman: &Podman) -> Result<()> {
    let project = write(podman, "slandered", &[service("web", "")])?;
    podman.write("slandered/state/provider.exit", "1\n")?;
    apply(&project, &[])?.exits(0)?.without_failures()?;
    ensure!(lives(&project)?.contains_key("web"));
    Ok(())
}

fn ghost(podman: &Podman) -> Result<()> {
    let project = write(podman, "ghost", &[unchecked("web", ""), unchecked("db", "")])?;
    apply(&project, &[])?.exits(0)?;
    podman.kill(project.container("web")?.state.conmon_pid)?;
    let db = project.container("db")?;
    // It is told, or replaced; it is never called good.
    let report = apply(&project, &[])?;
    if report.exit == 0 {
        report.with_steps()?;
    } else {
        report.exits(1)?.blames("fail", &["AF8"], "web")?.hints("AF8")?;
        // Podman 5.4 fails to remove a ghost, and does it when asked again.
        podman.sh("podman rm --force --time=0 ghost_web_1 || podman rm --force --time=0 ghost_web_1")?;
        apply(&project, &[])?.exits(0)?;
    }
    ensure!(lives(&project)?.len() == 2);
    podman.lives(&db)
}

/// As a unit with systemd's default, which kills what is in its control group when the command fails.
fn cgroup(podman: &Podman) -> Result<()> {
    let project = write(podman, "monitors", &[unchecked("web", "")])?;
    let start = "/usr/local/bin/apply-and-verify --json --project=monitors --file=%h/monitors/compose.yaml --unit=%n \
                 --stable=1 --timeout=25 --apply-timeout=20";
    let out = "StandardOutput=truncate:%h/monitors/report\nTimeoutStopSec=3\n";
    let unit = project.unit(start, out)?;
    podman.user(&["systemctl", "--user", "start", &unit]).ok()?;
    let shown = podman.user(&["cat", "monitors/report"]).ok()?;
    let report = Report::of(shown)?.blames("warn", &["AF9"], "monitors.service")?;
    report.explains("AF9", &["KillMode=process"])?;
    // With the right setting there is nothing to be warned of.
    project.unit(start, &format!("{out}KillMode=process\n"))?;
    podman.user(&["systemctl", "--user", "restart", &unit]).ok()?;
    let report = Report::of(podman.user(&["cat", "monitors/report"]).ok()?)?;
    ensure!(report.findings.iter().all(|finding| finding.shape.as_deref() != Some("AF9")), "{report:#?}");
    Ok(())
}

fn label(podman: &Podman) -> Result<()> {
    let project = write(podman, "label", &[unchecked("web", ""), unchecked("db", "")])?;
    let up = ["/usr/bin/podman-compose", "-p", "label", "-f", "compose.yaml", "up", "-d"];
    podman.user(&up).directory("/home/tim/label").ok()?;
    ensure!(project.container("web")?.label("PODMAN_SYSTEMD_UNIT") == "podman-compose@label.service");
    let report = apply(&project, &["--unit=label.service"])?.exits(0)?.with_steps()?;
    ensure!(report.status == "changed", "{report:#?}");
    for container in project.containers()? {
        ensure!(container.label("PODMAN_SYSTEMD_UNIT") == "label.service", "{container:?}");
    }
    // Not again and again.
    let before = lives(&project)?;
    apply(&project, &["--unit=label.service"])?.exits(0)?.without_steps()?;
    still_live(&project, &before, &[])
}

fn name_clash(podman: &Podman) -> Result<()> {
    podman.sh("podman run --quiet --detach --name clash_web_1 localhost/box:latest sleep 600")?;
    let project = write(podman, "clash", &[unchecked("web", ""), unchecked("db", "")])?;
    // The providers of both releases say 0.
    let report = apply(&project, &[])?.fails("web")?;
    ensure!(matches!(report.exit, 1 | 3), "{report:#?}");
    let other = podman.container("clash_web_1")?;
    podman.lives(&other)?;
    ensure!(other.service().is_empty(), "the other's container was replaced: {other:?}");
    Ok(())
}

fn port_clash(podman: &Podman) -> Result<()> {
    podman
        .sh("podman run --quiet --detach --name holder --publish 8123:80 localhost/box:latest sleep 600")?;
    let project = write(podman, "port", &[unchecked("web", "ports: ['8123:80']\n"), unchecked("db", "")])?;
    told(&project, apply(&project, &[])?)?.fails("web")?;
    ensure!(lives(&project)?.contains_key("db"));
    podman.lives(&podman.container("holder")?)
}

fn locked(podman: &Podman) -> Result<()> {
    let project = write(podman, "locked", &[unchecked("web", "")])?;
    let first = apply_while(&project, &["--stable=3600", "--timeout=6"], || {
        await_good(&project, "web")?;
        apply(&project, &[])?.exits(75)?.without_steps().map(drop)
    })?;
    first.exits(4)?;
    apply(&project, &[])?.exits(0).map(drop)
}

/// Ended by its unit: what runs goes on running, and it does not call that a success.
fn terminated(podman: &Podman) -> Result<()> {
    let project = write(podman, "term", &[service("web", ""), plain("db", "command: [service, db]\n")])?;
    apply(&project, &[])?.exits(0)?;
    let before = lives(&project)?;
    let mut running = command(&project, &["--stable=3600"]).spawn()?;
    let pid = || podman.machine.root(&["pgrep", "-f", "^apply-and-verify --json --project=term"]).run();
    wait_until(LONG, || Ok(pid()?.code == 0)).context("waiting for the program")?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    podman.machine.root(&["kill", "-TERM", pid()?.text()]).ok()?;
    wait_until(LONG, || Ok(running.try_wait()?.is_some())).context("waiting for its end")?;
    let status = running.wait()?;
    ensure!(!status.success(), "ended by SIGTERM it says {status}");
    still_live(&project, &before, &[])?;
    // It leaves no lock.
    apply(&project, &[])?.exits(0)?.without_steps()?;
    still_live(&project, &before, &[])
}
