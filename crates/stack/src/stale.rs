//! Which containers must go before the provider is asked, because it would leave them as they are. Pure.

use std::collections::{BTreeMap, BTreeSet};

use podman::auto_update::UNIT;
use podman::{Container, Status, list};

use crate::sight::Sight;

/// Both providers number the containers of a service from 1.
const NUMBER: &str = "com.docker.compose.container-number";

/// µs after which a health that is not good is an old story (AF12).
const AGE: i64 = 90_000_000;

/// Why one must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `starting` or `unhealthy` for longer than it may be (AF12).
    StaleHealth {
        /// Which of the two.
        health: String,
    },
    /// Its label names another unit (AF11).
    OtherUnit {
        /// What the label says.
        found: String,
    },
    /// Its service is to have fewer containers.
    Surplus,
    /// The name of its image stands for another one now.
    OtherImage,
    /// podman calls it running, and a process of it is gone (AF8).
    Ghost,
    /// No compose file has its service any more.
    Orphan,
}

/// A container that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// What podman tells.
    pub container: Container,
    /// What was seen of it, its processes included.
    pub sight: Sight,
}

impl Present {
    /// Whether podman's word is contradicted by a process that is gone.
    #[must_use]
    pub fn is_ghost(&self) -> bool {
        // One whose conmon lives has just ended, and podman is about to learn of it.
        let is_gone = match self.sight.is_watched {
            Some(is_watched) => !is_watched,
            None => self.sight.is_alive == Some(false),
        };
        self.sight.status == Status::Running && is_gone
    }
}

/// One that must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service that it runs.
    pub service: String,
    /// Why.
    pub reason: Reason,
}

/// What a project is to be, as far as it decides which containers must go.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The unit that containers are to be labelled with.
    pub unit: Option<&'a str>,
    /// The services that its files have, those of inactive profiles included; `None` where that is not known.
    pub services: Option<&'a BTreeSet<String>>,
    /// How many containers each service is to have.
    pub replicas: &'a BTreeMap<String, usize>,
    /// What the name of an image stands for now.
    pub images: &'a BTreeMap<String, String>,
}

/// Those of a project's containers that must go.
#[must_use]
pub fn stale(present: &[Present], wanted: Wanted<'_>, now: i64) -> Vec<Stale> {
    let Wanted { unit, services, replicas, images } = wanted;
    let surplus = surplus(present, replicas);
    let reason = |one: &Present| {
        let container = &one.container;
        orphan(container, services)
            .or_else(|| surplus.contains(container.id.as_str()).then_some(Reason::Surplus))
            .or_else(|| other_unit(container, unit))
            .or_else(|| one.is_ghost().then_some(Reason::Ghost))
            .or_else(|| old_health(container, now))
            .or_else(|| other_image(container, images))
    };
    present
        .iter()
        .filter_map(|one| {
            let container = &one.container;
            Some(Stale {
                id: container.id.clone(),
                name: container.name.clone(),
                service: list::service(&container.labels).unwrap_or_default().to_owned(),
                reason: reason(one)?,
            })
        })
        .collect()
}

fn orphan(container: &Container, services: Option<&BTreeSet<String>>) -> Option<Reason> {
    let service = list::service(&container.labels)?;
    (!services?.contains(service)).then_some(Reason::Orphan)
}

/// Those with the highest numbers, where a service has more containers than it is to have: podman-compose leaves them. One of
/// `podman-compose run` has the number of a container that is to be, and docker-compose need not begin at 1.
fn surplus<'a>(present: &'a [Present], replicas: &BTreeMap<String, usize>) -> BTreeSet<&'a str> {
    let mut own: BTreeMap<&str, Vec<&Container>> = BTreeMap::new();
    for container in present.iter().map(|one| &one.container) {
        own.entry(list::service(&container.labels).unwrap_or_default()).or_default().push(container);
    }
    let number = |one: &Container| one.label(NUMBER).parse().unwrap_or(0_usize);
    let mut surplus = BTreeSet::new();
    for (service, mut containers) in own {
        let Some(want) = replicas.get(service) else { continue };
        containers.sort_by_key(|one| number(one));
        let beyond = containers.into_iter().skip(*want).filter(|one| number(one) > *want);
        surplus.extend(beyond.map(|one| one.id.as_str()));
    }
    surplus
}

fn other_unit(container: &Container, unit: Option<&str>) -> Option<Reason> {
    let found = container.label(UNIT);
    (unit? != found).then(|| Reason::OtherUnit { found: found.to_owned() })
}

fn old_health(container: &Container, now: i64) -> Option<Reason> {
    let health = &container.health.as_ref()?.status;
    let check = container.healthcheck.as_ref()?;
    // During its start period a container may well be `starting`.
    let allowed = AGE + if health == "starting" { check.start_period } else { 0 };
    let is_old = container.started.is_some_and(|started| now - started > allowed);
    let is_bad = matches!(health.as_str(), "starting" | "unhealthy");
    (container.status == Status::Running && is_bad && is_old)
        .then(|| Reason::StaleHealth { health: health.clone() })
}

fn other_image(container: &Container, images: &BTreeMap<String, String>) -> Option<Reason> {
    let current = images.get(&container.image_name)?;
    (*current != container.image).then_some(Reason::OtherImage)
}

#[cfg(test)]
mod tests;
