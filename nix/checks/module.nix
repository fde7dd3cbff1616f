# What the NixOS modules do to a host, case by case: { <case> = { expr, expected }; }.
#
# tests/tests/nix.rs and the flake's checks evaluate the same cases. Nothing is built.
{
  nixpkgs ? null,
  lib ? import (nixpkgs + "/lib"),
  ...
}@arguments:

let
  world = import ./worlds.nix arguments;
  module = ../modules/nixos;

  session = settings: { wsl-settings.systemdUserSession = settings; };
  tmpfs = {
    device = "tmpfs";
    fsType = "tmpfs";
  };
  tim = {
    users.users.tim = {
      isNormalUser = true;
      uid = 1000;
    };
  };

  wsl = {
    imports = world.wslModules;
    wsl.enable = true;
    wsl.defaultUser = "tim";
  };
  plain = modules: world.evaluate (modules ++ [ tim ]);
  onWsl = modules: world.evaluate (modules ++ [ wsl ]);

  # What of a host the module may change.
  wanted =
    host:
    lib.filter (unit: lib.hasPrefix "fix-" unit) (
      lib.naturalSort host.config.systemd.targets.multi-user.wants
    );
  unitPackages =
    host:
    lib.naturalSort (
      map (package: package.name) (
        lib.filter (package: lib.hasPrefix "fix-" (package.name or "")) host.config.systemd.packages
      )
    );
  safetyNet = host: host.config.systemd.tmpfiles.settings."50-mendutils" or { };
  rules = host: lib.mapAttrs (_: lib.attrNames) (safetyNet host);
  layers = host: {
    wants = wanted host;
    packages = unitPackages host;
    # Not set is null or false, by release and stateVersion.
    linger = host.config.users.users.tim.linger == true;
    tmpfiles = rules host;
  };
  refusals =
    host:
    map (failed: failed.message) (
      lib.filter (
        check: !check.assertion && lib.hasInfix "runtime directory" check.message
      ) host.config.assertions
    );
  # The entries that the one refusal names.
  refusedEntries =
    host:
    lib.concatMap (
      message:
      map (line: lib.head (lib.splitString "   in " (lib.removePrefix "  " line))) (
        lib.filter (lib.hasPrefix "  fileSystems.") (lib.splitString "\n" message)
      )
    ) (refusals host);
  says = message: lib.all (words: lib.hasInfix words message);

  scope = {
    inherit
      lib
      module
      session
      tmpfs
      world
      wsl
      plain
      onWsl
      wanted
      unitPackages
      safetyNet
      rules
      layers
      refusals
      refusedEntries
      says
      nixpkgs
      ;
  };
in
import ./cases/layers.nix scope
// import ./cases/accounts.nix scope
// import ./cases/guard.nix scope
// import ./cases/stacks-nixos.nix scope
// import ./cases/provenance-nixos.nix scope
// lib.optionalAttrs world.real (import ./cases/real.nix scope)
