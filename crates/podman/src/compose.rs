//! What a compose configuration asks for, from the provider's own `config`, in which files are merged, variables put in
//! and inactive profiles left out.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use read::{document, parse, services};

/// The effective configuration of a project.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Config {
    /// The services by name.
    pub services: BTreeMap<String, Service>,
    /// Files of top-level secrets and configs, by name: `secrets.<name>.file`.
    pub secrets: BTreeMap<String, PathBuf>,
    /// The same of configs.
    pub configs: BTreeMap<String, PathBuf>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Service {
    /// The image; `None` where it is only built.
    pub image: Option<String>,
    /// Whether no registry is to be asked for its image: it is built here, or its `pull_policy` says so.
    pub is_local: bool,
    /// `scale` or `deploy.replicas`, 1 where neither is given.
    pub replicas: u32,
    /// What it waits for before it starts: service and condition, `service_started` where none is given.
    pub depends_on: BTreeMap<String, String>,
    /// `env_file` entries that are required.
    pub env_files: Vec<PathBuf>,
    /// Names of the secrets that it uses.
    pub secrets: BTreeSet<String>,
    /// Names of the configs that it uses.
    pub configs: BTreeSet<String>,
}

impl Config {
    /// The images that a pull is to fetch. One whose name begins with `localhost/` is in the local storage alone.
    #[must_use]
    pub fn to_pull(&self) -> BTreeSet<&str> {
        let remote = self.services.values().filter(|service| !service.is_local && service.replicas > 0);
        remote
            .filter_map(|service| service.image.as_deref())
            .filter(|image| !image.starts_with("localhost/"))
            .collect()
    }

    /// The services whose successful end another one waits for.
    #[must_use]
    pub fn to_complete(&self) -> BTreeSet<&str> {
        let conditions = self.services.values().flat_map(|service| &service.depends_on);
        conditions
            .filter(|(_, condition)| *condition == "service_completed_successfully")
            .map(|(name, _)| name.as_str())
            .collect()
    }
}
