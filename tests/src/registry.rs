//! A registry inside a machine, for images that are not in the local storage yet.

use anyhow::{Context as _, Result, ensure};

use crate::machine::wait_until;
use crate::podman::Podman;
use crate::session::SOON;

/// The one in which everybody may push and pull.
pub const OPEN: &str = "localhost:5000";
/// The one that asks for a password.
pub const CLOSED: &str = "localhost:5001";
/// What it asks for.
pub const USER: &str = "tim";
/// bcrypt, as it takes nothing else, of "secret".
const PASSWORD: (&str, &str) = ("secret", "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a");

const FOLDER: &str = "/run/registry";

/// Both registries of a machine.
#[derive(Debug)]
pub struct Registry<'a> {
    podman: &'a Podman,
}

impl<'a> Registry<'a> {
    /// Starts them, and lets podman speak to them without TLS.
    pub fn start(podman: &'a Podman) -> Result<Self> {
        let machine = &podman.machine;
        let write = |path: &str, text: &str| {
            let path = machine.path(path);
            let folder = path.parent().context("no folder")?;
            std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
        };
        let mut insecure = String::new();
        for (address, auth) in [
            (OPEN, String::new()),
            (CLOSED, format!("auth: {{htpasswd: {{realm: lab, path: {FOLDER}/passwords}}}}\n")),
        ] {
            let port = port(address);
            let text = format!(
                "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {FOLDER}/{port}}}}}\nhttp: {{addr: ':{port}'}}\n{auth}"
            );
            write(&format!("{FOLDER}/{port}.yml"), &text)?;
            insecure += &format!("[[registry]]\nlocation = \"{address}\"\ninsecure = true\n");
        }
        write(&format!("{FOLDER}/passwords"), &format!("{USER}:{}\n", PASSWORD.1))?;
        write("/etc/containers/registries.conf.d/lab.conf", &insecure)?;
        let registry = Self { podman };
        registry.up(OPEN)?;
        registry.up(CLOSED)?;
        Ok(registry)
    }

    /// Starts one of them.
    pub fn up(&self, address: &str) -> Result<()> {
        let port = port(address);
        let (unit, file) = (format!("--unit=registry-{port}"), format!("{FOLDER}/{port}.yml"));
        let command = ["systemd-run", "--quiet", "--collect", &unit, "docker-registry", "serve", &file];
        self.podman.machine.root(&command).ok()?;
        let listens = format!("ss --listening --tcp --numeric | grep --quiet :{port}");
        wait_until(SOON, || Ok(self.podman.machine.root(&["sh", "-c", &listens]).run()?.code == 0))
            .with_context(|| format!("waiting for {address}"))
    }

    /// Ends one of them; what is in it is kept.
    pub fn down(&self, address: &str) -> Result<()> {
        let unit = format!("registry-{}.service", port(address));
        self.podman.machine.root(&["systemctl", "stop", &unit]).ok().map(drop)
    }

    /// Takes an image out of the open one.
    pub fn forget(&self, repository: &str) -> Result<()> {
        ensure!(!repository.is_empty() && !repository.contains("..") && !repository.starts_with('/'));
        let path = format!("{FOLDER}/{}/docker/registry/v2/repositories/{repository}", port(OPEN));
        self.podman.machine.root(&["rm", "-r", &path]).ok().map(drop)
    }

    /// Gives a name to a new image there, with options of `podman import`; in the local storage the name stays with what it
    /// stood for.
    pub fn push(&self, name: &str, changes: &str) -> Result<()> {
        let of_name = format!("podman image inspect --format '{{{{.Id}}}}' {name} 2>/dev/null || true");
        let old = self.podman.sh(&of_name)?;
        self.podman.make_image(name, changes)?;
        let credentials = format!("--creds={USER}:{}", PASSWORD.0);
        let push = ["podman", "push", "--quiet", &credentials, name];
        self.podman.user(&push).ok().with_context(|| format!("pushing {name}"))?;
        self.podman.user(&["podman", "rmi", name]).ok()?;
        if !old.text().is_empty() {
            self.podman.user(&["podman", "tag", old.text(), name]).ok()?;
        }
        Ok(())
    }

    /// Writes a file of credentials for the closed one into tim's home, right or wrong ones; returns its path.
    pub fn credentials(&self, path: &str, is_right: bool) -> Result<String> {
        let password = if is_right { PASSWORD.0 } else { "guess" };
        // Base64 of `tim:` and the password.
        let script = format!("printf %s '{USER}:{password}' | base64 --wrap=0");
        let word = self.podman.sh(&script)?;
        let text = format!("{{\"auths\":{{\"{CLOSED}\":{{\"auth\":\"{}\"}}}}}}", word.text());
        self.podman.write(path, &text)
    }
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(_, port)| port)
}
