# What Home Manager's and NixOS' services.podman-auto-update have in common.
{ lib }:

let
  inherit (lib) mkOption types;

  unitFile = import ./unit-file.nix { inherit lib; };
  units = ../../crates/tools/update-and-verify/units;
  maybe =
    option: value:
    lib.optionals (value != null) [
      option
      value
    ];
in
{
  options =
    { pkgs, podman }:
    let
      packages = import ./packages.nix { inherit lib pkgs; };
    in
    {
      enable = lib.mkEnableOption ''
        {command}`update-and-verify`: {command}`podman auto-update` by a timer, and the proof that what it updated runs and
        is healthy. A roll-back, which {command}`podman auto-update` reports with exit code 0, makes the unit fail
      '';

      onCalendar = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "Sun 04:00";
        description = "When to update, see {manpage}`systemd.time(7)`. Null leaves it to the timer, which is daily.";
      };

      timeout = mkOption {
        type = types.nullOr types.ints.positive;
        default = null;
        example = 900;
        description = ''
          Within how many seconds everything must be pulled, restarted and verified. Null leaves it to
          {command}`update-and-verify`: 900.
        '';
      };

      stable = mkOption {
        type = types.nullOr types.ints.unsigned;
        default = null;
        example = 30;
        description = ''
          For how many seconds each container must have been up, counted from its own start. Null leaves it to
          {command}`update-and-verify`: 10.
        '';
      };

      expect = mkOption {
        type = types.listOf (types.strMatching "[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\\.service");
        default = [ ];
        example = [ "web.service" ];
        description = ''
          Units that must have been looked at, stacks too. {command}`podman auto-update` says nothing of a container that
          does not run or has lost its label; with this, that is a failure.
        '';
      };

      package = packages.package "update-and-verify";

      podmanPackage = packages.podmanPackage podman;

      provider = packages.provider "What reads the compose files of stacks. Null takes the one that is installed on the host.";
    };

  # Packages whose bin/ must be on the path.
  path =
    cfg:
    lib.filter (package: package != null) [
      cfg.provider
      cfg.podmanPackage
    ];

  environment = cfg: (import ./podman-stack.nix { inherit lib; }).providerEnvironment cfg.provider;

  # The settings of service and timer, for the manager "user" or "system".
  settings =
    manager: cfg:
    let
      service = unitFile.read (units + "/${manager}/update-and-verify.service");
      timer = unitFile.read (units + "/${manager}/update-and-verify.timer");
    in
    {
      service = {
        unit = unitFile.defaults service.Unit;
        service =
          unitFile.defaults (removeAttrs service.Service [ "ExecStart" ])
          // {
            ExecStart = unitFile.command (
              [ (lib.getExe' cfg.package "update-and-verify") ]
              ++ maybe "--timeout" cfg.timeout
              ++ maybe "--stable" cfg.stable
              ++ lib.concatMap (unit: [
                "--expect"
                unit
              ]) cfg.expect
            );
          }
          // lib.optionalAttrs (cfg.timeout != null) {
            TimeoutStartSec = lib.mkDefault (cfg.timeout + 300);
          };
      };
      timer = {
        unit = unitFile.defaults timer.Unit;
        timer =
          unitFile.defaults timer.Timer
          // lib.optionalAttrs (cfg.onCalendar != null) { OnCalendar = cfg.onCalendar; };
        wantedBy = timer.Install.WantedBy;
      };
    };
}
