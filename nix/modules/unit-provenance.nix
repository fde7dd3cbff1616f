# What Home Manager's and NixOS' services.unit-provenance have in common.
{ lib }:

let
  inherit (lib) mkOption types;

  unitFile = import ./unit-file.nix { inherit lib; };
  units = ../../crates/tools/check-unit-provenance/units;
  name = "podman-provenance-audit";

  allowed =
    cfg:
    lib.concatMap (pattern: [
      "--allow-drop-in"
      pattern
    ]) cfg.allowDropIns;
in
{
  inherit name;

  options =
    { pkgs }:
    {
      enable = lib.mkEnableOption ''
        {command}`fix-unit-provenance` and {command}`check-unit-provenance` by a timer: the links of units that drifted from
        the current generation are put back although nothing is switched, the manager reads them, and the service fails
        where something is left for a person to decide
      '';

      onBootSec = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "10min";
        description = "How long after the boot the first run is, see {manpage}`systemd.time(7)`. Null leaves it to the timer: 3min.";
      };

      interval = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "1h";
        description = "The time between two runs, see {manpage}`systemd.time(7)`. Null leaves it to the timer: 15min.";
      };

      allowDropIns = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [
          "50-site.conf"
          "/etc/systemd/user/service.d/*.conf"
        ];
        description = ''
          Drop-ins that are wanted though no generation ships them: whole paths or names of files, with `*` and `?`. Any
          other fails the service.
        '';
      };

      package = (import ./packages.nix { inherit lib pkgs; }).package "check-unit-provenance";
    };

  inherit allowed;

  # The settings of service and timer, for the manager "user" or "system".
  settings =
    manager: cfg:
    let
      service = unitFile.read (units + "/${manager}/${name}.service");
      timer = unitFile.read (units + "/${manager}/${name}.timer");
      # The shipped command line, with the program of the package, and more arguments.
      command =
        line: more:
        let
          parts = builtins.match "([-@:+!|]*)([^[:space:]]+)(.*)" line;
          program = lib.getExe' cfg.package (lib.elemAt parts 1);
        in
        lib.head parts
        + program
        + lib.elemAt parts 2
        + lib.optionalString (more != [ ]) (" " + unitFile.command more);
    in
    {
      service = {
        unit = unitFile.defaults service.Unit;
        service =
          unitFile.defaults (
            removeAttrs service.Service [
              "ExecStart"
              "ExecStartPre"
            ]
          )
          // {
            ExecStartPre = map (line: command line [ ]) service.Service.ExecStartPre;
            ExecStart = command (lib.head service.Service.ExecStart) (allowed cfg);
          };
      };
      timer = {
        unit = unitFile.defaults timer.Unit;
        timer =
          unitFile.defaults timer.Timer
          // lib.optionalAttrs (cfg.onBootSec != null) { OnBootSec = cfg.onBootSec; }
          // lib.optionalAttrs (cfg.interval != null) { OnUnitActiveSec = cfg.interval; };
        wantedBy = timer.Install.WantedBy;
      };
    };
}
