//! What a test can say of WSL, what PID 1 hears of it, and the servers that WSL runs outside of the distribution.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::os::unix::net::UnixListener;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// How WSL's init tells its version.
pub(crate) const VERSION_VARIABLE: &str = "container_host_version_id";

/// Which uid WSLGd gives its folder to, whoever logs in.
pub(crate) const WSLG_UID: u32 = 1000;

/// Sockets of Wayland, PulseAudio and X11, below `/mnt/wslg`.
const SERVERS: [&str; 3] = ["runtime-dir/wayland-0", "runtime-dir/pulse/native", ".X11-unix/X0"];

/// The version that `container_host_version_id` tells.
pub(crate) const VERSION: &str = "2.6.3.0";

/// What of `.wslconfig` and `wsl.conf` shapes the tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wsl {
    /// `guiApplications`: without it `/mnt/wslg` is a plain folder on the disk.
    pub(crate) gui: bool,
    /// `automount.root`, `/mnt` by default.
    pub(crate) automount_root: String,
}

impl Wsl {
    /// The folder that WSL shares with its system distribution.
    pub(crate) fn folder(&self) -> String {
        format!("{}/wslg", self.automount_root.trim_end_matches('/'))
    }

    /// Listens in the place of Weston and PulseAudio, which run in the system distribution: nothing inside the machine
    /// can end them. `root` is the machine's root as it is seen from here.
    pub(crate) fn serve(&self, root: &Path) -> Result<Vec<UnixListener>> {
        let servers = if self.gui { &SERVERS[..] } else { &[] };
        servers
            .iter()
            .map(|server| listen(&root.join(self.folder().trim_start_matches('/')).join(server)))
            .collect()
    }

    /// What PID 1 finds in its environment.
    pub(crate) fn environment() -> Vec<(String, String)> {
        [("container", "wsl"), ("container_host_id", "windows"), (VERSION_VARIABLE, VERSION)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }
}

fn listen(path: &Path) -> Result<UnixListener> {
    let name = path.display();
    let listener = UnixListener::bind(path).with_context(|| format!("binding the socket {name}"))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))
        .with_context(|| format!("setting the mode of {name}"))?;
    lchown(path, Some(WSLG_UID), Some(WSLG_UID)).with_context(|| format!("giving {name} away"))?;
    Ok(listener)
}
