{
  imports = [
    ./nix-activation-recovery.nix
    ./podman-auto-update.nix
    ./podman-stacks.nix
  ];
}
