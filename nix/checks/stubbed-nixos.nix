# The options of NixOS that the module reads or sets, under the true `lib.evalModules`: for machines without nixpkgs.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib) mkOption types;
  lingerDefault = if lib.versionAtLeast config.system.stateVersion "25.11" then null else false;
  anything = mkOption {
    type = types.attrsOf types.anything;
    default = { };
  };
  # A list of lines, or one value that all agree on, as nixos/lib/systemd-unit-options.nix merges them.
  settings = mkOption {
    default = { };
    type = types.attrsOf (
      lib.mkOptionType {
        name = "systemd option";
        merge =
          place: definitions:
          if lib.any (one: lib.isList one.value) definitions then
            lib.concatMap (one: lib.toList one.value) definitions
          else
            lib.mergeEqualOption place definitions;
      }
    );
  };
  yes = mkOption {
    type = types.bool;
    default = true;
  };
  no = yes // {
    default = false;
  };
  services = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule {
        options = {
          unitConfig = settings;
          serviceConfig = settings;
          path = list;
          environment = anything;
          wantedBy = list;
          reloadIfChanged = no;
          restartIfChanged = yes;
          stopIfChanged = yes;
          postStop = mkOption {
            type = types.lines;
            default = "";
          };
        };
      }
    );
  };
  timers = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule {
        options = {
          unitConfig = settings;
          timerConfig = settings;
          wantedBy = list;
        };
      }
    );
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
      inherit services timers;
      user = { inherit services timers; };
      targets.multi-user.wants = list;
      tmpfiles.settings = anything;
    };
    virtualisation.podman = {
      enable = no;
      package = mkOption {
        type = types.package;
        default = pkgs.podman;
      };
    };
    warnings = list;
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
              autoSubUidGidRange = mkOption {
                type = types.bool;
                default = config.isNormalUser;
              };
              subUidRanges = list;
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
