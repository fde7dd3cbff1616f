//! WSL's mount tree, made before systemd starts as WSL's init makes it (WSL `src/linux/init`: `main.cpp`,
//! `config.cpp`), and what WSLg puts there.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::Path;

use anyhow::{Context as _, Result};
use nix::mount::MsFlags;

use super::device::{bind, mount_new};
use crate::wsl::{WSLG_UID, Wsl};

/// Mounts the tree. Every mount is shared already.
pub(crate) fn mount(wsl: &Wsl) -> Result<()> {
    let wslg = wsl.folder();
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
        system_unit(&wslg)?;
    }
    let text = format!("[boot]\nsystemd=true\n\n[automount]\nroot={}\n", wsl.automount_root);
    fs::write("/etc/wsl.conf", text).context("writing /etc/wsl.conf")
}

/// What WSLGd puts there: everything belongs to uid 1000 and is open to all. The sockets come from [`Wsl::serve`].
fn wslg_folder(wslg: &str) -> Result<()> {
    let folder = format!("{wslg}/runtime-dir");
    make(&folder, 0o777)?;
    make(&format!("{folder}/pulse"), 0o777)?;
    for name in ["wayland-0.lock", "pulse/pid"] {
        let path = format!("{folder}/{name}");
        fs::write(&path, "").with_context(|| format!("writing {path}"))?;
    }
    for name in ["", "pulse", "wayland-0.lock", "pulse/pid"] {
        let path = Path::new(&folder).join(name);
        chown(&path, Some(WSLG_UID), Some(WSLG_UID))
            .with_context(|| format!("giving {} away", path.display()))?;
    }
    make(&format!("{wslg}/.X11-unix"), 0o1777)
}

/// The unit of the system manager that WSL's generator writes, for the X11 socket. Its condition names `/mnt`, wherever
/// `automount.root` is.
fn system_unit(wslg: &str) -> Result<()> {
    let text = format!(
        "[Unit]\nDescription=WSLg X11 socket\nDefaultDependencies=no\n\
         After=systemd-tmpfiles-setup.service tmp.mount\nConditionPathExists=/mnt/wslg/.X11-unix\n\
         ConditionPathExists=!/tmp/.X11-unix/X0\n\n[Service]\nType=oneshot\n\
         ExecStart=/bin/mount -o bind,ro,X-mount.mkdir {wslg}/.X11-unix /tmp/.X11-unix\n"
    );
    let folder = Path::new("/run/systemd/system");
    let wants = folder.join("multi-user.target.wants");
    fs::create_dir_all(&wants).with_context(|| format!("making {}", wants.display()))?;
    fs::write(folder.join("wslg.service"), text).context("writing wslg.service")?;
    std::os::unix::fs::symlink("../wslg.service", wants.join("wslg.service")).context("enabling wslg.service")
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
