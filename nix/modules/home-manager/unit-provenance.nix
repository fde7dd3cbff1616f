# The links of user units healed and audited by a timer, and by the activation itself.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  provenance = import ../unit-provenance.nix { inherit lib; };
  userUnits = import ./user-units.nix { inherit config lib; };

  cfg = config.services.unit-provenance;
  settings = provenance.settings "user" cfg;

  # What Home Manager has of a unit, by its whole name; null where it writes no such unit.
  declared =
    unit:
    let
      parts = builtins.match "(.+)\\.([a-z]+)" unit;
      kind = "${lib.elemAt parts 1}s";
    in
    if parts == null then null else config.systemd.user.${kind}.${lib.head parts} or null;
  wantedBy = unit: lib.toList ((declared unit).Install.WantedBy or [ ]);
  known = lib.filter (unit: declared unit != null) cfg.units;

  # The folders as the configuration has them, which the environment of an activation does not always say.
  run =
    program:
    "run env XDG_CONFIG_HOME=${words [ config.xdg.configHome ]} ${lib.getExe' cfg.package program}";
  words = lib.escapeShellArgs;
in
{
  options.services.unit-provenance = provenance.options { inherit pkgs; } // {
    units = lib.mkOption {
      type = lib.types.listOf (lib.types.strMatching "[A-Za-z0-9:_.\\@-]+\\.[a-z]+");
      default = map (name: "podman-stack@${name}.service") (
        lib.attrNames (lib.filterAttrs (_: one: one.enable) (config.services.podman-stacks or { }))
      );
      defaultText = lib.literalMD "the units of {option}`services.podman-stacks`";
      example = [ "web.service" ];
      description = ''
        User units of this configuration that must be as it ships them at the end of an activation, which fails otherwise.
        What lies in the place of their links is replaced ({option}`xdg.configFile.<name>.force`).
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = config.systemd.user.enable;
        message = "services.unit-provenance: these are units of the user manager; set `systemd.user.enable = true`.";
      }
    ]
    ++ map (unit: {
      assertion = declared unit != null;
      message = "services.unit-provenance.units: ${unit} is not declared in systemd.user.";
    }) cfg.units;

    systemd.user.startServices = lib.mkDefault "sd-switch";

    systemd.user.services.${provenance.name} = {
      Unit = settings.service.unit;
      Service = settings.service.service;
    };
    systemd.user.timers.${provenance.name} = {
      Unit = settings.timer.unit;
      Timer = settings.timer.timer;
      Install.WantedBy = settings.timer.wantedBy;
    };

    xdg.configFile = lib.mkIf config.systemd.user.enable (
      lib.mkMerge (
        [
          (userUnits.forced "${provenance.name}.service" [ ])
          (userUnits.forced "${provenance.name}.timer" settings.timer.wantedBy)
        ]
        ++ map (unit: userUnits.forced unit (wantedBy unit)) known
      )
    );

    # Before the check that stops at files in the place of links, and that leaves a file of the same content where it is. A
    # file that differs is kept beside its link, which `force` alone does not do. The pointers are set at the end of an
    # activation, and the driver or the host may have set some before it: the generation is named.
    home.activation.unitProvenanceHeal = lib.hm.dag.entryBefore [ "checkLinkTargets" ] ''
      if [[ -v oldGenPath ]]; then
        ${run "fix-unit-provenance"} --user --restore --quiet --generation "$oldGenPath" \
          || warnEcho "unit-provenance: not every unit is as the generation before ships it, see above"
      fi
    '';

    # Home Manager does not reload a manager that is still starting, and leaves what it linked unread: so the repair first.
    # What the check says counts.
    home.activation.unitProvenance = lib.mkIf (cfg.units != [ ]) (
      lib.hm.dag.entryAfter [ "reloadSystemd" ] ''
        ${run "fix-unit-provenance"} --user --quiet --generation "$newGenPath" -- ${words cfg.units} || true
        ${run "check-unit-provenance"} --user --quiet --owner home-manager --generation "$newGenPath" ${
          words (provenance.allowed cfg ++ [ "--" ] ++ cfg.units)
        }
      ''
    );
  };
}
