# What stubs cannot show.
{
  lib,
  module,
  world,
  wsl,
  onWsl,
  nixpkgs,
  ...
}:

let
  host = onWsl [ module ];
  lines = name: lib.splitString "\n" host.config.systemd.units.${name}.text;
  words = line: lib.splitString " " (lib.last (lib.splitString "=" line));
  package = host.config.wsl-settings.systemdUserSession.package;
in
{
  the_target_wants_the_instance_and_no_unit_shadows_the_template = {
    expr = {
      wants = lib.any (line: lib.elem "fix-runtime-dir@1000.service" (words line)) (
        lib.filter (lib.hasPrefix "Wants=") (lines "multi-user.target")
      );
      shadows = lib.filter (lib.hasPrefix "fix-") (lib.attrNames host.config.systemd.units);
    };
    expected = {
      wants = true;
      shadows = [ ];
    };
  };

  the_runtime_directory_unit_only_gains_what_switching_reads = {
    expr = lib.filter (lib.hasPrefix "X-") (lines "user-runtime-dir@.service");
    expected = [
      "X-RestartIfChanged=false"
      "X-StopIfChanged=false"
    ];
  };

  nixos_lingers_the_user_itself = {
    expr = map (lib.hasInfix "tim") (
      lib.filter (line: lib.hasInfix "ingeringUserNames=" line && !lib.hasInfix "nonL" line) (
        lib.splitString "\n" host.config.systemd.services.linger-users.script
      )
    );
    expected = [ true ];
  };

  a_configuration_with_a_stray_entry_does_not_build = {
    expr =
      (builtins.tryEval
        (world.evaluate [
          module
          wsl
          ../stray-hardware-configuration.nix
        ]).config.system.build.toplevel.outPath
      ).success;
    expected = false;
  };

  the_package_has_the_units_of_the_programs = {
    expr = lib.mapAttrs (_: farm: map (entry: baseNameOf entry) (lib.attrNames farm.entries)) (
      lib.getAttrs [
        "apply-and-verify"
        "fix-current-system"
        "fix-linger"
        "fix-runtime-dir"
        "update-and-verify"
      ] package.units
    );
    expected = {
      apply-and-verify = [ "podman-stack@.service" ];
      update-and-verify = [
        "update-and-verify.service"
        "update-and-verify.timer"
        "update-and-verify.service"
        "update-and-verify.timer"
      ];
      fix-current-system = [ "fix-current-system.service" ];
      fix-linger = [ "fix-linger@.service" ];
      fix-runtime-dir = [
        "fix-runtime-dir@.service"
        "50-mendutils.conf"
      ];
    };
  };

  the_package_instantiates_on_every_platform = {
    expr =
      map
        (
          system:
          let
            pkgs = import nixpkgs {
              inherit system;
              overlays = [ (import ../../overlay.nix) ];
            };
          in
          lib.hasSuffix ".drv" pkgs.mendutils.drvPath
          && (!pkgs.stdenv.hostPlatform.isLinux || lib.hasSuffix ".drv" pkgs.pkgsStatic.mendutils.drvPath)
        )
        [
          "x86_64-linux"
          "aarch64-linux"
          "aarch64-darwin"
        ];
    expected = [
      true
      true
      true
    ];
  };

  the_vm_tests_instantiate = {
    expr = lib.mapAttrs (_: test: lib.hasSuffix ".drv" test.drvPath) (
      removeAttrs package.tests [ "version" ]
    );
    expected = lib.mapAttrs (_: _: true) (import ../../tests);
  };
}
