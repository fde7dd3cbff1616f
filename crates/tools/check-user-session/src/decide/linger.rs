//! logind, linger, and what a NixOS configuration says of it.

use oneshot::Finding;
use oneshot::text::quoted;
use user_session::causes;
use user_session::policy::Verdict;

use crate::facts::Facts;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![session(facts), linger(facts)];
    found.extend(policy(facts));
    found.extend(facts.linger.unknown.iter().map(|name| {
        Finding::warn("linger-unknown", format!("a linger file names {}, whom nobody knows", quoted(name)))
            .shape("RF15")
            .hint(format!("rm {}", user_session::linger::path(name)))
    }));
    found
}

fn session(facts: &Facts) -> Finding {
    let name = &facts.account.name;
    match &facts.linger.user {
        Err(reason) => Finding::skip("session", format!("logind was not asked: {reason}")),
        Ok(None) => Finding::skip("session", format!("logind knows nothing of {name}")),
        Ok(Some(user)) => {
            let sessions = match user.sessions.as_slice() {
                [] => "without a session".to_owned(),
                sessions => format!("with session {}", sessions.join(" ")),
            };
            Finding::ok("session", format!("logind calls {name} {}, {sessions}", user.state))
        }
    }
}

fn linger(facts: &Facts) -> Finding {
    let name = &facts.account.name;
    let known = match &facts.linger.user {
        Ok(user) => Some(user.as_ref().is_some_and(|user| user.linger)),
        Err(_) => None,
    };
    let cure = format!("fix-linger {name}");
    match (facts.linger.is_declared, known) {
        (true, Some(false)) => {
            Finding::fail("linger", format!("{name} has a linger file that logind has not taken up"))
                .shape("RF15")
                .fixable()
                .hint(cure)
        }
        (true, _) => Finding::ok("linger", format!("{name} lingers: the manager needs no session")),
        (false, _) if facts.linger.policy == Some(Verdict::Enables) => {
            Finding::fail("linger", format!("{name} does not linger, though the NixOS configuration says so"))
                .shape("RF15")
                .fixable()
                .hint(cure)
                .hint("journalctl -b -u linger-users.service")
        }
        (false, _) if facts.wsl.is_some() && facts.account.uid != 0 => {
            let text = format!("{name} does not linger: the manager ends with the last session");
            let finding = Finding::warn("linger", text).shape("RF15");
            if facts.linger.policy == Some(Verdict::Disables) {
                // What a program enables the next boot undoes.
                finding.hints(causes::linger_undone(name))
            } else {
                finding.fixable().hint(cure)
            }
        }
        (false, _) => Finding::skip("linger", format!("{name} does not linger, and nothing asks for it")),
    }
}

fn policy(facts: &Facts) -> Option<Finding> {
    let name = &facts.account.name;
    match facts.linger.policy? {
        Verdict::Disables if facts.linger.is_declared => Some(
            Finding::warn(
                "linger-policy",
                format!("the next boot or switch of NixOS disables the linger of {name}"),
            )
            .shape("RF15")
            .hints(causes::linger_undone(name)),
        ),
        Verdict::Disables => None,
        Verdict::Enables => {
            Some(Finding::ok("linger-policy", format!("the NixOS configuration lets {name} linger")))
        }
        Verdict::LeavesAlone => {
            Some(Finding::ok("linger-policy", format!("the NixOS configuration leaves {name} alone")))
        }
        Verdict::Unknown => {
            Some(Finding::skip("linger-policy", "the script of linger-users.service could not be understood"))
        }
    }
}
