# The options of NixOS-WSL that the module reads, for machines without NixOS-WSL.
{ config, lib, ... }:

{
  options.wsl = {
    enable = lib.mkEnableOption "NixOS-WSL";
    defaultUser = lib.mkOption {
      type = lib.types.str;
      default = "nixos";
    };
    wslConf.automount.root = lib.mkOption {
      type = lib.types.str;
      default = "/mnt";
    };
  };

  config = lib.mkIf config.wsl.enable {
    users.users.${config.wsl.defaultUser} = {
      isNormalUser = true;
      uid = lib.mkDefault 1000;
    };
  };
}
