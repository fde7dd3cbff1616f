# Where NixOS does not manage lingering, fix-linger does.
{
  name = "mendutils-linger-by-unit";

  nodes.machine = {
    imports = [ ./wsl-like.nix ];
    users.manageLingering = false;
  };

  testScript = builtins.readFile ./works.py + ''
    machine.wait_for_unit("multi-user.target")
    machine.wait_until_succeeds("test \"$(loginctl show-user alice -P Linger)\" = yes", timeout=30)
    session_works()
  '';
}
