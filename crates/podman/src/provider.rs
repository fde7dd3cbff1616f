//! The program that turns compose files into containers, chosen as `podman compose` chooses it (podman-compose(1)):
//! what `PODMAN_COMPOSE_PROVIDER` names, else docker-compose, else podman-compose. `compose_providers` of containers.conf
//! is not read.
//!
//! It is run directly, not through `podman compose`, which exists since podman 4.7 only and adds a process and a banner.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use oneshot::command::Command;
use oneshot::text::tail;
use oneshot::{Deadline, Exit, Root, refuse};

use crate::compose::{self, Config};
use crate::{Podman, program};

/// The variable that names one.
pub const VARIABLE: &str = "PODMAN_COMPOSE_PROVIDER";

/// Where docker-compose stands as a plugin of docker (containers.conf(5), `compose_providers`); `~` is the home.
const PLUGINS: [&str; 5] = [
    "~/.docker/cli-plugins/docker-compose",
    "/usr/local/lib/docker/cli-plugins/docker-compose",
    "/usr/local/libexec/docker/cli-plugins/docker-compose",
    "/usr/lib/docker/cli-plugins/docker-compose",
    "/usr/libexec/docker/cli-plugins/docker-compose",
];

/// How much of a provider's complaint goes into a message.
const TAIL: usize = 1024;

/// Which of the two, which differ in what they print and in how they reach podman.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Runs `podman`; its own process makes the containers, through the children that it starts.
    PodmanCompose,
    /// Talks to podman's Docker-compatible API.
    DockerCompose,
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Which one.
    pub kind: Kind,
    /// Its absolute path.
    pub program: PathBuf,
    /// `DOCKER_HOST` for docker-compose, unless the environment has one.
    docker_host: Option<OsString>,
}

/// The label that podman-compose alone gives to what it makes.
const OWN: &str = "io.podman.compose.project";

impl Kind {
    /// Which of the two made a container with these labels.
    #[must_use]
    pub fn of(labels: &BTreeMap<String, String>) -> Self {
        if labels.contains_key(OWN) { Self::PodmanCompose } else { Self::DockerCompose }
    }
}

/// What a project is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Compose files in the order in which they are merged; absolute.
    pub files: Vec<PathBuf>,
    /// Files with variables for the compose files, absolute.
    pub env_files: Vec<PathBuf>,
    /// Profiles that are on.
    pub profiles: Vec<String>,
}

impl Provider {
    /// Looks for one, or refuses with 69. `named`: a path or a name, instead of what the environment says.
    pub fn find(root: &Root, podman: &Podman, named: Option<&Path>) -> Result<Self> {
        let variable = std::env::var_os(VARIABLE).filter(|value| root.is_real() && !value.is_empty());
        if let Some(named) = named.map(Path::to_path_buf).or(variable.map(PathBuf::from)) {
            return Self::named(root, podman, &named);
        }
        let folders = podman.folders();
        // Without the API's socket docker-compose could do nothing.
        let host = docker_host(root);
        if host.is_some() || std::env::var_os("DOCKER_HOST").is_some() {
            let plugins = PLUGINS.iter().filter_map(|path| plugin(root, path)).find(|path| path.is_file());
            if let Some(program) = plugins.or_else(|| folders.find("docker-compose").ok()) {
                return Ok(Self::of(program, host));
            }
        }
        let program = folders.find("podman-compose").map_err(|_| {
            let text = format!(
                "no compose provider: podman-compose was not found in {folders}, nor docker-compose together with podman's \
                 socket (systemctl --user enable --now podman.socket)"
            );
            refuse(Exit::Unavailable, text)
        })?;
        Ok(Self::of(program, host))
    }

    fn named(root: &Root, podman: &Podman, named: &Path) -> Result<Self> {
        let program = if named.is_absolute() {
            let program = root.join(named);
            if !program.is_file() {
                let text = format!("the compose provider {} does not exist", program.display());
                return Err(refuse(Exit::Unavailable, text));
            }
            program
        } else {
            podman.folders().find(&named.to_string_lossy())?
        };
        Ok(Self::of(program, docker_host(root)))
    }

    fn of(program: PathBuf, host: Option<OsString>) -> Self {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_docker = name.contains("docker");
        let kind = if is_docker { Kind::DockerCompose } else { Kind::PodmanCompose };
        let is_set = std::env::var_os("DOCKER_HOST").is_some();
        Self { kind, program, docker_host: host.filter(|_| is_docker && !is_set) }
    }

    /// Its name, as it stands in messages.
    #[must_use]
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The options before the verb.
    #[must_use]
    pub fn options(&self, podman: &Podman, project: &Project) -> Vec<OsString> {
        let mut options: Vec<OsString> = Vec::new();
        if self.kind == Kind::PodmanCompose {
            options.extend(["--podman-path".into(), podman.program().into()]);
        }
        options.extend(["--project-name".into(), project.name.clone().into()]);
        for file in &project.files {
            options.extend(["--file".into(), file.into()]);
        }
        for file in &project.env_files {
            options.extend(["--env-file".into(), file.into()]);
        }
        for profile in &project.profiles {
            options.extend(["--profile".into(), profile.into()]);
        }
        options
    }

    /// The variables that it needs besides those of the caller.
    #[must_use]
    pub fn environment(&self, podman: &Podman) -> Vec<(OsString, OsString)> {
        let mut environment = vec![(OsString::from("PATH"), podman.path())];
        environment.extend(self.docker_host.clone().map(|host| (OsString::from("DOCKER_HOST"), host)));
        environment
    }

    /// The socket by which it reaches podman, which must be there. `None` for one that runs podman, and for another host.
    #[must_use]
    pub fn socket(&self, root: &Root) -> Option<PathBuf> {
        if self.kind == Kind::PodmanCompose {
            return None;
        }
        let own = std::env::var_os("DOCKER_HOST").filter(|host| root.is_real() && !host.is_empty());
        let Some(host) = own.or_else(|| self.docker_host.clone()) else { return api(root) };
        host.to_str().and_then(|host| host.strip_prefix("unix://")).map(PathBuf::from)
    }

    /// The effective configuration: its text, which is the same as long as nothing changes, and what it asks for. A
    /// configuration that the provider refuses is a refusal with 78.
    pub fn config(&self, podman: &Podman, project: &Project) -> Result<(String, Config)> {
        let mut command = Command::new(self.program.clone())
            .inherit()
            .deadline(Deadline::after(program::PATIENCE))
            .args(self.options(podman, project))
            .arg("config");
        if self.kind == Kind::DockerCompose {
            command = command.args(["--format", "json"]);
        }
        for (name, value) in self.environment(podman) {
            command = command.env(&name.to_string_lossy(), value);
        }
        let outcome = command.run()?;
        let name = self.name();
        if !outcome.status.success() {
            let words = outcome.words();
            if words.contains("invalid choice: 'config'") {
                let text = format!("this {name} has no \"config\"; podman-compose 1.0.6 and later have");
                return Err(refuse(Exit::Unavailable, text));
            }
            let words = complaint(&outcome.stderr);
            let text = format!("{name} refuses the configuration ({}): {words}", outcome.status);
            return Err(refuse(Exit::Config, text));
        }
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        match compose::parse(&text) {
            Ok(config) if config.services.is_empty() => {
                Err(refuse(Exit::Config, format!("project {} has no services", project.name)))
            }
            Ok(config) => Ok((text, config)),
            Err(error) => bail!("reading the configuration that {name} printed: {error:#}"),
        }
    }
}

/// What a provider complains of. podman-compose dies with a traceback of Python, of which only the end says why.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().collect();
    let trace = lines.iter().rposition(|line| line.starts_with("  File \"")).map_or(0, |last| last + 1);
    let end = lines.iter().skip(trace).skip_while(|line| trace > 0 && line.starts_with("    "));
    let end: Vec<&str> = end.copied().collect();
    tail(end.join("\n").as_bytes(), TAIL)
}

fn plugin(root: &Root, path: &str) -> Option<PathBuf> {
    match path.strip_prefix("~/") {
        None => Some(root.join(path)),
        // Root's `HOME` may be somebody else's: sudo can keep it.
        Some(rest) if root.is_real() && !nix::unistd::geteuid().is_root() => {
            std::env::var_os("HOME").map(|home| Path::new(&home).join(rest))
        }
        Some(_) => None,
    }
}

/// Where the socket of podman's API is: the user's, or that of the system for root.
fn api(root: &Root) -> Option<PathBuf> {
    let path = if nix::unistd::geteuid().is_root() {
        PathBuf::from("/run/podman/podman.sock")
    } else {
        PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?).join("podman/podman.sock")
    };
    Some(root.join(path))
}

/// That socket for `DOCKER_HOST`, if it is there.
fn docker_host(root: &Root) -> Option<OsString> {
    let path = api(root).filter(|path| path.exists())?;
    let mut host = OsString::from("unix://");
    host.push(path);
    Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_traceback_the_end_is_told() {
        let trace = "Traceback (most recent call last):\n  File \"/usr/bin/podman-compose\", line 33, in <module>\n    \
                     sys.exit(main())\n             ~~~~^^\n  File \"a.py\", line 2, in f\n    raise E\nyaml.E: while parsing\n  in \
                     \"c.yaml\", line 2\n";
        assert_eq!(complaint(trace.as_bytes()), "yaml.E: while parsing;   in \"c.yaml\", line 2");
        assert_eq!(complaint(b"no such service: x\n    detail\n"), "no such service: x;     detail");
        assert_eq!(complaint(b""), "");
    }
}
