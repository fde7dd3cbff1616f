//! A compose project of a machine's user: its files, its unit, and what makes its services fail.

use anyhow::{Result, anyhow};

use crate::podman::{Container, IMAGE, Podman};

/// A project in `~/NAME`, with the folder `~/NAME/state` at `/state` of its services. Dropping it removes its containers,
/// whose health checks would keep a small machine busy.
#[derive(Debug)]
pub struct Project<'a> {
    /// Where it is.
    pub podman: &'a Podman,
    /// Its name, and its folder's.
    pub name: String,
}

/// The text of a service, which runs `service NAME` with a health check every second; `more` is YAML of its own, each
/// line at the depth of `image:`.
pub fn service(name: &str, more: &str) -> String {
    let check = format!("healthcheck: {{test: [CMD, healthy, {name}], interval: 1s, retries: 1}}\n");
    unchecked(name, &format!("{check}{more}"))
}

/// The same without a health check.
pub fn unchecked(name: &str, more: &str) -> String {
    plain(name, &format!("command: [service, {name}]\n{more}"))
}

/// A service that ends by itself with a code.
pub fn once(name: &str, code: i32, more: &str) -> String {
    plain(name, &format!("command: [sh, -c, 'echo {name} ends; exit {code}']\n{more}"))
}

/// A service with nothing but the image and the state.
pub fn plain(name: &str, more: &str) -> String {
    let lines: String = more.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {name}:\n    image: {IMAGE}\n    volumes: [\"./state:/state\"]\n{lines}")
}

impl<'a> Project<'a> {
    /// Writes the compose file from the texts of its services.
    pub fn write(podman: &'a Podman, name: &str, services: &[String]) -> Result<Self> {
        let project = Self { podman, name: name.to_owned() };
        project.rewrite(services)?;
        podman.write(&format!("{name}/state/.keep"), "")?;
        Ok(project)
    }

    /// Writes the compose file anew.
    pub fn rewrite(&self, services: &[String]) -> Result<()> {
        let text = format!("services:\n{}", services.concat());
        self.podman.write(&format!("{}/compose.yaml", self.name), &text).map(drop)
    }

    /// The compose file.
    pub fn file(&self) -> String {
        format!("{}/{}/compose.yaml", self.podman.user.home(), self.name)
    }

    /// Makes the health check of a service fail.
    pub fn sicken(&self, service: &str) -> Result<()> {
        self.podman.write(&format!("{}/state/{service}.sick", self.name), "").map(drop)
    }

    /// Makes a service end with a code, now and whenever it is started.
    pub fn end(&self, service: &str, code: i32) -> Result<()> {
        self.podman.write(&format!("{}/state/{service}.exit", self.name), &format!("{code}\n")).map(drop)
    }

    /// Takes back what made a service fail.
    pub fn cure(&self, service: &str) -> Result<()> {
        for fault in ["sick", "exit"] {
            self.podman.remove(&format!("{}/state/{service}.{fault}", self.name))?;
        }
        Ok(())
    }

    /// Its containers, in one inspect.
    pub fn containers(&self) -> Result<Vec<Container>> {
        self.podman.containers(&format!("label=com.docker.compose.project={}", self.name))
    }

    /// The container of a service, whatever the provider calls it; of several the first by name.
    pub fn container(&self, service: &str) -> Result<Container> {
        let found = self.containers()?.into_iter().find(|container| container.service() == service);
        found.ok_or_else(|| anyhow!("service {service} of {} has no container", self.name))
    }

    /// Writes a oneshot unit of the user that runs a command for the project, and has the manager read it.
    pub fn unit(&self, exec_start: &str, more: &str) -> Result<String> {
        let name = format!("{}.service", self.name);
        let text = format!(
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nWorkingDirectory=%h/{}\nExecStart={exec_start}\n{more}",
            self.name
        );
        self.podman.write(&format!(".config/systemd/user/{name}"), &text)?;
        self.podman.user(&["systemctl", "--user", "daemon-reload"]).ok()?;
        Ok(name)
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        let filter = format!("label=com.docker.compose.project={}", self.name);
        // The machine goes away all the same.
        self.podman.user(&["podman", "rm", "--force", "--time=0", "--filter", &filter]).run().ok();
    }
}
