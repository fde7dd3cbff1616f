//! Units of containers as Quadlet makes them, and new images for them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lab::{Machine, Podman, Release, Report, wait_until};

/// How long something may take to become so.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// Beyond what the program may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Images, by how they behave.
pub(crate) const GOOD: &str = "--change 'CMD [\"service\", \"app\"]'";
/// Ends at once.
pub(crate) const EXITS: &str = "--change 'CMD [\"sh\", \"-c\", \"exit 4\"]'";
/// Runs, and is never healthy.
pub(crate) const SICK: &str = "--change 'CMD [\"service\", \"app\"]' --change 'ENV SICK=yes'";
/// Cannot even start.
pub(crate) const NO_COMMAND: &str = "--change 'CMD [\"/nonexistent\"]'";

pub(crate) struct Quadlet {
    pub(crate) podman: Podman,
}

impl Quadlet {
    /// The machine with these units: a name, an image, and more lines of `[Container]`.
    pub(crate) fn boot(release: Release, units: &[(&str, &str, &str)]) -> Result<Self> {
        let quadlet = Self { podman: Podman::boot(Machine::builder(release).programs())? };
        for image in ["localhost/app:latest", "localhost/other:latest"] {
            quadlet.podman.make_image(image, GOOD)?;
        }
        quadlet.add(units)?;
        Ok(quadlet)
    }

    /// Writes more units and starts them. They may be started as often as a test does within seconds: with the default limit
    /// (five times in ten seconds) a roll-back itself would be refused.
    pub(crate) fn add(&self, units: &[(&str, &str, &str)]) -> Result<()> {
        for (name, image, more) in units {
            let text = format!(
                "[Unit]\nStartLimitIntervalSec=0\n[Container]\nContainerName={name}\nImage={image}\nPull=never\n{more}\n\
                 [Service]\nTimeoutStartSec=6\nTimeoutStopSec=3\nRestart=no\n"
            );
            self.podman.write(&format!(".config/containers/systemd/{name}.container"), &text)?;
        }
        self.podman.user(&["systemctl", "--user", "daemon-reload"]).ok()?;
        for (name, ..) in units {
            self.start(name)?;
        }
        Ok(())
    }

    /// Starts a unit, whose container is good then.
    pub(crate) fn start(&self, name: &str) -> Result<()> {
        self.podman.user(&["systemctl", "--user", "start", &format!("{name}.service")]).ok()?;
        self.is_good(name)
    }

    /// Waits until a container runs and is healthy, if it has a check.
    pub(crate) fn is_good(&self, name: &str) -> Result<()> {
        let is_good = || {
            let found = self.podman.containers(&format!("name=^{name}$"))?;
            Ok(found.iter().any(|container| {
                container.state.status == "running" && matches!(container.health(), "" | "healthy")
            }))
        };
        wait_until(LONG, is_good).with_context(|| format!("waiting for {name}"))
    }

    /// Gives a tag to a new image, which is another one each time.
    pub(crate) fn new_image(&self, tag: &str, number: u32, changes: &str) -> Result<()> {
        self.podman.make_image(tag, &format!("{changes} --change 'LABEL number={number}'"))
    }

    /// The id of the image that a container runs.
    pub(crate) fn image_of(&self, name: &str) -> Result<String> {
        Ok(self.podman.user(&["podman", "inspect", "--format={{.Image}}", name]).ok()?.text().to_owned())
    }

    /// Runs the program.
    pub(crate) fn update(&self, options: &[&str]) -> Result<Report> {
        let mut command = vec!["update-and-verify", "--json"];
        for general in ["--timeout=60", "--stable=1"] {
            let name = general.split('=').next().unwrap_or_default();
            if options.iter().all(|option| !option.starts_with(name)) {
                command.push(general);
            }
        }
        command.extend(options);
        Report::of(self.podman.user(&command).deadline(DEADLINE).run()?)
    }
}

/// Fails unless a finding of this shape is about the unit or its container.
pub(crate) fn names(report: &Report, shape: &str, name: &str) -> Result<()> {
    let found = report.findings.iter().any(|finding| {
        finding.shape.as_deref() == Some(shape)
            && (finding.is_about(name) || finding.is_about(&format!("{name}.service")))
    });
    ensure!(found, "{shape} of {name} is not named: {report:#?}");
    Ok(())
}
