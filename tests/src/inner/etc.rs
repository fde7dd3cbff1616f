//! The `/etc` of a machine: what the host's own login needs, and what makes any systemd content in a namespace.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Copied from the host, when it is there, for the release that runs the host's own `/usr`.
const FROM_HOST: [&str; 12] = [
    "alternatives",
    "dbus-1",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "login.defs",
    "nsswitch.conf",
    "pam.conf",
    "pam.d",
    "security",
    "shells",
];

/// Accounts of the system: what lies beneath this id.
const FIRST_HUMAN: u32 = 1000;

/// Written when the host's PAM does not know logind. The names are those that login(1) and systemd read.
const PAM: [(&str, &str); 3] = [
    ("login", LOGIN),
    ("systemd-user", LOGIN),
    ("other", "auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_deny.so\n"),
];
const LOGIN: &str = "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n\
                     session optional pam_loginuid.so\nsession optional pam_systemd.so\n";

/// Units that would reach for the host's hardware or settings, or that cannot work in a namespace. Without the
/// masks the machine is `degraded`, or changes the host.
const MASKED: [&str; 22] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "dev-hugepages.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty-static.service",
    "getty@.service",
    "proc-sys-fs-binfmt_misc.automount",
    "proc-sys-fs-binfmt_misc.mount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-journald-audit.socket",
    "systemd-modules-load.service",
    "systemd-pstore.service",
    "systemd-sysctl.service",
    "systemd-udevd.service",
];

/// Fills an empty `/etc` around the host's `/usr`. Runs before the pivot, while the host's is still to be seen.
pub(crate) fn copy_from_host(etc: &Path) -> Result<()> {
    let host = Path::new("/etc");
    for name in FROM_HOST {
        copy(&host.join(name), &etc.join(name)).with_context(|| format!("copying /etc/{name}"))?;
    }
    for name in ["passwd", "group", "shadow"] {
        let text = fs::read_to_string(host.join(name)).with_context(|| format!("reading /etc/{name}"))?;
        let kept =
            if name == "shadow" { String::from("root:*:20000:0:99999:7:::\n") } else { system_only(&text) };
        fs::write(etc.join(name), kept).with_context(|| format!("writing {name}"))?;
    }
    symlink("../usr/lib/os-release", etc.join("os-release")).context("linking os-release")?;
    if knows_logind(host)? {
        return Ok(());
    }
    let pam = etc.join("pam.d");
    fs::create_dir_all(&pam).with_context(|| format!("making {}", pam.display()))?;
    for (name, text) in PAM {
        fs::write(pam.join(name), text).with_context(|| format!("writing pam.d/{name}"))?;
    }
    Ok(())
}

/// Whether a file of `pam.d` that a login includes names pam_systemd.
fn knows_logind(etc: &Path) -> Result<bool> {
    for name in ["login", "common-session", "system-login", "system-auth"] {
        let path = etc.join("pam.d").join(name);
        match fs::read_to_string(&path) {
            Ok(text)
                if text.lines().any(|line| !line.starts_with('#') && line.contains("pam_systemd.so")) =>
            {
                return Ok(true);
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
    Ok(false)
}

/// The lines of a passwd or group file whose third field is an id of the system.
fn system_only(text: &str) -> String {
    let is_system = |line: &&str| {
        line.split(':').nth(2).and_then(|id| id.parse::<u32>().ok()).is_some_and(|id| id < FIRST_HUMAN)
    };
    text.split_inclusive('\n').filter(is_system).collect()
}

/// A file, a link or a folder; what is missing is left out.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let kind = match fs::symlink_metadata(from) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("looking at {}", from.display())),
    };
    if kind.is_symlink() {
        let target = fs::read_link(from).with_context(|| format!("reading the link {}", from.display()))?;
        symlink(target, to).with_context(|| format!("linking {}", to.display()))
    } else if kind.is_dir() {
        fs::create_dir(to).with_context(|| format!("making {}", to.display()))?;
        for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
            let name = entry.with_context(|| format!("listing {}", from.display()))?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        Ok(())
    } else {
        fs::copy(from, to).map(drop).with_context(|| format!("copying {}", from.display()))
    }
}

/// What every release needs. Runs inside, when the root is entered.
pub(crate) fn settle(hostname: &str) -> Result<()> {
    let units = Path::new("/etc/systemd/system");
    fs::create_dir_all(units).with_context(|| format!("making {}", units.display()))?;
    for unit in MASKED {
        match symlink("/dev/null", units.join(unit)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("masking {unit}"));
            }
            _ => {}
        }
    }
    let target = units.join("default.target");
    replace_link("/usr/lib/systemd/system/multi-user.target", &target)?;
    // Empty, not missing: an id is made, and it is no first boot that applies presets.
    for (path, text) in [
        ("/etc/machine-id", String::new()),
        ("/etc/hostname", format!("{hostname}\n")),
        ("/etc/hosts", format!("127.0.0.1 localhost {hostname}\n::1 localhost\n")),
        ("/etc/fstab", String::new()),
    ] {
        fs::write(path, text).with_context(|| format!("writing {path}"))?;
    }
    Ok(())
}

fn replace_link(target: &str, link: &Path) -> Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", link.display()))
        }
        _ => symlink(target, link).with_context(|| format!("linking {}", link.display())),
    }
}
