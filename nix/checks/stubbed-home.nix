# The options of Home Manager that the modules read or set, under the true `lib.evalModules`: for machines without it.
{ lib, pkgs, ... }:

let
  inherit (lib) mkOption types;
  list = mkOption {
    type = types.listOf types.anything;
    default = [ ];
  };
  str = mkOption { type = types.str; };
  bool =
    default:
    mkOption {
      type = types.bool;
      inherit default;
    };

  primitive = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
  ];
  units =
    service:
    mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule {
          freeformType = types.attrsOf (types.attrsOf (types.either primitive (types.listOf primitive)));
          options = {
            Unit.Documentation = list;
          }
          // lib.optionalAttrs service {
            Service = {
              Environment = list;
              ExecStart = mkOption {
                type = types.either types.str (types.listOf types.str);
                apply = lib.toList;
                default = [ ];
              };
            };
          };
        }
      );
    };
in
{
  config._module.args.osConfig = lib.mkDefault null;

  options = {
    assertions = list;
    warnings = list;
    home = {
      username = str;
      homeDirectory = str;
      stateVersion = str;
      packages = list;
      activation = mkOption {
        default = { };
        type = types.attrsOf types.anything;
      };
    };
    services.podman = {
      enable = bool false;
      package = mkOption {
        type = types.package;
        default = pkgs.podman;
      };
      autoUpdate.enable = bool true;
    };
    systemd.user = {
      enable = bool true;
      startServices = mkOption {
        type = types.either types.bool types.str;
        default = true;
      };
      servicesStartTimeoutMs = mkOption {
        type = types.ints.unsigned;
        default = 0;
      };
      services = units true;
      timers = units false;
    };
    xdg = {
      configHome = str // {
        default = "/home/tim/.config";
      };
      configFile = mkOption {
        default = { };
        type = types.attrsOf (types.submodule { options.force = bool false; });
      };
    };
  };
}
