# What nixos-generate-config writes on a WSL host with a session, cut to the entry that breaks it.
{
  fileSystems."/mnt/wslg/run/user/1000" = {
    device = "tmpfs";
    fsType = "tmpfs";
  };
}
