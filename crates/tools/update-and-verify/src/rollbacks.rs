//! Rollbacks outlive the run that saw them: `podman auto-update` shows nothing of one the next time.

use serde::{Deserialize, Serialize};

use podman::auto_update::Updated;

use crate::facts::Facts;

/// How long one of a container that is not there is kept: 90 days, in µs.
const KEPT: i64 = 90 * 24 * 3600 * 1_000_000;

/// A container that was put back on an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// Its name.
    pub container: String,
    /// Its unit.
    pub unit: String,
    /// The image as it was asked for.
    pub image_name: String,
    /// Id of the image that it was put back on.
    pub image: String,
    /// When that happened first, in µs since 1970.
    pub since: i64,
}

/// What is to be kept for the next run, and what this run has to warn of. `now`: µs since 1970.
#[must_use]
pub fn carry(old: &[Rollback], facts: &Facts, now: i64) -> (Vec<Rollback>, Vec<Rollback>) {
    let image_of = |name: &str| {
        let after = facts.after.iter().find(|one| one.name == name).map(|one| &one.image);
        after.or_else(|| facts.before.iter().find(|one| one.name == name).map(|one| &one.image))
    };
    let rows = facts.run.rows.iter().filter(|row| row.updated == Updated::RolledBack);
    let mut kept: Vec<Rollback> = rows
        .filter_map(|row| {
            let image = image_of(&row.name)?.clone();
            let known = old.iter().find(|one| one.container == row.name && one.image == image);
            Some(Rollback {
                container: row.name.clone(),
                unit: row.unit.clone(),
                image_name: row.image.clone(),
                image,
                since: known.map_or(now, |known| known.since),
            })
        })
        .collect();
    let is_new = |one: &&Rollback| !kept.iter().any(|new| new.container == one.container);
    let rest: Vec<Rollback> = old.iter().filter(is_new).cloned().collect();
    let (mut still, mut absent) = (Vec::new(), Vec::new());
    for one in rest {
        match image_of(&one.container) {
            // It was updated since.
            Some(image) if *image != one.image => {}
            Some(_) => still.push(one),
            // Its unit may be down for a while; one that was removed for good is forgotten in the end.
            None if now.saturating_sub(one.since) < KEPT => absent.push(one),
            None => {}
        }
    }
    kept.extend(still.iter().cloned());
    kept.extend(absent);
    kept.sort_by(|one, other| one.container.cmp(&other.container));
    (kept, still)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Known;
    use podman::auto_update::{End, Row, Run};

    fn facts(image: &str, updated: Updated) -> Facts {
        let known = Known { id: "1".into(), name: "app".into(), image: image.into(), ..Known::default() };
        let row = Row {
            unit: "app.service".into(),
            id: "1".into(),
            name: "app".into(),
            image: "localhost/app:latest".into(),
            updated,
        };
        Facts {
            before: vec![known],
            units_before: Default::default(),
            run: Run { rows: vec![row], errors: Vec::new(), end: End::Code(0) },
            after: Vec::new(),
            units_after: Default::default(),
            current: Default::default(),
            reloads: Vec::new(),
            lost_pulls: Vec::new(),
            expect: Vec::new(),
            is_dry: false,
            is_verified: true,
        }
    }

    #[test]
    fn a_rollback_is_warned_of_from_the_next_run_on_until_another_image_runs() {
        let (kept, still) = carry(&[], &facts("old", Updated::RolledBack), 7);
        assert_eq!((kept.len(), still.len()), (1, 0));
        assert_eq!(kept.first().map(|one| (one.image.as_str(), one.since)), Some(("old", 7)));
        let (again, still) = carry(&kept, &facts("old", Updated::No), 8);
        assert_eq!((&again, &still), (&kept, &kept));
        // The registry still has the bad one: the first time is what counts.
        let (again, still) = carry(&kept, &facts("old", Updated::RolledBack), 9);
        assert_eq!((&again, still.len()), (&kept, 0));
        let (kept, still) = carry(&kept, &facts("new", Updated::No), 10);
        assert!(kept.is_empty() && still.is_empty());
    }

    #[test]
    fn one_that_is_not_there_is_kept_without_a_word() {
        let (old, _) = carry(&[], &facts("old", Updated::RolledBack), 7);
        let absent = Facts { before: Vec::new(), ..facts("old", Updated::No) };
        let (kept, still) = carry(&old, &absent, 8);
        assert_eq!((&kept, still.len()), (&old, 0));
        assert!(carry(&old, &absent, 8 + KEPT).0.is_empty());
    }
}
