//! An effective configuration that means the same in another folder and when it is read once more. Pure.

use std::path::{Component, Path};

use serde_json::Value;

/// Settings of a service whose value is a path, or a list of paths or of objects with a path.
const FILES: [&str; 2] = ["env_file", "label_file"];

/// Makes relative paths absolute. `again`: its variables are put in already and its dollars are plain, so that a reader
/// would take one for the beginning of a variable.
pub fn portable(config: &mut Value, folder: &Path, again: bool) {
    if again {
        escape(config);
    }
    for section in ["secrets", "configs"] {
        for (_, entry) in entries(config, section) {
            entry.get_mut("file").into_iter().for_each(|file| absolute(file, folder));
        }
    }
    for (_, service) in entries(config, "services") {
        let Some(service) = service.as_object_mut() else { continue };
        // What is there is on; without the option that switched it on it must stay so.
        service.remove("profiles");
        service.remove("extends");
        for key in FILES {
            service.get_mut(key).into_iter().for_each(|value| files(value, folder));
        }
        service.get_mut("build").into_iter().for_each(|build| context(build, folder));
        let volumes = service.get_mut("volumes").and_then(Value::as_array_mut);
        volumes.into_iter().flatten().for_each(|volume| source(volume, folder));
    }
}

fn entries<'a>(config: &'a mut Value, section: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    config.get_mut(section).and_then(Value::as_object_mut).into_iter().flatten()
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(entries) => entries.values_mut().for_each(escape),
        _ => {}
    }
}

fn absolute(value: &mut Value, folder: &Path) {
    if let Value::String(text) = value
        && !Path::new(text.as_str()).is_absolute()
        && !text.starts_with('~')
    {
        let path: std::path::PathBuf =
            folder.join(&text).components().filter(|part| *part != Component::CurDir).collect();
        *text = path.to_string_lossy().into_owned();
    }
}

fn files(value: &mut Value, folder: &Path) {
    match value {
        Value::String(_) => absolute(value, folder),
        Value::Array(items) => items.iter_mut().for_each(|item| files(item, folder)),
        Value::Object(entry) => entry.get_mut("path").into_iter().for_each(|path| absolute(path, folder)),
        _ => {}
    }
}

/// A context may be a repository, which is no path.
fn context(build: &mut Value, folder: &Path) {
    let context = if build.is_object() { build.get_mut("context") } else { Some(build) };
    let is_path = |text: &str| !text.contains("://") && !text.starts_with("git@");
    if let Some(context) = context.filter(|context| context.as_str().is_some_and(is_path)) {
        absolute(context, folder);
    }
}

/// The short form begins with a path only where that begins with a dot; else it is the name of a volume.
fn source(volume: &mut Value, folder: &Path) {
    match volume {
        Value::String(text) if text.starts_with('.') => {
            let (source, rest) = text.split_once(':').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let mut path = Value::String(source.to_owned());
            absolute(&mut path, folder);
            let path = path.as_str().unwrap_or_default();
            *text = rest.map_or_else(|| path.to_owned(), |rest| format!("{path}:{rest}"));
        }
        Value::Object(entry) if entry.get("type").and_then(Value::as_str) == Some("bind") => {
            entry.get_mut("source").into_iter().for_each(|source| absolute(source, folder));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_become_absolute_and_nothing_else_changes() {
        let mut config = json!({
            "services": {
                "a": {"env_file": ["./x.env", {"path": "y.env"}, "/abs"], "build": {"context": "."}, "profiles": ["p"],
                      "volumes": ["./d:/d:ro", "data:/data", "/x:/x", {"type": "bind", "source": "../e"},
                                  {"type": "volume", "source": "v"}]},
                "b": {"build": "https://example.org/x.git", "env_file": "z.env", "command": "./run"},
            },
            "secrets": {"s": {"file": "./s.txt"}, "t": {"external": true}},
        });
        portable(&mut config, Path::new("/srv/app"), false);
        assert_eq!(
            config,
            json!({
                "services": {
                    "a": {"env_file": ["/srv/app/x.env", {"path": "/srv/app/y.env"}, "/abs"],
                          "build": {"context": "/srv/app"},
                          "volumes": ["/srv/app/d:/d:ro", "data:/data", "/x:/x",
                                      {"type": "bind", "source": "/srv/app/../e"}, {"type": "volume", "source": "v"}]},
                    "b": {"build": "https://example.org/x.git", "env_file": "/srv/app/z.env", "command": "./run"},
                },
                "secrets": {"s": {"file": "/srv/app/s.txt"}, "t": {"external": true}},
            })
        );
    }

    #[test]
    fn a_dollar_stays_a_dollar() {
        let mut config = json!({"services": {"a": {"command": ["echo", "$HOME"]}}});
        portable(&mut config, Path::new("/"), true);
        assert_eq!(config["services"]["a"]["command"][1], "$$HOME");
    }
}
