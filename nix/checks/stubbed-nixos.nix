# The options of NixOS that the module reads or sets, under the true `lib.evalModules`: for machines without nixpkgs.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;
  lingerDefault = if lib.versionAtLeast config.system.stateVersion "25.11" then null else false;
  anything = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  list = mkOption {
    type = types.listOf types.anything;
    default = [ ];
  };
in
{
  options = {
    assertions = list;
    environment.systemPackages = list;
    fileSystems = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            freeformType = types.attrsOf types.anything;
            options.mountPoint = mkOption {
              type = types.str;
              default = name;
            };
          }
        )
      );
    };
    system.stateVersion = mkOption { type = types.str; };
    systemd = {
      packages = list;
      services = anything;
      targets.multi-user.wants = list;
      tmpfiles.settings = anything;
    };
    users.manageLingering = mkOption {
      type = types.bool;
      default = true;
    };
    users.users = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options = {
              name = mkOption {
                type = types.str;
                default = name;
              };
              uid = mkOption {
                type = types.nullOr types.int;
                default = null;
              };
              group = mkOption {
                type = types.str;
                default = if config.isNormalUser then "users" else "";
              };
              isNormalUser = mkOption {
                type = types.bool;
                default = false;
              };
              linger = mkOption {
                type = types.nullOr types.bool;
                default = lingerDefault;
              };
            };
          }
        )
      );
    };
  };
}
