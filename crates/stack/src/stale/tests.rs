//! Which containers must go.

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
           "com.docker.compose.service":"web","com.docker.compose.container-number":"1"}},"Healthcheck":{{"Test":["CMD","x"],"StartPeriod":60000000000}}}},
           "State":{{"Status":"running","StartedAt":"1970-01-01T00:00:00Z","Health":{{"Status":"{health}"}}}}}}]"#
    );
    podman::container::parse(text.as_bytes())?.pop().context("none")
}

static NO_IMAGES: BTreeMap<String, String> = BTreeMap::new();
static NO_REPLICAS: BTreeMap<String, usize> = BTreeMap::new();

/// Of which nothing is known.
static ANY: Wanted<'static> =
    Wanted { unit: None, services: None, replicas: &NO_REPLICAS, images: &NO_IMAGES };

fn reason(health: &str, unit: Option<&str>, now: i64) -> Result<Option<Reason>> {
    let wanted = Wanted { unit, ..ANY };
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
    let found = stale(&[one], ANY, 0);
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
        let wanted = Wanted { services: Some(&services), ..ANY };
        stale(&one, wanted, 0).first().map(|one| one.reason.clone())
    };
    assert_eq!(found(&["db", "web"]), None);
    assert_eq!(found(&["db"]), Some(Reason::Orphan));
    Ok(())
}

#[test]
fn of_too_many_the_highest_number_goes_and_a_one_off_does_not() -> Result<()> {
    let numbered = |id: &str, number: &str| -> Result<Present> {
        let mut one = present("healthy")?;
        id.clone_into(&mut one.container.id);
        one.container.labels.insert(NUMBER.to_owned(), number.to_owned());
        Ok(one)
    };
    let found = |present: &[Present], want: usize| -> Vec<String> {
        let replicas = BTreeMap::from([("web".to_owned(), want)]);
        let found = stale(present, Wanted { replicas: &replicas, ..ANY }, 0);
        assert!(found.iter().all(|one| one.reason == Reason::Surplus), "{found:?}");
        found.into_iter().map(|one| one.id).collect()
    };
    let three = [numbered("c", "3")?, numbered("a", "1")?, numbered("b", "2")?];
    assert_eq!(found(&three, 1), ["c", "b"]);
    assert!(found(&three, 3).is_empty() && found(&three, 4).is_empty());
    assert!(found(&[numbered("b", "2")?], 1).is_empty(), "it is the only one");
    assert!(found(&[numbered("a", "1")?, numbered("run", "1")?], 1).is_empty());
    assert_eq!(found(&[numbered("a", "1")?], 0), ["a"]);
    Ok(())
}

#[test]
fn an_image_that_moved_on_is_stale_where_it_was_asked() -> Result<()> {
    let images = |id: &str| BTreeMap::from([("localhost/a:1".to_owned(), id.to_owned())]);
    let one = [present("healthy")?];
    let found = |images: &BTreeMap<String, String>| {
        stale(&one, Wanted { images, ..ANY }, 0).first().map(|one| one.reason.clone())
    };
    assert_eq!(found(&images("old")), None);
    assert_eq!(found(&images("new")), Some(Reason::OtherImage));
    Ok(())
}
