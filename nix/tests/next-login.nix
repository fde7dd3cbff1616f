# The repair belongs to every start of the runtime directory, not to the boot.
{
  name = "mendutils-next-login";

  nodes.machine = {
    imports = [ ./wsl-like.nix ];
    wsl-settings.systemdUserSession.enableLinger = false;
  };

  testScript = builtins.readFile ./works.py + ''
    machine.wait_for_unit("multi-user.target")

    for _ in range(2):
        machine.succeed("systemctl stop user@1000.service user-runtime-dir@1000.service")
        machine.wait_until_fails("test -e /run/user/1000")
        machine.succeed("mkdir /mnt/wslg/run/user/1000 && mount -t tmpfs tmpfs /mnt/wslg/run/user/1000")
        machine.succeed("test \"$(stat -c '%u:%g %a' /run/user/1000)\" = '0:0 1777'")
        machine.succeed("systemctl start user@1000.service")
        session_works()
  '';
}
