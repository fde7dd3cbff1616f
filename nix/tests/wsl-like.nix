# A machine with the mounts of WSL, one account, and the module.
{ pkgs, ... }:

{
  imports = [ ../modules/nixos ];

  wsl-settings.systemdUserSession.users = [ "alice" ];
  users.users.alice = {
    isNormalUser = true;
    uid = 1000;
  };

  # WSL's init does this before it starts systemd: /mnt/wslg is shared, and /run/user is a bind of its run/user.
  systemd.services.wsl-mounts = {
    wantedBy = [ "sysinit.target" ];
    wants = [ "local-fs-pre.target" ];
    after = [ "systemd-remount-fs.service" ];
    before = [
      "local-fs-pre.target"
      "systemd-tmpfiles-setup.service"
      "systemd-logind.service"
    ];
    unitConfig.DefaultDependencies = false;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
    path = [ pkgs.util-linux ];
    script = ''
      mkdir -p /mnt/wslg
      mount -t tmpfs -o mode=755 none /mnt/wslg
      mount --make-shared /mnt/wslg
      mkdir -p -m 755 /mnt/wslg/run/user /run/user
      mount -t tmpfs -o mode=755,noexec,nosuid,nodev,noatime none /run/user
      mount --bind /mnt/wslg/run/user /run/user
    '';
  };
}
