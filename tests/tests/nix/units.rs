//! The units of the modules, as systemd understands them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lab::project::{service, unchecked};
use lab::session::SOON;
use lab::{Builder, Machine, Podman, Project, Release};
use serde::Deserialize;

use crate::world::World;

/// What stands in for the programs: it leaves its arguments, a line each, and a variable in the runtime directory.
const STAND_IN: &str = "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done >\"$XDG_RUNTIME_DIR/arguments\"\n\
                        printf '%s' \"$GREETING\" >\"$XDG_RUNTIME_DIR/greeting\"\n";
const UNIT: &str = "podman-stack@web.service";
const RUNTIME: &str = "/run/user/1000";

/// nix/checks/rendered.nix.
#[derive(Deserialize)]
struct Rendered {
    home: Side,
    nixos: Side,
    real: Real,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Side {
    units: BTreeMap<String, String>,
    /// Folders, and the programs that must be in them.
    bin: BTreeMap<String, Vec<String>>,
}

/// A unit that starts the real programs.
#[derive(Deserialize)]
struct Real {
    unit: String,
    bin: BTreeMap<String, Vec<String>>,
}

impl Side {
    /// Puts the units into a folder, and stand-ins where they expect the programs.
    fn install(&self, builder: Builder, folder: &str) -> Builder {
        let mut builder = builder;
        for (name, text) in &self.units {
            builder = builder.file(Path::new(folder).join(name), text.as_str(), 0o644);
        }
        for (bin, programs) in &self.bin {
            for program in programs {
                builder = builder.file(Path::new(bin).join(program), STAND_IN, 0o755);
            }
        }
        builder
    }
}

fn rendered() -> Result<std::result::Result<Rendered, String>> {
    Ok(match World::find() {
        Err(need) => Err(need),
        Ok(world) => Ok(serde_json::from_value(world.evaluate("rendered.nix", "all")?)
            .context("reading the units of the modules")?),
    })
}

pub(crate) fn verify(release: Release) -> Result<()> {
    let rendered = match rendered()? {
        Err(need) => return lab::skip(&need),
        Ok(rendered) => rendered,
    };
    let mut builder = Machine::builder(release).linger("tim");
    builder = rendered.home.install(builder, "/srv/home");
    builder = rendered.nixos.install(builder, "/srv/nixos");
    let machine = builder.boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    for (folder, side) in [("/srv/home", &rendered.home), ("/srv/nixos", &rendered.nixos)] {
        ensure!(side.units.len() == 5, "there are {:?}", side.units.keys());
        for name in side.units.keys() {
            let unit = format!("{folder}/{name}");
            let verified =
                machine.user("tim", &["systemd-analyze", "verify", "--user", "--man=no", &unit]).ok()?;
            ensure!(verified.stdout.is_empty() && verified.stderr.is_empty(), "{verified}");
        }
    }
    Ok(())
}

/// Both modules, one after the other in one manager: Home Manager's unit hides that of NixOS.
pub(crate) fn arguments(release: Release) -> Result<()> {
    let rendered = match rendered()? {
        Err(need) => return lab::skip(&need),
        Ok(rendered) => rendered,
    };
    let builder = rendered.nixos.install(Machine::builder(release).linger("tim"), "/etc/systemd/user");
    let machine = rendered.home.install(builder, "/srv/home").boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    let is_given = |source: &str| -> Result<()> {
        machine.user("tim", &["systemctl", "--user", "restart", UNIT]).ok()?;
        let fragment =
            machine.user("tim", &["systemctl", "--user", "show", "-P", "FragmentPath", UNIT]).ok()?;
        ensure!(fragment.text().starts_with(source), "{fragment}");
        let read = |name: &str| std::fs::read_to_string(machine.path(format!("{RUNTIME}/{name}")));
        let arguments = read("arguments")?;
        let arguments: Vec<&str> = arguments.split_terminator('\n').collect();
        ensure!(arguments == rendered.arguments, "{source}: {arguments:?}");
        ensure!(
            Some(&read("greeting")?) == rendered.variables.get("GREETING"),
            "{source}: {}",
            read("greeting")?
        );
        std::fs::remove_file(machine.path(format!("{RUNTIME}/arguments")))?;

        machine.user("tim", &["systemctl", "--user", "reload", UNIT]).ok()?;
        let pulled = read("arguments")?;
        ensure!(pulled.ends_with("--pull\n"), "{source}: {pulled}");
        Ok(())
    };
    is_given("/etc/systemd/user/")?;
    machine.user("tim", &["mkdir", "-p", ".config/systemd/user"]).ok()?;
    machine.user("tim", &["cp", &format!("/srv/home/{UNIT}"), ".config/systemd/user/"]).ok()?;
    machine.user("tim", &["systemctl", "--user", "daemon-reload"]).ok()?;
    is_given("/home/tim/.config/systemd/user/")
}

/// The unit of Home Manager with the real programs and containers.
pub(crate) fn stack(release: Release) -> Result<()> {
    let Real { unit, bin } = match rendered()? {
        Err(need) => return lab::skip(&need),
        Ok(rendered) => rendered.real,
    };
    let mut builder = Machine::builder(release).programs();
    for (folder, programs) in &bin {
        for program in programs {
            let of_the_host = if program == "podman-compose" { "/usr/bin" } else { "/usr/local/bin" };
            builder = builder.link(Path::new(folder).join(program), Path::new(of_the_host).join(program));
        }
    }
    let podman = Podman::boot(builder)?;
    let project = Project::write(&podman, "real", &[service("web", ""), unchecked("db", "")])?;
    let name = "podman-stack@real.service";
    podman.write(&format!(".config/systemd/user/{name}"), &unit)?;
    podman.user(&["systemctl", "--user", "daemon-reload"]).ok()?;

    podman.user(&["systemctl", "--user", "start", name]).ok()?;
    let started = project.containers()?;
    ensure!(started.len() == 2, "{started:?}");
    for container in &started {
        podman.lives(container)?;
        ensure!(container.label("PODMAN_SYSTEMD_UNIT") == name, "{container:?}");
    }

    podman.user(&["systemctl", "--user", "stop", name]).ok()?;
    let stopped = project.containers()?;
    let ids = |containers: &[lab::podman::Container]| -> Vec<String> {
        containers.iter().map(|container| container.id.clone()).collect()
    };
    ensure!(stopped.iter().all(|container| container.state.status == "exited"), "{stopped:?}");
    ensure!(ids(&stopped) == ids(&started), "{stopped:?}");

    project.sicken("web")?;
    let restart = podman.user(&["systemctl", "--user", "restart", name]).run()?;
    ensure!(restart.code == 1, "{restart}");
    let state = podman.user(&["systemctl", "--user", "show", "-P", "Result", name]).ok()?;
    ensure!(state.text() == "exit-code", "{state}");
    for container in project.containers()? {
        podman.lives(&container)?;
    }
    Ok(())
}
