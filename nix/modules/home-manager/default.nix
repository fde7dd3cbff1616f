{
  imports = [
    ./podman-auto-update.nix
    ./podman-stacks.nix
  ];
}
