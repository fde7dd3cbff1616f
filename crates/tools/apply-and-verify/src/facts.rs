//! What the decision is made from: plain values.

use std::collections::{BTreeMap, BTreeSet};

use podman::provider::Kind;
use stack::judge::Expected;
use stack::stale::Present;

/// All that the decision rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the project is to have.
    pub expected: Vec<Expected>,
    /// What it has.
    pub present: Vec<Present>,
    /// The unit that containers are to be labelled with.
    pub unit: Option<String>,
    /// The services of its files, those of inactive profiles included; `None` where a file was not understood.
    pub services: Option<BTreeSet<String>>,
    /// How many containers each service is to have.
    pub replicas: BTreeMap<String, usize>,
    /// Which provider makes them.
    pub kind: Kind,
    /// What the names of images stand for now.
    pub images: BTreeMap<String, String>,
    /// Whether configuration, files and containers are those that were last verified.
    pub is_as_verified: bool,
    /// µs since 1970.
    pub now: i64,
    /// The project and its provider, for the words of a step.
    pub project: String,
    /// The name of the provider.
    pub provider: String,
}
