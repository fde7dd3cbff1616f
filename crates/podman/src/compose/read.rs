//! Reading it: YAML from podman-compose, JSON from docker compose.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Number, Value};

use super::{Config, Service};

/// A document nested deeper than this is no compose configuration; reading it must not exhaust the stack.
const DEEPEST: usize = 64;

/// The configuration in the output of a provider's `config`, in either form: JSON is YAML, but is told apart for speed and
/// for its better errors.
pub fn parse(text: &str) -> Result<Config> {
    config(&document(text)?)
}

/// The whole of it as a value, with what is not read here.
pub fn document(text: &str) -> Result<Value> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).context("reading it as JSON")
    } else {
        yaml(text).context("reading it as YAML")
    }
}

/// The names of the services in a compose file as it was written, whatever their profiles. An error for one that takes
/// services from other files too (compose-spec, "include").
pub fn services(text: &str) -> Result<BTreeSet<String>> {
    let document = document(text)?;
    if document.get("include").is_some() {
        bail!("it includes other files");
    }
    let services = document.get("services").and_then(Value::as_object);
    Ok(services.into_iter().flat_map(|services| services.keys().cloned()).collect())
}

fn yaml(text: &str) -> Result<Value> {
    let documents = Yaml::load_from_str(text)?;
    match documents.as_slice() {
        [document] => value(document, 0),
        [] => bail!("it is empty"),
        _ => bail!("it has more than one document"),
    }
}

fn value(yaml: &Yaml<'_>, depth: usize) -> Result<Value> {
    if depth > DEEPEST {
        bail!("it is nested deeper than {DEEPEST} levels");
    }
    Ok(match yaml {
        Yaml::Value(scalar) => self::scalar(scalar),
        Yaml::Sequence(items) => {
            Value::Array(items.iter().map(|item| value(item, depth + 1)).collect::<Result<_>>()?)
        }
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (name, entry) in entries {
                map.insert(key(name)?, value(entry, depth + 1)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(_, inner) => value(inner, depth + 1)?,
        Yaml::Representation(text, _, _) => Value::String(text.to_string()),
        Yaml::Alias(_) | Yaml::BadValue => bail!("a part of it has no value"),
    })
}

fn scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::Bool(*flag),
        Scalar::Integer(number) => Value::Number(Number::from(*number)),
        Scalar::FloatingPoint(number) => Number::from_f64(**number).map_or(Value::Null, Value::Number),
        Scalar::String(text) => Value::String(text.to_string()),
    }
}

/// A key is a name even where it reads as a number or a truth value.
fn key(yaml: &Yaml<'_>) -> Result<String> {
    match yaml {
        Yaml::Value(Scalar::String(text)) | Yaml::Representation(text, _, _) => Ok(text.to_string()),
        Yaml::Value(other) => Ok(word(&self::scalar(other))),
        _ => bail!("a key is no name"),
    }
}

/// The text of a scalar.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn config(value: &Value) -> Result<Config> {
    let Some(services) = value.get("services").and_then(Value::as_object) else {
        bail!("it has no services");
    };
    let services = services.iter().map(|(name, value)| (name.clone(), service(value))).collect();
    Ok(Config { services, secrets: files(value, "secrets"), configs: files(value, "configs") })
}

/// Top-level secrets or configs that come from a file.
fn files(value: &Value, section: &str) -> BTreeMap<String, PathBuf> {
    let entries = value.get(section).and_then(Value::as_object);
    entries
        .into_iter()
        .flatten()
        .filter_map(|(name, entry)| Some((name.clone(), PathBuf::from(entry.get("file")?.as_str()?))))
        .collect()
}

fn service(value: &Value) -> Service {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Service {
        image: text("image"),
        is_local: value.get("build").is_some_and(|build| !build.is_null())
            || matches!(value.get("pull_policy").and_then(Value::as_str), Some("never" | "build")),
        replicas: replicas(value),
        depends_on: depends_on(value.get("depends_on")),
        env_files: env_files(value.get("env_file")),
        secrets: sources(value.get("secrets")),
        configs: sources(value.get("configs")),
    }
}

fn replicas(value: &Value) -> u32 {
    let asked = value.get("scale").or_else(|| value.pointer("/deploy/replicas"));
    // A number may have come out of a variable as a string.
    asked.and_then(|number| word(number).parse().ok()).unwrap_or(1)
}

fn depends_on(value: Option<&Value>) -> BTreeMap<String, String> {
    let started = || "service_started".to_owned();
    match value {
        Some(Value::Array(names)) => names.iter().map(|name| (word(name), started())).collect(),
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, entry)| {
                let condition = entry.get("condition").and_then(Value::as_str).map(str::to_owned);
                (name.clone(), condition.unwrap_or_else(started))
            })
            .collect(),
        Some(Value::String(name)) => BTreeMap::from([(name.clone(), started())]),
        _ => BTreeMap::new(),
    }
}

fn env_files(value: Option<&Value>) -> Vec<PathBuf> {
    let entries = match value {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(entry @ (Value::String(_) | Value::Object(_))) => std::slice::from_ref(entry),
        _ => &[],
    };
    let required = |entry: &&Value| entry.get("required").and_then(Value::as_bool) != Some(false);
    let path = |entry: &Value| match entry {
        Value::String(path) => Some(PathBuf::from(path)),
        other => other.get("path").and_then(Value::as_str).map(PathBuf::from),
    };
    entries.iter().filter(required).filter_map(path).collect()
}

/// Short form: the name; long form: `source`.
fn sources(value: Option<&Value>) -> BTreeSet<String> {
    let entries = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .filter_map(|entry| entry.as_str().or_else(|| entry.get("source")?.as_str()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As podman-compose 1.3.0 and 1.6.0 print it (both the same).
    const PODMAN_COMPOSE: &str = include_str!("../fixtures/config-podman-compose.yaml");
    /// As docker compose v2 prints the same project with `--format json`.
    const DOCKER_COMPOSE: &str = r#"{"name":"s1","services":{
        "init":{"image":"localhost/bb:1","command":["/bin/true"],"depends_on":null},
        "side":{"container_name":"sidecar","image":"localhost/bb:1","env_file":[{"path":"/s1/nothere.env","required":false}]},
        "web":{"image":"localhost/bb:1","deploy":{"replicas":2},"env_file":[{"path":"/s1/web.env"}],
               "depends_on":{"init":{"condition":"service_completed_successfully","required":true}},
               "secrets":[{"source":"s","target":"/run/secrets/s"}]}},
        "secrets":{"s":{"name":"s1_s","file":"/s1/s.txt"}}}"#;

    #[test]
    fn both_providers_ask_for_the_same() -> Result<()> {
        for text in [PODMAN_COMPOSE, DOCKER_COMPOSE] {
            let config = parse(text)?;
            let names: Vec<_> =
                config.services.iter().map(|(name, one)| (name.as_str(), one.replicas)).collect();
            assert_eq!(names, [("init", 1), ("side", 1), ("web", 2)]);
            assert_eq!(config.to_complete(), BTreeSet::from(["init"]));
            assert!(config.services["web"].env_files[0].ends_with("web.env"));
            assert!(config.services["side"].env_files.is_empty(), "it is not required");
            assert!(config.services["web"].secrets.contains("s") && config.secrets["s"].ends_with("s.txt"));
        }
        Ok(())
    }

    #[test]
    fn other_forms_of_the_same_settings_are_read() -> Result<()> {
        let config = parse(
            "services:\n  a: &a\n    depends_on: [b, c]\n    env_file: one.env\n    scale: '3'\n  b: *a\n  c:\n    \
             depends_on:\n      b: {}\n    deploy: {replicas: 0}\n  true: {}\n  7:\n",
        )?;
        assert_eq!(config.services["a"], config.services["b"]);
        assert_eq!((config.services["a"].replicas, config.services["c"].replicas), (3, 0));
        assert_eq!(config.services["c"].depends_on["b"], "service_started");
        assert!(config.services.contains_key("true") && config.services.contains_key("7"));
        Ok(())
    }

    #[test]
    fn only_what_a_registry_may_have_is_pulled() -> Result<()> {
        let config = parse(
            "services:\n  a: {image: 'example.org/a:1'}\n  b: {image: 'example.org/b', build: .}\n  c: {image: 'localhost/c'}\n  \
             d: {image: 'example.org/d', pull_policy: never}\n  e: {image: 'localhost:5000/e', pull_policy: always}\n  f: {build: .}\n  \
             g: {image: 'example.org/a:1', build: null}\n  h: {image: 'example.org/h', scale: 0}\n",
        )?;
        assert_eq!(config.to_pull(), BTreeSet::from(["example.org/a:1", "localhost:5000/e"]));
        Ok(())
    }

    #[test]
    fn what_is_no_configuration_is_an_error() {
        let deep = "[".repeat(5000);
        for text in ["", "services: []", "a: b", "- x", "services: {a: [", "{", &deep, "a: 1\n---\nb: 2\n"] {
            assert!(parse(text).is_err(), "{text:.40}");
        }
    }
}
