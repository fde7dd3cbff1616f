//! Whether the manager was asked.

use oneshot::Finding;
use provenance::facts::HostFacts;

pub(super) fn finding(host: &HostFacts) -> Option<Finding> {
    let id = "unit-manager";
    match &host.manager {
        Ok(_) => None,
        Err(reason) => Some(Finding::skip(id, format!("what the manager has loaded is not known: {reason}"))),
    }
}
