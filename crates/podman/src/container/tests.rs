use super::*;

/// Ten containers of podman 5.4.2 and two of 5.8.6, cut down to what is read here.
const TRIXIE: &[u8] = include_bytes!("../fixtures/inspect-5.4.2.json");
const FORKY: &[u8] = include_bytes!("../fixtures/inspect-5.8.6.json");
const BOOKWORM: &[u8] = include_bytes!("../fixtures/inspect-4.3.1.json");

fn told(output: &[u8]) -> Result<Vec<(String, String, String)>> {
    let health = |container: &Container| {
        container.health.as_ref().map_or("-", |health| health.status.as_str()).to_owned()
    };
    Ok(parse(output)?.iter().map(|one| (one.name.clone(), one.status.to_string(), health(one))).collect())
}

fn one(output: &[u8], name: &str) -> Result<Container> {
    parse(output)?.into_iter().find(|one| one.name == name).context("no such container")
}

#[test]
fn states_and_health_of_every_release_are_read() -> Result<()> {
    let row =
        |name: &str, status: &str, health: &str| (name.to_owned(), status.to_owned(), health.to_owned());
    assert_eq!(
        told(TRIXIE)?,
        [
            row("created", "created", "-"),
            row("exit3", "exited", "-"),
            row("hconfail", "exited", "unhealthy"),
            row("healthy", "running", "healthy"),
            row("killed", "exited", "-"),
            row("nohc", "running", "-"),
            row("paused", "paused", "-"),
            row("restarter", "exited", "-"),
            row("sick", "running", "unhealthy"),
            row("sleepstop", "exited", "-"),
            row("starting", "running", "starting"),
            row("stopped", "exited", "-"),
        ]
    );
    assert_eq!(told(FORKY)?, [row("healthy", "running", "healthy"), row("nohc", "running", "-")]);
    assert_eq!(told(BOOKWORM)?, [row("healthy", "running", "healthy"), row("nohc", "running", "-")]);
    Ok(())
}

#[test]
fn no_health_check_is_none_whatever_podman_says_of_it() -> Result<()> {
    for (output, name) in [(TRIXIE, "nohc"), (FORKY, "nohc"), (BOOKWORM, "nohc")] {
        assert_eq!(one(output, name)?.healthcheck, None, "{name}");
    }
    let interval = one(TRIXIE, "healthy")?.healthcheck.map(|check| (check.interval, check.timeout));
    assert_eq!(interval, Some((2_000_000, 2_000_000)));
    Ok(())
}

#[test]
fn what_a_check_said_and_how_a_container_ended_is_told() -> Result<()> {
    let sick = one(TRIXIE, "sick")?;
    let health = sick.health.context("no health")?;
    assert_eq!((health.streak, health.last_exit, health.last_output.as_str()), (5, Some(1), "out\nerr\n"));
    assert!(sick.pid.is_some() && sick.conmon.is_some() && sick.started.is_some());
    assert!(
        sick.run_folder.is_some_and(|folder| folder.ends_with(format!("overlay-containers/{}", sick.id)))
    );
    let ended = one(TRIXIE, "exit3")?;
    assert_eq!((ended.exit_code, ended.pid, ended.conmon), (3, None, None));
    let restarter = one(TRIXIE, "restarter")?;
    assert_eq!(restarter.restarts, 2);
    assert_eq!(one(TRIXIE, "created")?.started, None);
    Ok(())
}

#[test]
fn what_is_missing_null_or_of_another_type_does_not_break() -> Result<()> {
    let containers = parse(
        br#"[{}, null, 7, {"Id":"x","State":null,"Config":{"Labels":null,"Healthcheck":{"Test":7}}},
             {"Id":"y","Name":"/api","State":{"Status":"hibernating","Pid":99999999999,"Health":{"Status":"","Log":null}}},
             {"Id":"z","State":{"Status":"running","Healthcheck":{"Status":"starting","Log":[]}}}]"#,
    )?;
    let states: Vec<_> = containers.iter().map(|one| one.status.to_string()).collect();
    assert_eq!(states, ["unknown", "unknown", "unknown", "unknown", "hibernating", "running"]);
    assert_eq!((containers[4].name.as_str(), containers[4].pid, &containers[4].health), ("api", None, &None));
    assert_eq!(containers[5].health.as_ref().map(|health| health.status.as_str()), Some("starting"));
    assert!(parse(b"").is_err() && parse(b"{}").is_err());
    Ok(())
}
