{
  imports = [
    ./podman-auto-update.nix
    ./podman-stacks.nix
    ./unit-provenance.nix
  ];
}
