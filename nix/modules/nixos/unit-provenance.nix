# Units of the system manager, and of users' managers, healed and audited by a timer.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  provenance = import ../unit-provenance.nix { inherit lib; };

  cfg = config.services.unit-provenance;
  forUsers = cfg.users != [ ];
  user = provenance.settings "user" cfg;
  system = provenance.settings "system" cfg;

  loginOf = name: config.users.users.${name}.name or name;

  service = settings: {
    unitConfig = settings.service.unit;
    serviceConfig = settings.service.service;
    # A switch does not end a run.
    restartIfChanged = false;
  };
  timer = settings: {
    unitConfig = settings.timer.unit;
    timerConfig = settings.timer.timer;
    inherit (settings.timer) wantedBy;
  };

  # A condition with "|" is met when one of those with "|" is.
  only = names: { ConditionUser = map (name: "|${loginOf name}") names; };
in
{
  options.services.unit-provenance = provenance.options { inherit pkgs; } // {
    system = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = "Whether the units of the system manager are healed and audited.";
    };
    users = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "alice" ];
      description = ''
        Users in whose managers their units are healed and audited, as named in {option}`users.users`: those of NixOS, and
        those of Home Manager where the user has it. In a user's own Home Manager configuration the option of the same name
        does this too, and has the activation fail besides.
      '';
    };
    atSwitch = lib.mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = ''
        Whether the units of the system manager are audited at boot and at each switch, too. A switch after which something is not as
        shipped, such as a drop-in that {command}`systemctl set-property` left, then tells of a failed unit and exits with 4.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = forUsers || cfg.system;
        message = "services.unit-provenance: whose units? Name `users`, or set `system = true`.";
      }
      {
        assertion = cfg.atSwitch -> cfg.system;
        message = "services.unit-provenance.atSwitch is about the units of the system manager; set `system = true`.";
      }
      {
        assertion = !lib.elem "root" cfg.users;
        message = "services.unit-provenance.users: the units of the system manager are those of `system = true`.";
      }
    ]
    ++ map (name: {
      assertion = name == "root" || config.users.users ? ${name};
      message = "services.unit-provenance.users: ${name} is not declared in users.users.";
    }) cfg.users;

    systemd.services.${provenance.name} = lib.mkIf cfg.system (
      lib.mkMerge [
        (service system)
        # What a target wants that is up is started by a switch.
        { wantedBy = lib.optional cfg.atSwitch "multi-user.target"; }
      ]
    );
    systemd.timers.${provenance.name} = lib.mkIf cfg.system (timer system);

    systemd.user.services.${provenance.name} = lib.mkIf forUsers (
      lib.mkMerge [
        (service user)
        { unitConfig = only cfg.users; }
      ]
    );
    # The timer of everybody else must not run at all, rather than start a service that is passed by.
    systemd.user.timers.${provenance.name} = lib.mkIf forUsers (
      lib.mkMerge [
        (timer user)
        { unitConfig = only cfg.users; }
      ]
    );
  };
}
