# The entry that nixos-generate-config writes on a WSL host: a root-owned tmpfs that lands on the runtime directory.
# (Off WSL the module does not refuse it, so that this machine can have it.)
{
  name = "mendutils-stray-mount";

  nodes.machine = {
    imports = [ ./wsl-like.nix ];
    virtualisation.fileSystems."/mnt/wslg/run/user/1000" = {
      device = "tmpfs";
      fsType = "tmpfs";
    };
  };

  testScript = builtins.readFile ./works.py + ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep ' /mnt/wslg/run/user/1000 tmpfs ' /etc/fstab")
    session_works()
    machine.wait_until_succeeds("test \"$(systemctl show -P Result fix-runtime-dir@1000.service)\" = success")
  '';
}
