//! Which containers must go before the provider is asked, because it would leave them as they are. Pure.

use std::collections::{BTreeMap, BTreeSet};

use podman::{Container, Status, list};

use crate::sight::Sight;

/// The label by which `podman auto-update` finds the unit to restart (podman-auto-update(1)).
pub const UNIT: &str = "PODMAN_SYSTEMD_UNIT";

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
    /// Its image has a newer version here.
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
    /// What the name of an image stands for now, where that was asked.
    pub images: &'a BTreeMap<String, String>,
}

/// Those of a project's containers that must go.
#[must_use]
pub fn stale(present: &[Present], wanted: Wanted<'_>, now: i64) -> Vec<Stale> {
    let Wanted { unit, services, images } = wanted;
    let reason = |one: &Present| {
        let container = &one.container;
        orphan(container, services)
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
mod tests {
    use super::*;
    use anyhow::{Context as _, Result};

    const SECOND: i64 = 1_000_000;

    fn present(health: &str) -> Result<Present> {
        let container = container(health)?;
        let sight = Sight::new(&container, Some(true), Some(true));
        Ok(Present { container, sight })
    }

    fn container(health: &str) -> Result<Container> {
        let text = format!(
            r#"[{{"Id":"x","Name":"web_1","Image":"old","ImageName":"localhost/a:1","Config":{{"Labels":{{"PODMAN_SYSTEMD_UNIT":"a.service",
               "com.docker.compose.service":"web"}},"Healthcheck":{{"Test":["CMD","x"],"StartPeriod":60000000000}}}},
               "State":{{"Status":"running","StartedAt":"1970-01-01T00:00:00Z","Health":{{"Status":"{health}"}}}}}}]"#
        );
        podman::container::parse(text.as_bytes())?.pop().context("none")
    }

    fn reason(health: &str, unit: Option<&str>, now: i64) -> Result<Option<Reason>> {
        let wanted = Wanted { unit, services: None, images: &BTreeMap::new() };
        let found = stale(&[present(health)?], wanted, now);
        Ok(found.into_iter().map(|one| one.reason).next())
    }

    #[test]
    fn only_an_old_bad_health_is_stale() -> Result<()> {
        let stale = |health: &str| Some(Reason::StaleHealth { health: health.to_owned() });
        assert_eq!(reason("healthy", None, 1000 * SECOND)?, None);
        assert_eq!(reason("unhealthy", None, 80 * SECOND)?, None);
        assert_eq!(reason("unhealthy", None, 91 * SECOND)?, stale("unhealthy"));
        assert_eq!(reason("starting", None, 91 * SECOND)?, None, "its start period is longer");
        assert_eq!(reason("starting", None, 151 * SECOND)?, stale("starting"));
        Ok(())
    }

    #[test]
    fn one_without_its_watcher_is_stale() -> Result<()> {
        let mut one = present("healthy")?;
        one.sight.is_watched = Some(false);
        let wanted = Wanted { unit: None, services: None, images: &BTreeMap::new() };
        let found = stale(&[one], wanted, 0);
        assert_eq!(found.first().map(|one| &one.reason), Some(&Reason::Ghost));
        Ok(())
    }

    #[test]
    fn another_unit_is_one_where_the_own_is_known() -> Result<()> {
        assert_eq!(reason("healthy", Some("a.service"), 0)?, None);
        let other = Some(Reason::OtherUnit { found: "a.service".to_owned() });
        assert_eq!(reason("healthy", Some("b.service"), 0)?, other);
        Ok(())
    }

    #[test]
    fn one_whose_service_is_in_no_file_is_an_orphan() -> Result<()> {
        let one = [present("healthy")?];
        let found = |names: &[&str]| {
            let services = names.iter().map(|name| (*name).to_owned()).collect();
            let wanted = Wanted { unit: None, services: Some(&services), images: &BTreeMap::new() };
            stale(&one, wanted, 0).first().map(|one| one.reason.clone())
        };
        assert_eq!(found(&["db", "web"]), None);
        assert_eq!(found(&["db"]), Some(Reason::Orphan));
        Ok(())
    }

    #[test]
    fn an_image_that_moved_on_is_stale_where_it_was_asked() -> Result<()> {
        let images = |id: &str| BTreeMap::from([("localhost/a:1".to_owned(), id.to_owned())]);
        let one = [present("healthy")?];
        let found = |images: &BTreeMap<String, String>| {
            let wanted = Wanted { unit: None, services: None, images };
            stale(&one, wanted, 0).first().map(|one| one.reason.clone())
        };
        assert_eq!(found(&images("old")), None);
        assert_eq!(found(&images("new")), Some(Reason::OtherImage));
        Ok(())
    }
}
