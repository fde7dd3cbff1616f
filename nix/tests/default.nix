# VM tests, one behaviour each. They need a builder with KVM: `nix build .#checks.<system>.vm-<name>`.
{
  linger-by-unit = ./linger-by-unit.nix;
  next-login = ./next-login.nix;
  podman-stack = ./podman-stack.nix;
  stray-mount = ./stray-mount.nix;
  switch = ./switch.nix;
}
