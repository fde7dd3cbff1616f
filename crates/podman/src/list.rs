//! Which containers there are, from one `podman ps`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use oneshot::Deadline;
use serde_json::Value;

use crate::Podman;
use crate::json::{flag, map, text, texts};

/// Labels of both providers; an old podman-compose sets only its own.
const PROJECT: [&str; 2] = ["com.docker.compose.project", "io.podman.compose.project"];
const SERVICE: [&str; 2] = ["com.docker.compose.service", "io.podman.compose.service"];
/// Set by `docker compose run`: such a container is no part of the project's state.
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// 64 hexadecimal digits.
    pub id: String,
    /// The first of its names.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it only holds the namespaces of a pod.
    pub is_infra: bool,
    /// Id of the pod that it is in, empty where it is in none.
    pub pod: String,
    /// Whether it runs, as far as podman knows.
    pub is_running: bool,
    /// Id of the image that it was made from.
    pub image: String,
}

/// Every container of this user, running or not. All in one call and sorted out here: podman takes several filters of one
/// kind as "and", so that two labels would need two calls.
pub fn all(podman: &Podman, deadline: Deadline) -> Result<Vec<Listed>> {
    let command = podman.command().args(["ps", "--all", "--no-trunc", "--format", "json"]).deadline(deadline);
    let outcome = command.run()?;
    if !outcome.status.success() {
        bail!("podman ps ended with {}: {}", outcome.status, outcome.words());
    }
    parse(&outcome.stdout).context("reading what podman ps said")
}

/// The rows of an output of `podman ps --format json`.
pub fn parse(output: &[u8]) -> Result<Vec<Listed>> {
    let value: Value = serde_json::from_slice(output)?;
    match value {
        // Some releases print it where there is no container.
        Value::Null => Ok(Vec::new()),
        Value::Array(rows) => Ok(rows.iter().map(row).collect()),
        _ => bail!("it is no list"),
    }
}

fn row(value: &Value) -> Listed {
    Listed {
        id: text(value, "/Id"),
        name: texts(value, "/Names").into_iter().next().unwrap_or_default(),
        labels: map(value, "/Labels"),
        is_infra: flag(value, "/IsInfra"),
        pod: text(value, "/Pod"),
        is_running: text(value, "/State") == "running",
        image: text(value, "/ImageID"),
    }
}

impl Listed {
    /// The compose project that it belongs to.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        PROJECT.iter().find_map(|label| self.labels.get(*label)).map(String::as_str)
    }

    /// Whether it is part of the state of a compose project.
    #[must_use]
    pub fn is_of_project(&self, project: &str) -> bool {
        let is_one_off = self.labels.get(ONE_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let named = PROJECT.iter().filter_map(|label| self.labels.get(*label)).any(|name| name == project);
        named && !is_one_off && !self.is_infra
    }

    /// The compose service that it runs.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        service(&self.labels)
    }
}

/// The compose service that these labels name.
#[must_use]
pub fn service(labels: &BTreeMap<String, String>) -> Option<&str> {
    SERVICE.iter().find_map(|label| labels.get(*label)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_labels_count_and_a_one_off_does_not() -> Result<()> {
        let rows = parse(
            br#"[{"Id":"1","Names":["a_1"],"Labels":{"com.docker.compose.project":"a","com.docker.compose.service":"x"}},
                 {"Id":"2","Names":["a_2"],"Labels":{"io.podman.compose.project":"a","io.podman.compose.service":"y"},"New":[]},
                 {"Id":"3","Names":[],"Labels":{"com.docker.compose.project":"a","com.docker.compose.oneoff":"True"}},
                 {"Id":"4","Names":null,"Labels":null},
                 {"Id":"5","Names":["p-infra"],"Labels":{"io.podman.compose.project":"a"},"IsInfra":true}]"#,
        )?;
        let of: Vec<_> = rows
            .iter()
            .filter(|row| row.is_of_project("a"))
            .map(|row| (row.name.as_str(), row.service()))
            .collect();
        assert_eq!(of, [("a_1", Some("x")), ("a_2", Some("y"))]);
        assert!(parse(b"null")?.is_empty() && parse(b"[]")?.is_empty());
        assert!(parse(b"{}").is_err() && parse(b"").is_err());
        Ok(())
    }

    #[test]
    fn rows_of_a_real_podman_are_read() -> Result<()> {
        let rows = parse(include_bytes!("fixtures/ps-5.4.2.json"))?;
        assert!(rows.iter().all(|row| row.id.len() == 64 && !row.name.is_empty()));
        assert!(rows.iter().any(|row| row.is_of_project("demo")));
        Ok(())
    }
}
