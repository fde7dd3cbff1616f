//! The folders on the unit path: what cannot be read, and what would keep a repair out.

use oneshot::Finding;
use provenance::facts::HostFacts;
use provenance::place::Obstacle;

use super::cure;

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
    let (warn, fail) = (|text| Finding::warn(ID, text), |text| Finding::fail(ID, text));
    Some(match obstacle {
        // As NixOS has it.
        Obstacle::Stored(_) => return None,
        Obstacle::Link { .. } => warn(format!("{obstacle}; what is written there lands elsewhere"))
            .shape(SHAPE)
            .hint("nothing is repaired through a link: make it a folder"),
        Obstacle::Foreign { at, .. } => {
            warn(format!("{obstacle}, so that the user cannot repair what is in it"))
                .shape(SHAPE)
                .hint(format!("as root: chown -h the user {}", cure::word(at)))
        }
        Obstacle::ReadOnly(_) => warn(format!("{obstacle}; nothing can be repaired in it")).shape(SHAPE),
        Obstacle::NoFolder(_) => fail(format!("{obstacle}, so that no unit can be below it")).shape(SHAPE),
        Obstacle::Outside(_) => warn(format!(
            "{obstacle}, though the user's manager says that the user's units are there; root repairs nothing in it"
        ))
        .shape(SHAPE)
        .hint("if that is wanted, the user repairs it: fix-unit-provenance, without root"),
        Obstacle::NotOnPath(_) => fail(format!("{obstacle}, and the generation puts units there"))
            .hint("XDG_CONFIG_HOME of the manager and of the generation differ: systemctl --user show-environment"),
    })
}
