//! What follows from what was seen.

use super::SoleMount;
use crate::Mount;

/// A mount as statmount(2) tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The number that [`crate::directory::Spot`] has.
    pub(super) id: u64,
    /// That of the mount it stands on.
    pub(super) parent: u64,
    pub(super) mount: Mount,
}

/// What was seen of a path and of the directory above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// This process finds at a path what PID 1 finds there ([`crate::namespace`]).
    pub(super) shares_root: bool,
    /// The mount of the directory above.
    pub(super) above: u64,
    /// The mount that a lookup of the path ends on.
    pub(super) place: u64,
    pub(super) told: Told,
    pub(super) others: Vec<String>,
}

/// A mount that stands on the mount of the directory above covers no other, and nothing covers the one that a lookup ended
/// on.
pub(super) fn judge(seen: Seen, path: &str) -> Option<SoleMount> {
    let stands_there =
        seen.told.id == seen.place && seen.place != seen.above && seen.told.mount.point == path;
    let covers_none = seen.told.parent == seen.above;
    (seen.shares_root && stands_there && covers_none)
        .then_some(SoleMount { mount: seen.told.mount, others: seen.others })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/run/user/1000";

    fn healthy() -> Seen {
        let mount = Mount {
            id: 9,
            parent: 8,
            device: (0, 9),
            root: "/".into(),
            point: PATH.into(),
            options: "rw,nosuid,nodev,relatime".into(),
            peer_group: None,
            fstype: "tmpfs".into(),
            source: String::new(),
            super_options: "rw,size=8k,nr_inodes=2".into(),
        };
        Seen {
            shares_root: true,
            above: 108,
            place: 109,
            told: Told { id: 109, parent: 108, mount },
            others: vec!["/mnt/wslg/run/user/1000".into()],
        }
    }

    fn is_certain(change: impl FnOnce(&mut Seen)) -> bool {
        let mut seen = healthy();
        change(&mut seen);
        judge(seen, PATH).is_some()
    }

    #[test]
    fn one_mount_on_that_of_the_directory_above_is_the_only_one() {
        let seen = healthy();
        let sole = SoleMount { mount: seen.told.mount.clone(), others: seen.others.clone() };
        assert_eq!(judge(seen, PATH), Some(sole));
    }

    #[test]
    fn a_mount_that_stands_on_another_than_the_one_above_covers_it() {
        assert!(!is_certain(|seen| seen.told.parent = 107));
    }

    #[test]
    fn a_plain_directory_is_on_the_mount_above_it() {
        assert!(!is_certain(|seen| {
            seen.place = seen.above;
            seen.told.id = seen.above;
            seen.told.parent = 1;
        }));
        // The root of a namespace is its own parent.
        assert!(!is_certain(|seen| {
            seen.place = seen.above;
            (seen.told.id, seen.told.parent) = (seen.above, seen.above);
        }));
    }

    #[test]
    fn what_stands_elsewhere_is_not_the_one_at_the_path() {
        assert!(!is_certain(|seen| seen.told.mount.point = "/srv/run/user/1000".into()));
        assert!(!is_certain(|seen| seen.told.id = 110));
    }

    #[test]
    fn another_root_than_that_of_pid_1_proves_nothing() {
        assert!(!is_certain(|seen| seen.shares_root = false));
    }
}
