//! Units of the system manager, the control group, and what keeps users out.

use oneshot::{Exit, Finding};
use systemd::unit::{Active, Load, Unit};
use user_session::causes;
use user_session::cgroup::Population;

use super::mend_and_start;
use crate::facts::{Facts, Place, Units};

/// `Result=` of a unit whose processes could not be put into their control group.
const RESOURCES: &str = "resources";

/// systemd.exec(5), "Process Exit Codes".
const EXIT_CGROUP: i32 = 219;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let units = match &facts.units {
        Ok(units) => units,
        Err(reason) => {
            return vec![
                Finding::skip("user-manager", format!("systemd was not asked: {reason}")),
                collision(facts, None),
                nologin(facts, None),
            ];
        }
    };
    vec![
        directory_unit(facts, units),
        manager(facts, units),
        collision(facts, Some(units)),
        nologin(facts, Some(units)),
    ]
}

fn directory_unit(facts: &Facts, units: &Units) -> Finding {
    let (id, unit) = ("runtime-dir-unit", &units.directory);
    let told = format!("{} is {}", unit.id, unit.summary());
    match unit.active {
        Active::Active | Active::Reloading => {
            Finding::ok(id, format!("{told}, which says nothing of the directory itself"))
        }
        Active::Failed => Finding::fail(id, told)
            .fixable()
            .hint(mend_and_start(facts))
            .hint(format!("journalctl -b -u {}", unit.id)),
        Active::Activating | Active::Deactivating => Finding::warn(id, told),
        _ if unit.condition == Some(false) => Finding::fail(id, format!("{told}: its condition was not met"))
            .shape("RF5")
            .hint("see runtime-dir-override"),
        _ if units.manager.is_up() || !facts.is_wanted() => Finding::skip(id, told),
        _ => Finding::warn(id, format!("{told}; it is started with user@{}.service", facts.account.uid)),
    }
}

fn manager(facts: &Facts, units: &Units) -> Finding {
    let (id, unit) = ("user-manager", &units.manager);
    let told = format!("{} is {}", unit.id, unit.summary());
    match unit.active {
        _ if unit.load != Load::Loaded => {
            Finding::fail(id, format!("the file of {} is {}", unit.id, unit.load))
                .hint(format!("systemctl unmask {}; on Debian libpam-systemd brings it", unit.id))
        }
        Active::Active | Active::Reloading => Finding::ok(id, told),
        _ if unit.is_moving() => moving(facts, units, told),
        Active::Failed => failed(facts, unit, told),
        _ if !facts.is_wanted() => {
            Finding::skip(id, format!("{told}: {} has no session and does not linger", facts.account.name))
        }
        _ => inactive(facts, unit, told),
    }
}

fn moving(facts: &Facts, units: &Units, told: String) -> Finding {
    let finding =
        Finding::fail("user-manager", format!("{told} and still on its way")).exits(Exit::Undecided);
    if units.sessions.is_up() && facts.nologin.is_empty() {
        return finding.hint("look again with --wait 30");
    }
    finding.shape("RF18").hint("it waits for systemd-user-sessions.service: systemctl list-jobs")
}

fn failed(facts: &Facts, unit: &Unit, told: String) -> Finding {
    let finding = Finding::fail("user-manager", told);
    if is_kept_out(facts, unit) {
        return finding.shape("RF12").hint("see cgroup-collision");
    }
    let hints = [mend_and_start(facts), format!("journalctl -b -u {}", unit.id)];
    let finding = finding.fixable().hints(hints);
    match facts.directory.place {
        Ok(Place::Directory(status)) if is_good(facts, status) => finding.shape("RF10"),
        _ => finding.hint("the cause is in the directory: see runtime-dir-*"),
    }
}

fn is_good(facts: &Facts, status: user_session::directory::Status) -> bool {
    (status.uid, status.gid, status.mode) == (facts.account.uid, facts.account.gid, 0o700)
}

fn inactive(facts: &Facts, unit: &Unit, told: String) -> Finding {
    // It ran and was taken down though it is wanted: the session ended before it was ready (microsoft/WSL#13562).
    if unit.inactive_since.is_some() {
        return Finding::fail("user-manager", format!("{told}: it ran in this boot and was stopped"))
            .shape("RF14")
            .fixable()
            .hint(format!("so that it stays: fix-linger {}", facts.account.uid))
            .hint(mend_and_start(facts));
    }
    let finding = Finding::fail("user-manager", format!("{told}: it never ran in this boot"))
        .shape("RF11")
        .fixable()
        .hint(mend_and_start(facts));
    if facts.wsl.as_ref().is_some_and(|wsl| !wsl.has_login) {
        return finding.hint("WSL logs users in with /bin/login, which is missing: see bin-login");
    }
    finding
}

fn is_kept_out(facts: &Facts, unit: &Unit) -> bool {
    let is_cgroup =
        unit.active == Active::Failed && (unit.result == RESOURCES || unit.main_status == EXIT_CGROUP);
    matches!(facts.population, Population::Foreign { .. }) || (facts.host.wsl.is_some() && is_cgroup)
}

fn collision(facts: &Facts, units: Option<&Units>) -> Finding {
    let id = "cgroup-collision";
    let group = match &facts.population {
        Population::Foreign { path } => Some(path.clone()),
        _ if units.is_some_and(|units| is_kept_out(facts, &units.manager)) => {
            Some(format!("/user.slice/user-{0}.slice/user@{0}.service", facts.account.uid))
        }
        _ => None,
    };
    match group {
        Some(group) => {
            let (cause, hints) = causes::foreign_cgroup(&group);
            Finding::fail(id, cause).shape("RF12").hints(hints)
        }
        None => Finding::ok(id, "no other distribution holds the control group of the manager"),
    }
}

fn nologin(facts: &Facts, units: Option<&Units>) -> Finding {
    let Some(path) = facts.nologin.first() else {
        return Finding::ok("nologin", "nothing keeps users from logging in");
    };
    let text = format!("{path} keeps users other than root from logging in");
    let finding = if facts.is_up() { Finding::warn("nologin", text) } else { Finding::fail("nologin", text) };
    let finding = finding.shape("RF18");
    if units.is_some_and(|units| units.sessions.is_up()) || *path != "/run/nologin" {
        finding.hint(format!("if no shutdown is due, it was left behind: rm {path}"))
    } else {
        finding.hint(
            "systemd removes it when the boot is far enough: systemctl start systemd-user-sessions.service",
        )
    }
}
