//! What the link stands on: `/run` and the volume of the store.

use std::path::PathBuf;

use nix_host::link::Kind;
use nix_host::{Platform, run_folder, synthetic, volume};
use oneshot::Finding;

use super::{FULL_DISK_ACCESS, RUN, VOLUME};

/// `/run`.
pub(super) fn run(
    platform: Platform,
    standing: &run_folder::Standing,
    causes: &[(PathBuf, synthetic::Fault)],
) -> Finding {
    use run_folder::Standing::{Dangling, Elsewhere, Missing, Right, Unreadable, Wrong};
    let actual = match standing {
        Right => "right".to_owned(),
        Missing => "missing".to_owned(),
        Elsewhere(path) => format!("a link to {}", path.display()),
        Dangling(reason) => format!("a link that leads nowhere: {reason}"),
        Wrong(kind) => kind.to_string(),
        Unreadable(reason) => format!("unreadable: {reason}"),
    };
    let mac = platform == Platform::Mac;
    let expected = if mac { format!("a link to {}", run_folder::REAL) } else { Kind::Folder.to_string() };
    let mut text = format!("/run is {actual}");
    for (path, fault) in causes {
        text.push_str(&format!("; {} {fault}", path.display()));
    }
    let finding = Finding::fail(RUN, text).compared(expected, actual);
    if mac {
        finding.hints(run_folder::cures(causes))
    } else {
        finding.hint("systemd mounts it at boot: boot again")
    }
}

/// `/nix`.
pub(super) fn store(platform: Platform, standing: volume::Standing) -> Finding {
    let point = volume::POINT;
    match standing {
        volume::Standing::Removable => {
            let text = format!(
                "the store is on a medium that can be taken out: macOS lets no daemon run what is on {point}"
            );
            Finding::warn(VOLUME, text).hint(FULL_DISK_ACCESS)
        }
        volume::Standing::NoStore => {
            let text =
                format!("there is no store, and nothing says that a volume is to be mounted at {point}");
            let finding = Finding::fail(VOLUME, text).compared("a mounted store", "none");
            if platform == Platform::Mac {
                finding.hint("an upgrade of macOS may have removed the lines of /etc/fstab and /etc/synthetic.conf: run the repair of Nix's installer")
            } else {
                finding.hint("mount the volume that /nix is on")
            }
        }
        volume::Standing::Away | volume::Standing::Right => {
            let finding = Finding::fail(VOLUME, format!("{point} is not mounted"))
                .compared("a mounted store", "not mounted");
            if platform == Platform::Mac {
                finding.fixable().hint(
                    "it may come up to three minutes after the boot; or start what mounts it: nix-recover",
                )
            } else {
                finding.hint(format!("sudo mount {point}"))
            }
        }
    }
}
