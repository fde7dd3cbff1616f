//! What the user's programs meet: sockets that answer, and variables that lead to them.

use nix::Error;
use oneshot::Finding;
use user_session::bus::Answer;
use user_session::directory;

use super::mend_and_start;
use crate::facts::{Environment, Facts};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![bus(facts), private(facts)];
    match &facts.environment {
        Some(environment) if facts.is_wanted() => {
            found.extend([runtime_directory(facts, environment), address(facts, environment)]);
        }
        Some(_) => {}
        None => found.push(Finding::skip(
            "env-runtime-dir",
            format!("only {} has the variables of that session", facts.account.name),
        )),
    }
    found
}

fn bus(facts: &Facts) -> Finding {
    let id = "bus";
    let path = format!("{}/bus", directory::path(facts.account.uid));
    let state = match judge(facts, id, &path, facts.sockets.bus) {
        Ok(finding) => return finding,
        Err(state) => state,
    };
    if !facts.is_up() {
        return down(facts, id, &format!("{path} {state}"));
    }
    if facts.directory.layers.len() > 1 {
        return hidden(id, &format!("{path} {state}"));
    }
    if !facts.sockets.has_bus_unit {
        return Finding::fail(id, format!("{path} {state}, and this system has no dbus.socket for users"))
            .hint("install it (on Debian: dbus-user-session), then log in again");
    }
    Finding::fail(id, format!("{path} {state}, though the manager runs"))
        .shape("RF13")
        .fixable()
        .hint(mend_and_start(facts))
        .hint("that is, as the user: systemctl --user restart dbus.socket")
}

fn private(facts: &Facts) -> Finding {
    let id = "manager-socket";
    let path = format!("{}/systemd/private", directory::path(facts.account.uid));
    match judge(facts, id, &path, facts.sockets.private) {
        Ok(finding) => finding,
        Err(state) if !facts.is_up() => down(facts, id, &format!("{path} {state}")),
        Err(state) if facts.directory.layers.len() > 1 => hidden(id, &format!("{path} {state}")),
        Err(state) => {
            Finding::fail(id, format!("{path} {state}, though the manager runs")).shape("RF13").hint(format!(
                "this ends the user's services: systemctl restart user@{}.service",
                facts.account.uid
            ))
        }
    }
}

/// A finding where the answer decides by itself, else what is wrong with the socket.
fn judge(facts: &Facts, id: &'static str, path: &str, answer: Answer) -> Result<Finding, &'static str> {
    Ok(match answer {
        Answer::Listens { uid } if uid == facts.account.uid => Finding::ok(id, format!("{path} answers")),
        Answer::Listens { uid } => Finding::fail(id, format!("uid {uid} listens at {path}"))
            .compared(facts.account.uid, uid)
            .hint("do not use it: whoever listens there is not this user"),
        Answer::Refuses => return Err("is left over: nobody listens"),
        Answer::Missing => return Err("does not exist"),
        Answer::Fails(Error::EACCES | Error::EPERM) => {
            Finding::skip(id, format!("only root and {} may connect to {path}", facts.account.name))
        }
        Answer::Fails(error) => Finding::fail(id, format!("connecting to {path}: {}", error.desc())),
    })
}

/// What the session made is below the uppermost mount.
fn hidden(id: &'static str, text: &str) -> Finding {
    Finding::fail(id, format!("{text}: a mount hides it")).shape("RF3").hint("see runtime-dir-layers")
}

/// Without a manager there can be no socket.
fn down(facts: &Facts, id: &'static str, text: &str) -> Finding {
    if facts.is_wanted() {
        Finding::fail(id, text.to_owned()).hint("it comes with the manager: see user-manager")
    } else {
        Finding::skip(id, text.to_owned())
    }
}

fn runtime_directory(facts: &Facts, environment: &Environment) -> Finding {
    let id = "env-runtime-dir";
    let good = directory::path(facts.account.uid);
    match environment.runtime_directory.as_deref() {
        // WSL before 2.7.1 ends it with a slash (microsoft/WSL#13837).
        Some(value) if value.trim_end_matches('/') == good => {
            Finding::ok(id, format!("XDG_RUNTIME_DIR={value}"))
        }
        Some(value) => {
            Finding::warn(id, format!("XDG_RUNTIME_DIR={value}")).compared(good, value).hint(anew())
        }
        None => Finding::fail(id, "XDG_RUNTIME_DIR is not set").compared(good, "").hint(anew()),
    }
}

fn address(facts: &Facts, environment: &Environment) -> Finding {
    let id = "env-bus";
    let good = format!("unix:path={}/bus", directory::path(facts.account.uid));
    match environment.bus.as_deref() {
        Some(value) if leads_to(value, &good) => Finding::ok(id, format!("DBUS_SESSION_BUS_ADDRESS={value}")),
        Some(value) => {
            Finding::warn(id, format!("DBUS_SESSION_BUS_ADDRESS={value}")).compared(good, value).hint(anew())
        }
        None => Finding::fail(id, "DBUS_SESSION_BUS_ADDRESS is not set").compared(good, "").hint(anew()),
    }
}

/// An address may have several parts and a guid, and a double slash changes nothing (D-Bus specification, "Server
/// Addresses").
fn leads_to(address: &str, good: &str) -> bool {
    let mut parts = address.split(';');
    parts.any(|part| part.split(',').next().is_some_and(|path| path.replace("//", "/") == good))
}

fn anew() -> String {
    "variables are set at login: once the rest is in order, log in again".to_owned()
}
