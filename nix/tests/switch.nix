# Switching to a configuration with the module, and away from it, leaves a live session alone.
{
  name = "mendutils-switch";

  nodes.machine =
    { lib, ... }:
    {
      imports = [ ./wsl-like.nix ];
      users.users.alice.linger = true;
      wsl-settings.systemdUserSession.users = lib.mkForce [ ];
      specialisation.mended.configuration = {
        wsl-settings.systemdUserSession.users = lib.mkOverride 40 [ "alice" ];
      };
    };

  testScript = ''
    machine.wait_for_unit("user@1000.service")
    machine.succeed("touch /run/user/1000/kept")
    manager = machine.succeed("systemctl show -P InvocationID user@1000.service")

    for system in ["/run/booted-system/specialisation/mended", "/run/booted-system"]:
        machine.succeed(f"{system}/bin/switch-to-configuration test >&2")
        assert machine.succeed("systemctl show -P InvocationID user@1000.service") == manager
        machine.succeed("test -e /run/user/1000/kept")
        machine.succeed("test \"$(stat -c '%u:%g %a' /run/user/1000)\" = '1000:100 700'")
  '';
}
