//! WSL's mount tree, made before systemd starts as WSL's init makes it (WSL `src/linux/init`: `main.cpp`,
//! `config.cpp`), and what WSLg puts there.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::mount::MsFlags;

use super::device::{bind, mount_new};
use crate::wsl::Wsl;

/// Which uid WSLGd gives its folder to, whoever logs in.
const WSLG_UID: u32 = 1000;

/// Mounts the tree. Every mount is shared already.
pub(crate) fn mount(wsl: &Wsl) -> Result<()> {
    let wslg = format!("{}/wslg", wsl.automount_root.trim_end_matches('/'));
    if wsl.gui {
        mount_new(&wslg, "tmpfs", "none", MsFlags::empty(), "")?;
        set_mode(&wslg, 0o755)?;
    }
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    // Strict: WSL's row has no `relatime`.
    mount_new("/run", "tmpfs", "none", plain | MsFlags::MS_STRICTATIME, "mode=755")?;
    mount_new("/run/user", "tmpfs", "none", plain | MsFlags::MS_NOEXEC | MsFlags::MS_NOATIME, "mode=755")?;
    let users = format!("{wslg}/run/user");
    make(&users, 0o755)?;
    bind(&users, "/run/user")?;
    if wsl.gui {
        wslg_folder(&wslg)?;
        user_unit(&wslg)?;
    }
    let text = format!("[boot]\nsystemd=true\n\n[automount]\nroot={}\n", wsl.automount_root);
    fs::write("/etc/wsl.conf", text).context("writing /etc/wsl.conf")
}

/// What WSLGd puts there: everything belongs to uid 1000 and is open to all. The sockets stay on the disk without a
/// listener, as after a crash of the compositor.
fn wslg_folder(wslg: &str) -> Result<()> {
    let folder = format!("{wslg}/runtime-dir");
    make(&folder, 0o777)?;
    make(&format!("{folder}/pulse"), 0o777)?;
    for name in ["wayland-0.lock", "pulse/pid"] {
        let path = format!("{folder}/{name}");
        fs::write(&path, "").with_context(|| format!("writing {path}"))?;
    }
    for name in ["wayland-0", "pulse/native"] {
        listen(&format!("{folder}/{name}"))?;
    }
    for name in ["", "pulse", "wayland-0", "wayland-0.lock", "pulse/native", "pulse/pid"] {
        let path = Path::new(&folder).join(name);
        chown(&path, Some(WSLG_UID), Some(WSLG_UID))
            .with_context(|| format!("giving {} away", path.display()))?;
    }
    make(&format!("{wslg}/.X11-unix"), 0o1777)?;
    listen(&format!("{wslg}/.X11-unix/X0"))
}

/// The unit that WSL's user generator writes from 2.5.10 on.
fn user_unit(wslg: &str) -> Result<()> {
    let links: Vec<String> = ["wayland-0", "wayland-0.lock", "pulse/native", "pulse/pid"]
        .map(|name| format!("ExecStart=/bin/ln -sf {wslg}/runtime-dir/{name} %t/{name}\n"))
        .to_vec();
    let text = format!(
        "[Unit]\nDescription=WSLg user session\nDefaultDependencies=no\n\n[Service]\nType=oneshot\n\
         ExecStart=/bin/mkdir -p -m 755 %t/pulse\n{}",
        links.concat()
    );
    let folder = Path::new("/run/systemd/user");
    let wants = folder.join("default.target.wants");
    fs::create_dir_all(&wants).with_context(|| format!("making {}", wants.display()))?;
    fs::write(folder.join("wslg-session.service"), text).context("writing wslg-session.service")?;
    std::os::unix::fs::symlink("../wslg-session.service", wants.join("wslg-session.service"))
        .context("enabling wslg-session.service")
}

fn listen(path: &str) -> Result<()> {
    UnixListener::bind(path).map(drop).with_context(|| format!("binding the socket {path}"))?;
    set_mode(path, 0o777)
}

fn make(path: &str, mode: u32) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .with_context(|| format!("making {path}"))
        .and_then(|()| set_mode(path, mode))
}

fn set_mode(path: &str, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("setting the mode of {path}"))
}
