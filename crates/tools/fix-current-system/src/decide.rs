//! What is to be done, from the facts alone.

use std::path::Path;

use nix_host::{Platform, gc_root, profile, run_folder, system};
use oneshot::Finding;

use crate::arguments::Stale;
use crate::facts::Facts;
use crate::step::Step;
use crate::words;

/// The steps, and what there is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are to be taken.
    pub steps: Vec<Step>,
    /// What is in order, and what no step mends.
    pub findings: Vec<Finding>,
    /// What is to be said once the steps are taken.
    pub notes: Vec<Finding>,
}

/// Decides. `stale`: whether a link that works is replaced too, where it leads to another system than the profile.
#[must_use]
pub fn decide(facts: &Facts, stale: Stale) -> Plan {
    let mut plan = Plan::default();
    if let Some(finding) = run(facts) {
        plan.findings.push(finding);
        return plan;
    }
    match profile::wanted(&facts.profile) {
        Err(doubt) => plan.findings.push(words::doubt(facts, &doubt)),
        Ok(wanted) => {
            current(facts, &wanted, stale, &mut plan);
            root(facts, &mut plan);
        }
    }
    plan
}

/// What is wrong with `/run`: without it nothing can be linked, and nothing here makes it.
#[must_use]
pub fn run(facts: &Facts) -> Option<Finding> {
    match run_folder::judge(facts.platform, &facts.run) {
        run_folder::Standing::Right => None,
        standing => Some(words::run(facts, &standing)),
    }
}

fn current(facts: &Facts, wanted: &Path, stale: Stale, plan: &mut Plan) {
    use system::Standing;
    let mut link = |because: String| plan.steps.push(Step::Link { target: wanted.to_owned(), because });
    match system::judge(&facts.current, wanted) {
        Standing::Right => plan.findings.push(words::right(wanted)),
        Standing::Missing => link("it is missing (LF1)".to_owned()),
        Standing::Dangling(reason) => link(format!("it leads nowhere (LF12): {reason}")),
        Standing::Stale(former)
            if stale == Stale::Always || (stale == Stale::FormerBoot && facts.is_of_former_boot) =>
        {
            link(format!("it leads to {} (LF10)", former.display()));
            plan.notes.extend(facts.orphans.iter().map(|path| words::orphan(path)));
        }
        // An older generation was booted, a switch was only tested, or a specialisation runs: all of that is meant.
        Standing::Stale(former) if facts.platform == Platform::NixOs => {
            plan.findings.push(words::other_generation(&former, wanted));
        }
        // Somebody linked it since the boot: an activation is on its way, or broke off. The boot has no part in that.
        Standing::Stale(former) if stale == Stale::FormerBoot => {
            plan.findings.push(words::of_this_boot(&former, wanted));
        }
        Standing::Stale(former) => plan.findings.push(words::stale(facts, &former, wanted)),
        Standing::NotALink(kind) => plan.findings.push(words::no_link(kind)),
        Standing::NoFolder(reason) | Standing::Unreadable(reason) => {
            plan.findings.push(words::unreadable(&reason));
        }
    }
}

fn root(facts: &Facts, plan: &mut Plan) {
    use gc_root::Standing;
    let path = &facts.gc_root_at;
    let mut link = |because: String| plan.steps.push(Step::Root { path: path.clone(), because });
    match gc_root::judge(&facts.gc_root) {
        Standing::Right | Standing::NoFolder => {}
        Standing::Missing => link("it is missing".to_owned()),
        Standing::Wrong(text) => link(format!("it leads to {}", text.display())),
        Standing::NotALink(kind) => plan.findings.push(words::no_root(path, &format!("{kind} stands there"))),
        Standing::Unreadable(reason) => plan.findings.push(words::no_root(path, &reason)),
    }
}

#[cfg(test)]
mod tests;
