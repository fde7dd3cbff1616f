use std::collections::BTreeMap;
use std::error::Error;

use podman::Container;
use podman::provider::Kind;
use stack::judge::Expected;
use stack::sight::Sight;
use stack::stale::{Present, Reason};

use super::*;

type Outcome = Result<(), Box<dyn Error>>;

/// A container of service `web` or `init`, as podman tells of it.
fn container(service: &str, state: &str) -> Result<Container, Box<dyn Error>> {
    let text = format!(
        r#"[{{"Id":"{service}1","Name":"p_{service}_1","Image":"i","ImageName":"a:1","Config":{{"Labels":{{"PODMAN_SYSTEMD_UNIT":"p.service",
           "com.docker.compose.service":"{service}"}}}},"State":{state}}}]"#
    );
    Ok(podman::container::parse(text.as_bytes())?.pop().ok_or("none")?)
}

fn present(service: &str, state: &str) -> Result<Present, Box<dyn Error>> {
    let container = container(service, state)?;
    Ok(Present { sight: Sight::new(&container, Some(true), Some(true)), container })
}

const UP: &str = r#"{"Status":"running","StartedAt":"2026-11-20T08:00:00Z"}"#;
const DONE: &str = r#"{"Status":"exited","ExitCode":0,"StartedAt":"2026-11-20T08:00:00Z"}"#;

/// An init container that has ended and a service that runs, as last verified.
fn good() -> Result<Facts, Box<dyn Error>> {
    let expected =
        |service: &str, ends| Expected { service: service.to_owned(), replicas: 1, ends, optional: false };
    Ok(Facts {
        expected: vec![expected("init", true), expected("web", false)],
        present: vec![present("init", DONE)?, present("web", UP)?],
        unit: Some("p.service".to_owned()),
        services: None,
        replicas: BTreeMap::new(),
        kind: Kind::DockerCompose,
        images: BTreeMap::new(),
        is_as_verified: true,
        now: 0,
        project: "p".to_owned(),
        provider: "docker-compose".to_owned(),
    })
}

fn kinds(facts: &Facts) -> Vec<&'static str> {
    decide(facts).iter().map(Step::kind).collect()
}

#[test]
fn what_was_verified_and_is_still_good_is_left_alone() -> Outcome {
    assert!(decide(&good()?).is_empty());
    Ok(())
}

#[test]
fn anything_else_is_applied() -> Outcome {
    let good = good()?;
    assert_eq!(kinds(&Facts { is_as_verified: false, ..good.clone() }), ["apply"]);
    let lost = Facts { present: vec![present("web", UP)?], ..good.clone() };
    assert_eq!(kinds(&lost), ["apply"]);
    let ended = Facts { present: vec![present("init", DONE)?, present("web", DONE)?], ..good.clone() };
    assert_eq!(kinds(&ended), ["apply"]);
    let orphan = Facts { expected: good.expected.iter().skip(1).cloned().collect(), ..good };
    assert_eq!(kinds(&orphan), ["apply"]);
    Ok(())
}

#[test]
fn what_the_other_provider_made_is_not_its_own() -> Outcome {
    let good = good()?;
    assert!(foreign(&good).is_empty());
    assert_eq!(foreign(&Facts { kind: Kind::PodmanCompose, ..good }), ["p_init_1", "p_web_1"]);
    Ok(())
}

#[test]
fn what_the_provider_would_leave_is_removed_first() -> Outcome {
    let facts = Facts { unit: Some("other.service".to_owned()), ..good()? };
    assert_eq!(kinds(&facts), ["remove-container", "remove-container", "apply"]);
    let mut facts = good()?;
    facts.present[1].sight.is_watched = Some(false);
    assert_eq!(kinds(&facts), ["remove-container", "apply"]);
    assert!(matches!(&decide(&facts)[0], Step::Remove(stale) if stale.reason == Reason::Ghost));
    Ok(())
}

#[test]
fn changes_are_told_by_what_became_of_each_container() -> Outcome {
    let before = good()?;
    let same: Vec<Container> = before.present.iter().map(|one| one.container.clone()).collect();
    assert!(changes(&before, &same).is_empty());
    let mut other = same.clone();
    other[0].started = Some(1);
    other[1].id = "new".to_owned();
    assert_eq!(changes(&before, &other), ["p_init_1 started", "p_web_1 created"]);
    assert_eq!(changes(&before, &same[..1]), ["p_web_1 removed"]);
    Ok(())
}
