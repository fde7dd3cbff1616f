//! The host: systemd, WSL, the mount namespace.

use oneshot::Finding;
use user_session::causes;
use user_session::namespace::MountNamespace;

use crate::facts::Facts;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![systemd(facts), wsl(facts)];
    found.extend(version(facts));
    found.push(namespace(facts));
    found
}

fn systemd(facts: &Facts) -> Finding {
    match &facts.manager {
        Ok(manager) => {
            let text = format!("systemd {} is PID 1, and the system is {}", manager.version, manager.state);
            Finding::ok("systemd-pid1", text)
        }
        Err(reason) => {
            Finding::skip("systemd-pid1", format!("systemd is PID 1, but was not asked: {reason}"))
        }
    }
}

fn wsl(facts: &Facts) -> Finding {
    let Some(wsl) = &facts.host.wsl else { return Finding::skip("wsl", "this is not WSL") };
    let version = wsl
        .version
        .map_or("WSL, of a version that only root may read".to_owned(), |version| format!("WSL {version}"));
    Finding::ok("wsl", format!("this is {version}; its mounts are below {}", wsl.shared_folder()))
}

fn version(facts: &Facts) -> Vec<Finding> {
    let Some(version) = facts.host.wsl.as_ref().and_then(|wsl| wsl.version) else { return Vec::new() };
    let mut advisories = causes::version_advisories(version, facts.host.is_nixos);
    // What linger cures is nothing to warn a lingering user of.
    advisories.retain(|advisory| advisory.shape != "RF14" || !facts.linger.is_declared);
    if advisories.is_empty() {
        return vec![Finding::ok("wsl-version", format!("nothing is known against WSL {version}"))];
    }
    let warn = |advisory: causes::Advisory| {
        let text = format!("this is WSL {version}: {}", advisory.text);
        Finding::warn("wsl-version", text).shape(advisory.shape)
    };
    advisories.into_iter().map(warn).collect()
}

fn namespace(facts: &Facts) -> Finding {
    match facts.namespace {
        MountNamespace::OfPid1 => {
            Finding::ok("mount-ns", "the mounts seen here are those of the service manager")
        }
        MountNamespace::Other => {
            let (text, hints) = causes::other_namespace("check-user-session");
            Finding::fail("mount-ns", text).shape("RF20").hints(hints)
        }
        MountNamespace::Unknown => Finding::skip(
            "mount-ns",
            "only root may compare the mount namespace with that of the service manager",
        ),
    }
}
