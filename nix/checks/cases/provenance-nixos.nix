# services.unit-provenance of NixOS.
{
  lib,
  module,
  world,
  plain,
  ...
}:

let
  audit =
    settings: modules:
    plain (
      [
        module
        {
          services.unit-provenance = {
            enable = true;
          }
          // settings;
        }
      ]
      ++ modules
    );
  refusals =
    host:
    map (check: check.message) (
      lib.filter (
        check: !check.assertion && lib.hasInfix "unit-provenance" check.message
      ) host.config.assertions
    );
  name = "podman-provenance-audit";
  programs = map (line: lib.last (lib.splitString "/" line));
  named =
    key: unit: host:
    lib.filter (lib.hasPrefix "${key}=") (lib.splitString "\n" (world.userUnits host).${unit});
in
{
  an_audit_of_the_system_is_of_the_system_manager =
    let
      host = audit { } [ ];
      unit = host.config.systemd.services.${name};
      timer = host.config.systemd.timers.${name};
    in
    {
      expr = {
        user = host.config.systemd.user.services ? ${name};
        repair = programs unit.serviceConfig.ExecStartPre;
        ignored = lib.all (lib.hasPrefix "-/") unit.serviceConfig.ExecStartPre;
        start = programs [ unit.serviceConfig.ExecStart ];
        hardened = unit.serviceConfig.ProtectSystem;
        writes = unit.serviceConfig.ReadWritePaths;
        wanted = unit.wantedBy;
        boot = timer.timerConfig.OnBootSec;
        interval = timer.timerConfig.OnUnitActiveSec;
        timers = timer.wantedBy;
        refusals = refusals host;
      };
      expected = {
        user = false;
        repair = [ "fix-unit-provenance --system" ];
        ignored = true;
        start = [ "check-unit-provenance --system --quiet" ];
        hardened = "strict";
        writes = "-/etc/systemd";
        wanted = [ ];
        boot = "3min";
        interval = "15min";
        timers = [ "timers.target" ];
        refusals = [ ];
      };
    };

  an_audit_at_each_switch_is_wanted_by_a_target_that_is_up = {
    expr = (audit { atSwitch = true; } [ ]).config.systemd.services.${name}.wantedBy;
    expected = [ "multi-user.target" ];
  };

  an_audit_of_users_runs_in_their_managers_only =
    let
      host = audit {
        system = false;
        users = [ "tim" ];
        interval = "1h";
        allowDropIns = [ "50-site.conf" ];
      } [ ];
    in
    {
      expr = {
        service = named "ConditionUser" "${name}.service" host;
        timer = named "ConditionUser" "${name}.timer" host;
        interval = named "OnUnitActiveSec" "${name}.timer" host;
        repair = programs (named "ExecStartPre" "${name}.service" host);
        start = programs (named "ExecStart" "${name}.service" host);
        system = host.config.systemd.services ? ${name} || host.config.systemd.timers ? ${name};
        refusals = refusals host;
      };
      expected = {
        service = [ "ConditionUser=|tim" ];
        timer = [ "ConditionUser=|tim" ];
        interval = [ "OnUnitActiveSec=1h" ];
        repair = [ "fix-unit-provenance --user" ];
        start = [ "check-unit-provenance --user --quiet --allow-drop-in 50-site.conf" ];
        system = false;
        refusals = [ ];
      };
    };

  an_audit_of_nobody_of_root_as_a_user_or_of_a_stranger_is_refused = {
    expr = map (settings: lib.length (refusals (audit settings [ ]))) [
      { system = false; }
      { users = [ "root" ]; }
      { users = [ "guest" ]; }
      {
        system = false;
        users = [ "tim" ];
        atSwitch = true;
      }
    ];
    expected = [
      1
      1
      1
      1
    ];
  };

  an_audit_that_is_not_enabled_changes_nothing = {
    expr =
      world.fingerprint (plain [
        module
        { services.unit-provenance.users = [ "tim" ]; }
      ]) == world.fingerprint (plain [ ]);
    expected = true;
  };
}
