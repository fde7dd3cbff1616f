# podman auto-update by a timer, verified: for users that linger, and for root.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  update = import ../podman-auto-update.nix { inherit lib; };

  cfg = config.services.podman-auto-update;
  forUsers = cfg.users != [ ];
  user = update.settings "user" cfg;
  system = update.settings "system" cfg;

  loginOf = name: config.users.users.${name}.name or name;

  service = settings: {
    unitConfig = settings.service.unit;
    serviceConfig = settings.service.service;
    path = [ "/run/wrappers" ] ++ update.path cfg;
    environment = update.environment cfg;
    # A switch neither starts an update nor ends one.
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
  imports = [ ./lingering.nix ];

  options.services.podman-auto-update =
    update.options {
      inherit pkgs;
      podman = {
        default = config.virtualisation.podman.package;
        defaultText = lib.literalExpression "config.virtualisation.podman.package";
      };
    }
    // {
      users = lib.mkOption {
        type = lib.types.listOf lib.types.str;
        default = [ ];
        example = [ "alice" ];
        description = ''
          Users whose containers are updated, as named in {option}`users.users`. They linger, unless
          {option}`users.users.<name>.linger` says otherwise.
        '';
      };
      rootful = lib.mkOption {
        type = lib.types.bool;
        default = false;
        example = true;
        description = "Whether the containers of root are updated, by units of the system manager.";
      };
    };

  config = lib.mkIf cfg.enable {
    mendutils.lingering = cfg.users;

    assertions = [
      {
        assertion = forUsers || cfg.rootful;
        message = "services.podman-auto-update: whose containers? Name `users`, or set `rootful = true`.";
      }
      {
        assertion = !lib.elem "root" cfg.users;
        message = "services.podman-auto-update.users: root's containers are those of `rootful = true`.";
      }
      {
        assertion = config.virtualisation.podman.enable;
        message = "services.podman-auto-update: set `virtualisation.podman.enable = true`.";
      }
    ]
    ++ map (name: {
      assertion = name == "root" || config.users.users ? ${name};
      message = "services.podman-auto-update.users: ${name} is not declared in users.users.";
    }) cfg.users;

    systemd.user.services.update-and-verify = lib.mkIf forUsers (
      lib.mkMerge [
        (service user)
        { unitConfig = only cfg.users; }
      ]
    );
    # The timer of everybody else must not run at all, rather than start a service that is passed by.
    systemd.user.timers.update-and-verify = lib.mkIf forUsers (
      lib.mkMerge [
        (timer user)
        { unitConfig = only cfg.users; }
      ]
    );

    systemd.services.update-and-verify = lib.mkIf cfg.rootful (service system);
    systemd.timers.update-and-verify = lib.mkIf cfg.rootful (timer system);
  };
}
