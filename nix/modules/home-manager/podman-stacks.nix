# Compose projects as user units that start when the stack is verified.
{
  config,
  lib,
  pkgs,
  osConfig ? null,
  ...
}:

let
  stack = import ../podman-stack.nix { inherit lib; };
  userUnits = import ./user-units.nix { inherit config lib; };

  stacks = lib.filterAttrs (_: one: one.enable) config.services.podman-stacks;
  services = config.systemd.user.services;

  # The account on the NixOS host that this home belongs to, where there is one.
  account = osConfig.users.users.${config.home.username} or null;
in
{
  options.services.podman-stacks = stack.stacks {
    inherit pkgs;
    podman = {
      default = config.services.podman.package or pkgs.podman;
      defaultText = lib.literalExpression "config.services.podman.package";
    };
  };

  config = lib.mkIf (stacks != { }) {
    assertions = [
      {
        assertion = config.systemd.user.enable;
        message = "services.podman-stacks: stacks are units of the user manager; set `systemd.user.enable = true`.";
      }
    ]
    ++ stack.assertions {
      inherit stacks;
      commands =
        name:
        lib.concatMap lib.toList (
          lib.attrValues (
            lib.filterAttrs (key: _: lib.hasPrefix "Exec" key) services."podman-stack@${name}".Service
          )
        );
    };

    # Not lingering is a choice on a desktop. On a server it is the reason that nothing runs after a reboot.
    warnings = lib.optional (account != null && (account.linger or null) != true) ''
      services.podman-stacks: ${config.home.username} does not linger, so ${lib.concatStringsSep ", " (lib.attrNames stacks)}
      will start at the first login and stop after the last logout. In the configuration of the host:
        users.users.${config.home.username}.linger = true;
    '';

    # restart-and-verify is run by hand.
    home.packages = lib.unique (lib.mapAttrsToList (_: one: one.package) stacks);

    systemd.user.startServices = lib.mkDefault "sd-switch";
    # Zero, Home Manager's default, is two minutes in sd-switch 0.6.4, after which the activation fails although nothing else
    # has. All units start at once.
    systemd.user.servicesStartTimeoutMs = lib.mkDefault (
      1000 * (60 + lib.foldl' lib.max 0 (lib.mapAttrsToList (_: stack.startTimeout) stacks))
    );

    systemd.user.services = lib.mapAttrs' (
      name: one:
      let
        settings = stack.settings name one;
      in
      lib.nameValuePair "podman-stack@${name}" {
        Unit =
          settings.unit
          // lib.optionalAttrs (one.onChange != "restart") {
            X-SwitchMethod =
              {
                reload = "reload";
                nothing = "keep-old";
              }
              .${one.onChange};
          };
        Service = settings.service // {
          Environment = [
            (userUnits.search (stack.path one))
          ]
          ++ lib.mapAttrsToList userUnits.assignment (stack.environment one);
        };
        Install.WantedBy = one.wantedBy;
      }
    ) stacks;

    xdg.configFile = lib.mkIf config.systemd.user.enable (
      lib.mkMerge (
        lib.mapAttrsToList (name: one: userUnits.forced (stack.unitOf name) one.wantedBy) stacks
      )
    );
  };
}
