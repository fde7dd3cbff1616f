# Every module for nix-darwin.
{
  imports = [ ./nix-boot-activation.nix ];
}
