//! Why a session is broken, in words: each cause with the exact stanza or command that cures it. Two programs speak
//! of the same causes; the words stand here once.

use anyhow::Result;
use oneshot::{Root, text};

use crate::fstab::{self, Entry, FSTAB, is_at_or_below};
use crate::wsl::{Version, Wsl};

/// NixOS leaves this file so that others can tell (nixpkgs `nixos/modules/system/etc`).
const NIXOS: &str = "/etc/NIXOS";

/// What of the host decides how a hint is worded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// NixOS configures itself from one file.
    pub is_nixos: bool,
    /// WSL, and where its mounts are.
    pub wsl: Option<Wsl>,
}

impl Host {
    /// Looks at the host.
    pub fn look(root: &Root) -> Result<Self> {
        Ok(Self { is_nixos: root.has(NIXOS)?, wsl: crate::wsl::detect(root)? })
    }

    /// How this host is started anew.
    fn restart(&self) -> &'static str {
        if self.wsl.is_some() { "\"wsl --shutdown\" in Windows" } else { "a reboot" }
    }
}

/// The entries of `/etc/fstab` that mount something on the runtime directory of `uid`, or above it below the parent.
pub fn stray_entries(root: &Root, host: &Host, uid: u32) -> Result<Vec<Entry>> {
    Ok(fstab::read(root, FSTAB)?.into_iter().filter(|entry| is_stray(entry, host, uid)).collect())
}

/// Whether an entry stands in the way of the runtime directory of `uid`.
#[must_use]
pub fn is_stray(entry: &Entry, host: &Host, uid: u32) -> bool {
    let mut parents = vec!["/run/user".to_owned()];
    parents.extend(host.wsl.as_ref().map(|wsl| format!("{}/run/user", wsl.shared_folder())));
    parents
        .iter()
        .any(|parent| entry.point == *parent || is_at_or_below(&entry.point, &format!("{parent}/{uid}")))
}

/// A stray fstab entry: what it is, and how to be rid of it without losing the live session.
#[must_use]
pub fn stray_entry(entry: &Entry, host: &Host) -> (String, Vec<String>) {
    let point = text::printable(&entry.point);
    let cause = format!(
        "line {} of {FSTAB} mounts {} on {point}, which takes the place of the runtime directory",
        entry.line,
        text::printable(&entry.source),
    );
    let mut hints = Vec::new();
    if host.is_nixos {
        hints.push(format!(
            "delete fileSystems.\"{point}\" = {{ device = \"{}\"; fsType = \"{}\"; … }}; (nixos-generate-config writes \
             it into hardware-configuration.nix)",
            text::printable(&entry.source),
            text::printable(&entry.fstype),
        ));
        hints.push(apply_without_switch(host));
    } else {
        hints.push(format!("delete that line, then start anew with {}", host.restart()));
        hints.push(
            "do not unmount it while the session lives: the live directory would go with it".to_owned(),
        );
    }
    (cause, hints)
}

/// How to apply a configuration that drops such an entry.
#[must_use]
pub fn apply_without_switch(host: &Host) -> String {
    if host.is_nixos {
        format!(
            "apply it with \"nixos-rebuild boot\" and then {}; not with \"switch\", which unmounts the live directory",
            host.restart(),
        )
    } else {
        format!("start anew with {}", host.restart())
    }
}

/// Why a setting of `user-runtime-dir@.service` keeps systemd from making the directory; `None` where it does not.
#[must_use]
pub fn override_fault(key: &str, value: &str) -> Option<&'static str> {
    match key {
        "ConditionPathExists" | "ConditionPathIsMountPoint" | "ConditionPathIsDirectory" => Some(
            "a unit whose condition is unmet makes nothing, and since systemd 256 user@ does not start without it",
        ),
        "ExecStart" if !value.is_empty() && !value.contains("systemd-user-runtime-dir") => {
            Some("it runs something else than systemd's own program, which makes the directory")
        }
        _ => None,
    }
}

/// One setting that keeps the directory from being made, as it is told.
#[must_use]
pub fn override_cause(file: &str, line: usize, (key, value): (&str, &str), fault: &str) -> String {
    format!(
        "line {line} of {} sets {}: {fault}",
        text::printable(file),
        text::printable(&format!("{key}={value}"))
    )
}

/// The unit as a whole is masked.
#[must_use]
pub fn mask_cause(file: &str) -> String {
    format!("user-runtime-dir@.service is masked by {}", text::printable(file))
}

/// How to be rid of an override.
#[must_use]
pub fn override_hint(file: &str, host: &Host) -> String {
    let file = text::printable(file);
    if host.is_nixos {
        format!(
            "remove what sets systemd.services.\"user-runtime-dir@\" in the configuration (it became {file})"
        )
    } else {
        format!("remove it from {file}, then run \"systemctl daemon-reload\"")
    }
}

/// Another distribution holds the control group of the manager (microsoft/WSL#40593).
#[must_use]
pub fn foreign_cgroup(group: &str) -> (String, Vec<String>) {
    (
        format!("{group} is held by processes of another PID namespace: another running WSL distribution has this uid"),
        vec![
            "this cannot be mended from here: run \"wsl --shutdown\" in Windows and start this distribution first".into(),
            "or give the user another uid in one of the distributions; WSL up to 2.9.4 shares one cgroup tree".into(),
        ],
    )
}

/// This process stands in another mount namespace than PID 1.
#[must_use]
pub fn other_namespace(program: &str) -> (String, Vec<String>) {
    (
        "this shell has another mount namespace than the service manager (on WSL: an elevated one)".into(),
        vec![format!("run it in the right one: nsenter --target 1 --mount {program} …")],
    )
}

/// Something that is known to be wrong with a version of WSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// The failure shape that it leads to.
    pub shape: &'static str,
    /// What is wrong, and since when it is right.
    pub text: &'static str,
}

/// Whether a version of WSL hides a lingering session behind a mount of its own.
#[must_use]
pub fn login_mount_advisory(version: Version) -> Option<Advisory> {
    (version < Version(2, 5, 10)).then_some(Advisory {
        shape: "RF2",
        text: "WSL before 2.5.10 mounts a second tmpfs on the runtime directory at the first login, with mode 0755 and \
               over a lingering session (microsoft/WSL#10205); update with \"wsl --update\"",
    })
}

/// NixOS undoes the linger of a user at each boot and switch: what to write instead.
#[must_use]
pub fn linger_undone(name: &str) -> Vec<String> {
    vec![
        format!("set users.users.{} in the configuration and apply it", nix_option(name)),
        "linger-users.service disables everyone whose linger is false, the default up to stateVersion 25.05"
            .into(),
    ]
}

/// `tim.linger = true;`, the name quoted where Nix needs it.
fn nix_option(name: &str) -> String {
    let name = text::printable(name);
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\''));
    if is_plain { format!("{name}.linger = true;") } else { format!("{name:?}.linger = true;") }
}

/// What is known to be wrong with a version; empty for one that has none of it.
#[must_use]
pub fn version_advisories(version: Version, is_nixos: bool) -> Vec<Advisory> {
    let mut advisories: Vec<_> = login_mount_advisory(version).into_iter().collect();
    if version == Version(2, 6, 0) && is_nixos {
        advisories.push(Advisory {
            shape: "RF21",
            text: "WSL 2.6.0 warns of a failed user session on NixOS even when it works (microsoft/WSL#13236); update to \
                   2.6.1",
        });
    }
    if version < Version(2, 7, 0) {
        advisories.push(Advisory {
            shape: "RF14",
            text: "WSL before 2.7.0 does not mask systemd-networkd-wait-online: a slow boot can end the login session before \
                   it is ready (microsoft/WSL#13562); update, or enable linger",
        });
    }
    advisories
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wsl_host(is_nixos: bool) -> Host {
        Host { is_nixos, wsl: Some(Wsl { version: None, automount_root: "/win".into(), is_wsl1: false }) }
    }

    fn entry(point: &str) -> Entry {
        fstab::parse(&format!("\ntmpfs {point} tmpfs defaults\n")).remove(0)
    }

    #[test]
    fn an_entry_is_stray_at_the_directory_or_its_parent_on_either_side() {
        let host = wsl_host(true);
        for point in [
            "/run/user/1000",
            "/run/user",
            "/win/wslg/run/user/1000",
            "/win/wslg/run/user",
            "/run/user/1000/doc",
        ] {
            assert!(is_stray(&entry(point), &host, 1000), "{point}");
        }
        for point in ["/run/user/1001", "/run/user/10001", "/mnt/wslg/run/user/1000", "/win/wslg", "/home"] {
            assert!(!is_stray(&entry(point), &host, 1000), "{point}");
        }
    }

    #[test]
    fn on_nixos_the_stanza_is_named_and_switch_is_warned_of() {
        let (cause, hints) = stray_entry(&entry("/win/wslg/run/user/1000"), &wsl_host(true));
        assert!(cause.starts_with("line 2 of /etc/fstab"), "{cause}");
        let hints = hints.join("\n");
        assert!(
            hints.contains("fileSystems.\"/win/wslg/run/user/1000\"") && hints.contains("wsl --shutdown"),
            "{hints}"
        );
        assert!(hints.contains("nixos-rebuild boot") && hints.contains("not with \"switch\""), "{hints}");
    }

    #[test]
    fn elsewhere_it_is_a_line_of_fstab() {
        let host = Host { is_nixos: false, wsl: None };
        let (_, hints) = stray_entry(&entry("/run/user/1000"), &host);
        assert!(hints[0].contains("delete that line") && hints[0].contains("reboot"), "{hints:?}");
    }

    #[test]
    fn only_settings_that_prevent_the_directory_are_faults() {
        assert!(override_fault("ConditionPathExists", "!/run/user/%i").is_some());
        assert!(override_fault("ExecStart", "/bin/true").is_some());
        assert!(override_fault("ExecStart", "").is_none());
        assert!(override_fault("ExecStart", "/usr/lib/systemd/systemd-user-runtime-dir start %i").is_none());
        assert!(override_fault("ExecStartPost", "-fix-runtime-dir %i").is_none());
    }

    #[test]
    fn an_odd_name_is_quoted_as_nix_wants_it() {
        assert!(linger_undone("tim")[0].contains("users.users.tim.linger = true;"));
        assert!(linger_undone("1tim.x")[0].contains("users.users.\"1tim.x\".linger = true;"));
    }

    #[test]
    fn advisories_follow_the_version() {
        assert_eq!(version_advisories(Version(2, 5, 9), false).len(), 2);
        assert_eq!(version_advisories(Version(2, 6, 0), true).len(), 2);
        assert!(version_advisories(Version(2, 7, 0), true).is_empty());
    }
}
