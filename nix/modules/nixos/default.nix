{
  imports = [
    ./podman-auto-update.nix
    ./podman-stacks.nix
    ./systemd-user-session.nix
    ./unit-provenance.nix
  ];
}
