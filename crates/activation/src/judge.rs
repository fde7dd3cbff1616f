//! From facts to troubles. Reads nothing.

use crate::facts::Facts;
use crate::trouble::Trouble;

/// All that is wrong, what explains the rest first. What cannot be judged while the store is away is passed over: once it is
/// there, the look has to be repeated.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Trouble> {
    let platform = facts.look.platform;
    let mut troubles = facts.ground.troubles(platform, facts.look.is_managed);
    let has_store = facts.ground.has_store();
    if has_store && facts.look.is_managed {
        troubles.extend(facts.look.troubles());
        troubles.extend(facts.files.troubles(platform));
    }
    if let Some(jobs) = &facts.jobs {
        troubles.extend(jobs.troubles(facts.look.is_right(), has_store));
    }
    troubles.extend(facts.files.shell_trouble());
    troubles
}

#[cfg(test)]
mod tests;
