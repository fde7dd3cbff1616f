//! The folders on the unit path: what cannot be read, and what would keep a repair out.

use oneshot::Finding;
use provenance::facts::HostFacts;
use provenance::place::Obstacle;

const ID: &str = "unit-folder";

/// PF9.
const SHAPE: &str = "PF9";

pub(super) fn findings(host: &HostFacts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, reason) in &host.unreadable {
        let text = format!(
            "{} could not be read, and units and drop-ins in it are not known: {reason}",
            path.display()
        );
        found.push(Finding::warn(ID, text).shape(SHAPE));
    }
    for obstacle in host.places.iter().flat_map(|(_, _, obstacles)| obstacles) {
        found.extend(of(obstacle));
    }
    found
}

fn of(obstacle: &Obstacle) -> Option<Finding> {
    Some(match obstacle {
        // As NixOS has it.
        Obstacle::Stored(_) => return None,
        Obstacle::Link { at, target } => {
            let text = format!(
                "{} is a link to {}; what is written there lands elsewhere",
                at.display(),
                target.display()
            );
            Finding::warn(ID, text).shape(SHAPE).hint("nothing is repaired through a link: make it a folder")
        }
        Obstacle::Foreign { at, uid } => {
            let text = format!(
                "{} belongs to uid {uid}, so that the user cannot repair what is in it",
                at.display()
            );
            Finding::warn(ID, text).shape(SHAPE).hint(format!("as root: chown -h the user {}", at.display()))
        }
        Obstacle::ReadOnly(at) => {
            Finding::warn(ID, format!("{} is read-only; nothing can be repaired in it", at.display()))
                .shape(SHAPE)
        }
        Obstacle::NoFolder(at) => {
            Finding::fail(ID, format!("{} is no folder, so that no unit can be below it", at.display()))
                .shape(SHAPE)
        }
        Obstacle::NotOnPath(at) => {
            let text =
                format!("the manager reads no units from {}, where the generation puts them", at.display());
            Finding::fail(ID, text).hint("XDG_CONFIG_HOME of the manager and of the generation differ: systemctl --user show-environment")
        }
    })
}
