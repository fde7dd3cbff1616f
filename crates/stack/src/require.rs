//! What must be there before anything is changed (AF13, AF14).

use std::path::{Path, PathBuf};

use oneshot::Root;
use oneshot::command::Folders;
use podman::Provider;
use podman::compose::Config;
use podman::provider::Project;
use user_session::bus::{self, Answer};
use user_session::directory;

/// What is missing or not in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A compose file.
    ComposeFile(PathBuf),
    /// A file with variables; of a service, or of the whole project.
    EnvFile(PathBuf, Option<String>),
    /// The file of a secret.
    Secret(PathBuf, String),
    /// The file of a config.
    ConfigFile(PathBuf, String),
    /// The runtime directory, and what is wrong with it.
    RuntimeDirectory(PathBuf, String),
    /// The bus or the manager of the user, and what is wrong with it.
    Bus(PathBuf, String),
    /// The socket of podman's API, and what is wrong with it.
    Api(PathBuf, String),
    /// A program that podman needs.
    Helper(&'static str),
}

/// Files that the caller names.
#[must_use]
pub fn files(project: &Project) -> Vec<Lack> {
    let missing = |path: &&PathBuf| !path.is_file();
    let compose = project.files.iter().filter(missing).cloned().map(Lack::ComposeFile);
    let variables = project.env_files.iter().filter(missing).map(|path| Lack::EnvFile(path.clone(), None));
    compose.chain(variables).collect()
}

/// Files that the configuration names. `folder`: where a relative path begins.
#[must_use]
pub fn named(config: &Config, folder: &Path) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let missing = |path: &Path| {
        let path: PathBuf = folder.join(path).components().collect();
        (!path.exists()).then_some(path)
    };
    for (name, service) in &config.services {
        let files = service.env_files.iter().filter_map(|path| missing(path));
        lacks.extend(files.map(|path| Lack::EnvFile(path, Some(name.clone()))));
        let secrets = service.secrets.iter().filter_map(|secret| Some((secret, config.secrets.get(secret)?)));
        for (secret, path) in secrets {
            lacks.extend(missing(path).map(|path| Lack::Secret(path, secret.clone())));
        }
        let configs = service.configs.iter().filter_map(|one| Some((one, config.configs.get(one)?)));
        for (one, path) in configs {
            lacks.extend(missing(path).map(|path| Lack::ConfigFile(path, one.clone())));
        }
    }
    // Two services may use one file.
    let mut kept: Vec<Lack> = Vec::new();
    for lack in lacks {
        if !kept.contains(&lack) {
            kept.push(lack);
        }
    }
    kept
}

/// What podman needs of the host to run containers for this user, and to check their health.
#[must_use]
pub fn platform(root: &Root, folders: &Folders, uid: u32) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let helpers: &[&'static str] =
        if uid == 0 { &["systemd-run"] } else { &["systemd-run", "newuidmap", "newgidmap"] };
    lacks.extend(helpers.iter().filter(|name| folders.find(name).is_err()).map(|name| Lack::Helper(name)));
    if uid != 0 && root.is_real() {
        lacks.extend(session(uid));
    }
    lacks
}

/// podman takes the runtime directory from the environment, and makes timers and scopes through the manager behind it.
fn session(uid: u32) -> Option<Lack> {
    use std::os::unix::fs::MetadataExt as _;
    let Some(path) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) else {
        let wrong = "XDG_RUNTIME_DIR is not set".to_owned();
        return Some(Lack::RuntimeDirectory(directory::path(uid).into(), wrong));
    };
    let wrong = match path.metadata() {
        Err(error) => Some(error.to_string()),
        Ok(about) if !about.is_dir() => Some("it is no directory".to_owned()),
        Ok(about) if about.uid() != uid => Some(format!("it belongs to uid {}", about.uid())),
        Ok(about) if about.mode() & 0o077 != 0 => {
            Some(format!("its mode is {:04o} instead of 0700", about.mode() & 0o7777))
        }
        Ok(_) => None,
    };
    if let Some(wrong) = wrong {
        return Some(Lack::RuntimeDirectory(path, wrong));
    }
    let [bus, private] = [bus::BUS, bus::PRIVATE].map(|socket| bus::ask(&path.join(socket)));
    if private.listens() {
        return None;
    }
    Some(Lack::Bus(path.join(bus::BUS), silence(bus)?))
}

/// Why nobody is to be reached at a socket; `None` where somebody is.
fn silence(answer: Answer) -> Option<String> {
    match answer {
        Answer::Listens { .. } => None,
        Answer::Refuses => Some("nobody listens there".to_owned()),
        Answer::Missing => Some("it is not there".to_owned()),
        Answer::Fails(error) => Some(error.to_string()),
    }
}

/// What the provider needs to reach podman. Asking starts podman's service where a socket unit waits, as the provider
/// itself would.
#[must_use]
pub fn api(root: &Root, provider: &Provider) -> Vec<Lack> {
    let path = provider.socket(root).into_iter();
    path.filter_map(|path| Some((silence(bus::ask(&path))?, path)))
        .map(|(wrong, path)| Lack::Api(path, wrong))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_file_is_named_once() -> anyhow::Result<()> {
        let tree = tempfile::tempdir()?;
        std::fs::write(tree.path().join("there.env"), "")?;
        let config = podman::compose::parse(
            "services:\n  a:\n    env_file: [there.env, not.env]\n    secrets: [s]\n  b:\n    secrets: [s, outside]\n    configs: \
             [{source: c}]\nsecrets:\n  s: {file: ./s.txt}\n  outside: {external: true}\nconfigs:\n  c: {file: c.txt}\n",
        )?;
        let at = |name: &str| tree.path().join(name);
        let wanted = vec![
            Lack::EnvFile(at("not.env"), Some("a".to_owned())),
            Lack::Secret(at("s.txt"), "s".to_owned()),
            Lack::ConfigFile(at("c.txt"), "c".to_owned()),
        ];
        assert_eq!(named(&config, tree.path()), wanted);
        let project = Project {
            files: vec![at("compose.yaml")],
            env_files: vec![at("there.env")],
            ..Project::default()
        };
        assert_eq!(files(&project), [Lack::ComposeFile(at("compose.yaml"))]);
        Ok(())
    }
}
