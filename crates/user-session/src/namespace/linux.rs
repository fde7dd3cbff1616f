//! Comparing roots.

use oneshot::Root;

use crate::directory;

/// Whether this process's root is that of PID 1: then both find the same at every path. One root for both means one mount
/// namespace too, because a mount belongs to one only; and in one namespace a process may still have another root. False
/// where that cannot be told (before Linux 6.8, or only root may look).
#[must_use]
pub fn shares_root(root: &Root) -> bool {
    let [own, first] = [c"/", c"/proc/1/root"].map(|path| directory::spot_at(path).ok().flatten());
    root.is_real() && own.is_some() && own == first
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_tree_is_nobodys_root() {
        assert!(!shares_root(&Root::new(Path::new("/tmp"))));
    }
}
