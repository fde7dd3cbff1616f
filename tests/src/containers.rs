//! What a machine needs for rootless podman to work in it.

/// Podman's storage is an overlay itself, and the root of a machine is one already: these are file systems of their own.
pub(crate) const STORAGE: [&str; 2] = ["/home", "/var/lib/containers"];

/// Settings without which nothing starts: a machine has no pids controller. Podman 4.3 copies whole images when it is not
/// told to use an overlay.
pub(crate) const FILES: [(&str, &str); 2] = [
    ("/etc/containers/containers.conf.d/lab.conf", "[containers]\npids_limit = 0\n"),
    ("/etc/containers/storage.conf", "[storage]\ndriver = \"overlay\"\n"),
];

/// A registry, where one is installed: it is there for the tests that start one of their own.
pub(crate) const REGISTRY: (&str, &str) = ("/etc/systemd/system/docker-registry.service", "/dev/null");

/// Started at boot. Quadlet's units wait for it through a unit of the user manager, which gives up after 90 s; and nothing
/// else here wants it. A link and its target.
pub(crate) const ONLINE: (&str, &str) = (
    "/etc/systemd/system/multi-user.target.wants/network-online.target",
    "/usr/lib/systemd/system/network-online.target",
);
