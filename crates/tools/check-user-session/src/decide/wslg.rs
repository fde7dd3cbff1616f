//! What WSL adds: its login, the links to WSLg, and a warning that may be false.

use crate::facts::Place;
use oneshot::Finding;
use user_session::bus::Answer;

use super::mend;
use crate::facts::{Facts, WslSession};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let Some(wsl) = &facts.wsl else { return Vec::new() };
    let mut found = vec![login(wsl)];
    if wsl.has_gui {
        found.extend([links(facts, wsl), servers(wsl)]);
    } else {
        found.push(Finding::skip("wslg-links", "WSLg is off (guiApplications)"));
    }
    found.extend(x11(wsl));
    found.extend(warning(facts));
    found
}

fn login(wsl: &WslSession) -> Finding {
    if wsl.has_login {
        return Finding::ok("bin-login", "/bin/login is there, with which WSL logs users in");
    }
    Finding::fail("bin-login", "/bin/login is missing, with which WSL logs users in")
        .shape("RF11")
        .hint("install it (on Debian: login); on NixOS it comes with wsl.enable of NixOS-WSL")
}

fn links(facts: &Facts, wsl: &WslSession) -> Finding {
    if !matches!(facts.directory.place, Ok(Place::Directory(_))) {
        return Finding::skip("wslg-links", "there is no runtime directory to hold the links to WSLg");
    }
    let lost = match &wsl.lost_links {
        Err(reason) => return Finding::skip("wslg-links", reason.clone()),
        Ok(lost) if lost.is_empty() => {
            return Finding::ok("wslg-links", "the links to Wayland and PulseAudio of WSLg lead somewhere");
        }
        Ok(lost) => lost,
    };
    let names: Vec<_> = lost.iter().map(|link| link.name).collect();
    let text = format!("links to WSLg are missing or lead nowhere: {}", names.join(", "));
    if !facts.is_up() {
        return Finding::skip("wslg-links", format!("{text}; they come with the manager"));
    }
    Finding::fail("wslg-links", text).shape("RF16").fixable().hint(mend(facts))
}

/// The servers are Windows' side: nothing here can mend them.
fn servers(wsl: &WslSession) -> Finding {
    let is_dead = |answer: &Answer| matches!(answer, Answer::Refuses | Answer::Missing);
    let dead: Vec<_> =
        wsl.servers.iter().filter(|(_, answer)| is_dead(answer)).map(|(name, _)| *name).collect();
    if dead.is_empty() {
        return Finding::ok("wslg-servers", "Wayland and PulseAudio of WSLg answer");
    }
    Finding::warn("wslg-servers", format!("nobody answers at WSLg's {}", dead.join(" and ")))
        .hint("WSLg's own side is down: \"wsl --shutdown\" in Windows starts it anew")
}

fn x11(wsl: &WslSession) -> Option<Finding> {
    Some(match wsl.has_x11? {
        true => Finding::ok("wslg-x11", "the X11 socket of WSLg stands where its clients look"),
        false => Finding::warn("wslg-x11", "the X11 socket of WSLg is missing where its clients look")
            .shape("RF16")
            .hint("systemctl restart wslg.service"),
    })
}

/// RF21: WSL gives up waiting, or looks for systemctl in the wrong place, while all is well.
fn warning(facts: &Facts) -> Option<Finding> {
    (facts.is_up() && facts.sockets.bus.listens()).then(|| {
        let text = "the session works; if WSL said \"Failed to start the systemd user session\", it looked too early";
        Finding::ok("wsl-warning", text).shape("RF21")
    })
}
