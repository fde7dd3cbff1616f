# Where the cases are evaluated: with the real NixOS where nixpkgs is given, and with the real Home Manager where that is
# given too; else with stubs.
#
# A world gives
#   real         whether this is the real NixOS
#   pkgs         the packages, or what stands in for them
#   wslModules   what makes the `wsl` options exist
#   evaluate     modules -> { config, options }
#   fingerprint  an evaluated host -> a value that differs where the built system would
#   userUnits    an evaluated host -> the text of each user unit that NixOS writes
#   home         the same of Home Manager: { real, evaluate, fingerprint, units, links }
#   darwin       the same of nix-darwin: { real, evaluate, fingerprint }
{
  nixpkgs ? null,
  nixosWsl ? null,
  homeManager ? null,
  nixDarwin ? null,
  lib ? import (nixpkgs + "/lib"),
}:

let
  wslModules = [ (if nixosWsl == null then ./wsl-options.nix else nixosWsl + "/modules") ];
  base = {
    fileSystems."/" = {
      device = "/dev/sda";
      fsType = "ext4";
    };
    system.stateVersion = lib.mkDefault "25.11";
  };

  stub = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    meta.mainProgram = name;
  };
  stubPkgs = lib.genAttrs [ "docker-compose" "podman" "podman-compose" ] stub // {
    stdenv.hostPlatform.isDarwin = false;
    callPackage =
      _path: _arguments:
      stub "mendutils"
      // {
        units = lib.genAttrs [ "fix-runtime-dir" "fix-linger" ] (program: stub "${program}-units");
      };
  };

  darwin =
    if nixpkgs != null && nixDarwin != null then
      {
        real = true;
        evaluate =
          modules:
          import (nixDarwin + "/eval-config.nix") {
            inherit lib;
            enableNixpkgsReleaseCheck = false;
            modules = modules ++ [
              {
                nixpkgs.source = nixpkgs;
                nixpkgs.hostPlatform = "aarch64-darwin";
                system.stateVersion = 6;
                documentation.enable = false;
                programs.bash.enable = true;
                programs.fish.enable = true;
              }
            ];
          };
        fingerprint = host: host.config.system.build.toplevel.drvPath;
      }
    else
      {
        real = false;
        evaluate =
          modules:
          lib.evalModules {
            specialArgs.pkgs = stubPkgs;
            modules = modules ++ [ ./stubbed-darwin.nix ];
          };
        fingerprint = host: removeAttrs host.config [ "services" ];
      };

  home = {
    username = "tim";
    homeDirectory = "/home/tim";
    stateVersion = "25.11";
  };
  stubbedHome = {
    real = false;
    pkgs = stubPkgs;
    evaluate =
      modules:
      lib.evalModules {
        specialArgs.pkgs = stubPkgs;
        modules = modules ++ [
          ./stubbed-home.nix
          { inherit home; }
        ];
      };
    fingerprint =
      host:
      removeAttrs host.config [
        "programs"
        "services"
      ];
    units = homeUnits;
    links = homeLinks;
  };
  # As modules/systemd.nix of Home Manager writes them. What it has built cannot be read without building.
  homeUnits =
    host:
    let
      kept = section: lib.filterAttrs (_: value: value != null && value != [ ]) section;
      render =
        kind: name: unit:
        lib.nameValuePair "${name}.${kind}" (
          lib.generators.toINI { listsAsDuplicateKeys = true; } (
            lib.filterAttrs (_: section: section != { }) (lib.mapAttrs (_: kept) unit)
          )
        );
    in
    lib.mapAttrs' (render "service") host.config.systemd.user.services
    // lib.mapAttrs' (render "timer") host.config.systemd.user.timers;
  # Which files are forced, of those that are units or links to some.
  homeLinks =
    host:
    lib.mapAttrs (_: file: file.force) (
      lib.filterAttrs (name: _: lib.hasPrefix "systemd/user/" name) host.config.xdg.configFile
    );
in
if nixpkgs != null then
  let
    pkgs = import nixpkgs {
      system = "x86_64-linux";
      config = { };
      overlays = [ ];
    };
  in
  {
    inherit darwin wslModules pkgs;
    real = true;
    evaluate =
      modules:
      import (nixpkgs + "/nixos/lib/eval-config.nix") {
        system = null;
        modules = modules ++ [
          base
          {
            boot.loader.grub.enable = false;
            nixpkgs.pkgs = pkgs;
          }
        ];
      };
    fingerprint = host: host.config.system.build.toplevel.outPath;
    userUnits = host: lib.mapAttrs (_: unit: unit.text) host.config.systemd.user.units;

    home =
      if homeManager != null then
        {
          inherit pkgs;
          real = true;
          evaluate =
            modules:
            let
              extended = import (homeManager + "/modules/lib/stdlib-extended.nix") lib;
            in
            # As modules/default.nix does it, but for the assertions: a case can look at those that fail.
            extended.evalModules {
              class = "homeManager";
              specialArgs.modulesPath = homeManager + "/modules";
              modules =
                modules
                ++ [ { inherit home; } ]
                ++ import (homeManager + "/modules/modules.nix") {
                  inherit pkgs;
                  lib = extended;
                };
            };
          fingerprint = host: host.config.home.activationPackage.outPath;
          units = homeUnits;
          links = homeLinks;
        }
      else
        stubbedHome;
  }
else
  {
    inherit darwin wslModules;
    real = false;
    pkgs = stubPkgs;
    evaluate =
      modules:
      lib.evalModules {
        specialArgs.pkgs = stubPkgs;
        modules = modules ++ [
          ./stubbed-nixos.nix
          base
        ];
      };
    fingerprint =
      host:
      removeAttrs host.config [
        "mendutils"
        "services"
        "wsl-settings"
      ];
    userUnits =
      host:
      let
        # As nixos/lib/systemd-lib.nix writes them.
        lines = lib.mapAttrsToList (key: value: map (one: "${key}=${toString one}\n") (lib.toList value));
        section = name: body: "[${name}]\n" + lib.concatStrings (lib.flatten body) + "\n";
        service =
          unit:
          section "Unit" (lines unit.unitConfig)
          + section "Service" [
            (lib.mapAttrsToList (name: value: "Environment=${builtins.toJSON "${name}=${value}"}\n") (
              unit.environment
              // lib.optionalAttrs (unit.path != [ ]) {
                PATH = lib.concatMapStringsSep ":" (package: "${package}/bin") unit.path;
              }
            ))
            (lib.optional unit.reloadIfChanged "X-ReloadIfChanged=true\n")
            (lib.optional (!unit.restartIfChanged) "X-RestartIfChanged=false\n")
            (lines unit.serviceConfig)
          ];
        timer = unit: section "Unit" (lines unit.unitConfig) + section "Timer" (lines unit.timerConfig);
      in
      lib.mapAttrs' (
        name: unit: lib.nameValuePair "${name}.service" (service unit)
      ) host.config.systemd.user.services
      // lib.mapAttrs' (
        name: unit: lib.nameValuePair "${name}.timer" (timer unit)
      ) host.config.systemd.user.timers;

    home = stubbedHome;
  }
