//! `/var/run` is writable for the group daemon, whose processes could hold a lock there; `/var/db` is root's alone. That its
//! files outlive a boot does no harm: nobody holds them any more.

pub(super) const DIRECTORY: &str = "/private/var/db/mendutils";
