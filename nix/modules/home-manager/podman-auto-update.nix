# podman auto-update by a timer, verified.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:

let
  update = import ../podman-auto-update.nix { inherit lib; };
  userUnits = import ./user-units.nix { inherit config lib; };

  cfg = config.services.podman-auto-update;
  settings = update.settings "user" cfg;

  # Home Manager's own timer, on by default where its services.podman is on.
  hasOther = options ? services.podman.autoUpdate.enable;
in
{
  options.services.podman-auto-update = update.options {
    inherit pkgs;
    podman = {
      default = config.services.podman.package or pkgs.podman;
      defaultText = lib.literalExpression "config.services.podman.package";
    };
  };

  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      {
        assertions = [
          {
            assertion = config.systemd.user.enable;
            message = "services.podman-auto-update: this is a unit of the user manager; set `systemd.user.enable = true`.";
          }
        ]
        ++ lib.optional hasOther {
          assertion = !(config.services.podman.enable && config.services.podman.autoUpdate.enable);
          message = ''
            services.podman-auto-update and services.podman.autoUpdate would both update the containers, and only one of
            them looks at what became of it. Leave services.podman.autoUpdate.enable out, or set it to false.
          '';
        };

        systemd.user.startServices = lib.mkDefault "sd-switch";

        systemd.user.services.update-and-verify = {
          Unit = settings.service.unit;
          Service = settings.service.service // {
            Environment = [
              (userUnits.search (update.path cfg))
            ]
            ++ lib.mapAttrsToList userUnits.assignment (update.environment cfg);
          };
        };
        systemd.user.timers.update-and-verify = {
          Unit = settings.timer.unit;
          Timer = settings.timer.timer;
          Install.WantedBy = settings.timer.wantedBy;
        };

        xdg.configFile = lib.mkIf config.systemd.user.enable (
          userUnits.forced "update-and-verify.service" [ ]
          // userUnits.forced "update-and-verify.timer" settings.timer.wantedBy
        );
      }
      (lib.optionalAttrs hasOther { services.podman.autoUpdate.enable = lib.mkDefault false; })
    ]
  );
}
