//! A compose project with its provider: what it has, and what its provider is to do.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use oneshot::{Deadline, Root};
use podman::auto_update::UNIT;
use podman::compose::Config;
use podman::provider::{Kind, Project, Provider};
use podman::{Container, Podman, container, image, list};
use serde_json::{Map, Value, json};

use crate::apply::Order;
use crate::stale::{Present, Reason, Stale};
use crate::{judge, watch};

/// How long the removal of containers may take: each has its stop timeout, 10 s by default, one after another.
const REMOVAL: Duration = Duration::from_secs(120);

/// How often a removal is tried.
const TRIES: u32 = 2;

/// A project that can be worked on.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Below which everything is.
    pub root: Root,
    /// podman.
    pub podman: Podman,
    /// Who makes the containers.
    pub provider: Provider,
    /// Its name and files.
    pub project: Project,
    /// The unit that containers are labelled with.
    pub unit: Option<String>,
    /// The effective configuration as the provider printed it.
    pub text: String,
    /// The same, read.
    pub config: Config,
}

impl Stack {
    /// Its containers, running or not. One that looks like a ghost is looked at twice, because podman learns of an end a
    /// moment after it.
    pub fn present(&self, deadline: Deadline) -> Result<Vec<Present>> {
        let first = self.look(deadline)?;
        if !first.iter().any(Present::is_ghost) {
            return Ok(first);
        }
        std::thread::sleep(judge::GHOST);
        self.look(deadline)
    }

    fn look(&self, deadline: Deadline) -> Result<Vec<Present>> {
        let ids: Vec<String> = self.ids(deadline)?.into_iter().map(|(id, _)| id).collect();
        // One that vanished between the two calls is not present.
        let containers = container::inspect(&self.podman, &ids, deadline)?.containers;
        let of = |container: Container| Present { sight: watch::sight(&self.root, &container), container };
        Ok(containers.into_iter().map(of).collect())
    }

    /// Ids and names of its containers.
    pub(crate) fn ids(&self, deadline: Deadline) -> Result<Vec<(String, String)>> {
        let rows = list::all(&self.podman, deadline)?;
        let own = rows.into_iter().filter(|row| row.is_of_project(&self.project.name));
        Ok(own.map(|row| (row.id, row.name)).collect())
    }

    /// What the provider is to do: `verb` with its own options. `folder`: where a file for it may be put.
    pub fn order(&self, verb: &[&str], folder: &Path) -> Result<Order> {
        let mut project = self.project.clone();
        if self.provider.kind == Kind::DockerCompose
            && let Some(unit) = &self.unit
        {
            let file = folder.join(format!("{}.labels.json", project.name));
            std::fs::write(&file, self.labels(unit).to_string())
                .with_context(|| format!("writing {}", file.display()))?;
            project.files.push(file);
        }
        let mut arguments = self.provider.options(&self.podman, &project);
        arguments.extend(verb.iter().map(OsString::from));
        let mut environment = self.provider.environment(&self.podman);
        if let Some(unit) = &self.unit {
            // podman puts it into the labels after all of the command line's (`pkg/specgenutil/specgen.go`), so that it
            // wins over the one that podman-compose makes up.
            environment.push((UNIT.into(), unit.into()));
        }
        Ok(Order { program: self.provider.program.clone(), arguments, environment })
    }

    /// The pull of its images, where there is one to be asked for. By podman itself: `podman-compose pull` of 1.3.0 ends with
    /// 0 although podman could not pull.
    #[must_use]
    pub fn pull(&self) -> Option<Order> {
        let images = self.config.to_pull();
        if images.is_empty() {
            return None;
        }
        let arguments = ["pull", "--quiet", "--"].into_iter().chain(images);
        Some(Order {
            program: self.podman.program().to_path_buf(),
            arguments: arguments.map(OsString::from).collect(),
            environment: vec![("PATH".into(), self.podman.path())],
        })
    }

    /// An override file, because the environment of docker-compose does not reach podman's API. JSON is YAML.
    fn labels(&self, unit: &str) -> Value {
        let names = self.config.services.keys();
        let services: Map<String, Value> =
            names.map(|name| (name.clone(), json!({"labels": {UNIT: unit}}))).collect();
        json!({ "services": services })
    }

    /// Removes containers, and those that depend on them.
    pub fn remove(&self, stale: &[Stale]) -> Result<()> {
        // podman waits in vain for the end of one whose conmon is gone.
        let (ghosts, others): (Vec<&Stale>, Vec<&Stale>) =
            stale.iter().partition(|one| one.reason == Reason::Ghost);
        self.remove_with(&["--time", "0"], &ghosts)?;
        self.remove_with(&[], &others)
    }

    fn remove_with(&self, options: &[&str], stale: &[&Stale]) -> Result<()> {
        let mut left: Vec<String> = stale.iter().map(|one| one.id.clone()).collect();
        let mut words = String::new();
        // Up to podman 5.4 the first try kills a ghost and fails all the same; the second removes it.
        for _ in 0..TRIES {
            if left.is_empty() {
                return Ok(());
            }
            let command = self.podman.command().args(["rm", "--force", "--depend"]);
            let command = command.args(options.iter().copied()).arg("--").args(left.clone());
            let outcome = command.deadline(Deadline::after(REMOVAL)).run()?;
            if outcome.status.success() {
                return Ok(());
            }
            words = outcome.words();
            // One that went with another it depends on is gone, which was asked for.
            let there = container::inspect(&self.podman, &left, Deadline::after(REMOVAL))?.containers;
            left = there.into_iter().map(|one| one.id).collect();
        }
        let Some(first) = left.first() else { return Ok(()) };
        let name = stale.iter().find(|one| one.id == *first).map_or(first.as_str(), |one| &one.name);
        bail!("removing {name} and {} more failed: {words}", left.len() - 1)
    }

    /// What each image name of these containers stands for now.
    pub fn images(&self, present: &[Present]) -> Result<BTreeMap<String, String>> {
        let names: Vec<&str> = present.iter().map(|one| one.container.image_name.as_str()).collect();
        image::current(&self.podman, &names)
    }

    /// Lets the name of an image stand for the image with this id again.
    pub fn tag(&self, id: &str, name: &str) -> Result<()> {
        self.podman.command().args(["tag", "--", id, name]).output().map(|_| ())
    }

    /// Where a relative path of the configuration begins: beside the first file.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.project.files.first().and_then(|file| file.parent()).map(Path::to_path_buf).unwrap_or_default()
    }
}
