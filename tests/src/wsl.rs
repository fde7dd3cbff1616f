//! What a test can say of WSL, and what PID 1 hears of it.

use serde::{Deserialize, Serialize};

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
    /// What PID 1 finds in its environment.
    pub(crate) fn environment() -> Vec<(String, String)> {
        [("container", "wsl"), ("container_host_id", "windows"), ("container_host_version_id", VERSION)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }
}
