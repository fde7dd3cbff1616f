# services.unit-provenance of Home Manager.
{
  lib,
  module,
  world,
  web,
  failed,
  ...
}:

let
  audit =
    settings: modules:
    world.evaluate (
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
  named =
    key: unit: host:
    lib.filter (lib.hasPrefix "${key}=") (lib.splitString "\n" (world.units host).${unit});
  started =
    key: host:
    map (line: baseNameOf (lib.removePrefix "${key}=" line)) (
      named key "podman-provenance-audit.service" host
    );
  stacks.services.podman-stacks = web;
  # Without quotes, which some releases of nixpkgs write where none are needed.
  entry =
    name: host:
    let
      entry = host.config.home.activation.${name};
    in
    entry // { data = lib.replaceStrings [ "'" ] [ "" ] entry.data; };
  forced = host: lib.attrNames (lib.filterAttrs (_: force: force) (world.links host));
in
{
  an_audit_is_a_service_and_a_timer_with_the_users_names_and_times = {
    expr =
      let
        host = audit { } [ ];
      in
      {
        units = lib.filter (lib.hasPrefix "podman-provenance") (lib.attrNames (world.units host));
        heals = named "ExecStartPre" "podman-provenance-audit.service" host != [ ];
        ignored = lib.all (lib.hasPrefix "ExecStartPre=-/") (
          named "ExecStartPre" "podman-provenance-audit.service" host
        );
        repair = started "ExecStartPre" host;
        start = started "ExecStart" host;
        hardened = named "SystemCallFilter" "podman-provenance-audit.service" host;
        boot = named "OnBootSec" "podman-provenance-audit.timer" host;
        interval = named "OnUnitActiveSec" "podman-provenance-audit.timer" host;
        wanted = host.config.systemd.user.timers.podman-provenance-audit.Install.WantedBy;
        forced = forced host;
        refusals = failed host;
      };
    expected = {
      units = [
        "podman-provenance-audit.service"
        "podman-provenance-audit.timer"
      ];
      heals = true;
      ignored = true;
      repair = [ "fix-unit-provenance --user" ];
      start = [ "check-unit-provenance --user --quiet" ];
      hardened = [ "SystemCallFilter=@system-service" ];
      boot = [ "OnBootSec=3min" ];
      interval = [ "OnUnitActiveSec=15min" ];
      wanted = [ "timers.target" ];
      forced = [
        "systemd/user/podman-provenance-audit.service"
        "systemd/user/podman-provenance-audit.timer"
        "systemd/user/timers.target.wants/podman-provenance-audit.timer"
      ];
      refusals = [ ];
    };
  };

  an_audit_takes_its_options = {
    expr =
      let
        host = audit {
          onBootSec = "10min";
          interval = "1h";
          allowDropIns = [
            "50-site.conf"
            "/etc/systemd/user/a b.conf"
          ];
        } [ ];
      in
      {
        start = named "ExecStart" "podman-provenance-audit.service" host;
        boot = named "OnBootSec" "podman-provenance-audit.timer" host;
        interval = named "OnUnitActiveSec" "podman-provenance-audit.timer" host;
      };
    expected = {
      start = [
        ''ExecStart=${
          lib.getExe' (audit { } [ ]).config.services.unit-provenance.package "check-unit-provenance"
        } --user --quiet --allow-drop-in 50-site.conf --allow-drop-in "/etc/systemd/user/a b.conf"''
      ];
      boot = [ "OnBootSec=10min" ];
      interval = [ "OnUnitActiveSec=1h" ];
    };
  };

  the_activation_heals_before_it_looks_at_collisions_and_checks_after_the_reload = {
    expr =
      let
        host = audit { } [ stacks ];
        heal = entry "unitProvenanceHeal" host;
        check = entry "unitProvenance" host;
        says = words: lib.all (word: lib.hasInfix word check.data) words;
      in
      {
        inherit (heal) before;
        inherit (check) after;
        heals = lib.hasInfix ''fix-unit-provenance --user --restore --quiet --generation "$oldGenPath"'' heal.data;
        goesOn = lib.hasInfix "|| warnEcho" heal.data;
        repairs = says [
          ''fix-unit-provenance --user --quiet --generation "$newGenPath" -- podman-stack@web.service || true''
        ];
        checks = lib.hasSuffix ''check-unit-provenance --user --quiet --owner home-manager --generation "$newGenPath" -- podman-stack@web.service'' (
          lib.removeSuffix "\n" check.data
        );
        folder = says [ "run env XDG_CONFIG_HOME=/home/tim/.config /nix/store/" ];
      };
    expected = {
      before = [ "checkLinkTargets" ];
      after = [ "reloadSystemd" ];
      heals = true;
      goesOn = true;
      repairs = true;
      checks = true;
      folder = true;
    };
  };

  without_units_of_its_own_an_activation_checks_nothing = {
    expr = (audit { } [ ]).config.home.activation ? unitProvenance;
    expected = false;
  };

  named_units_are_checked_and_forced_with_the_links_that_want_them = {
    expr =
      let
        host = audit { units = [ "web.service" ]; } [
          {
            systemd.user.services.web = {
              Service.ExecStart = "/bin/true";
              Install.WantedBy = [ "default.target" ];
            };
          }
        ];
      in
      {
        forced = lib.filter (lib.hasInfix "web.service") (forced host);
        checks = lib.hasInfix "-- web.service" (entry "unitProvenance" host).data;
        refusals = failed host;
      };
    expected = {
      forced = [
        "systemd/user/default.target.wants/web.service"
        "systemd/user/web.service"
      ];
      checks = true;
      refusals = [ ];
    };
  };

  a_unit_that_is_not_declared_is_refused = {
    expr = map (lib.hasInfix "web.service is not declared") (
      failed (audit { units = [ "web.service" ]; } [ ])
    );
    expected = [ true ];
  };

  without_a_user_manager_an_audit_is_refused = {
    expr = map (lib.hasInfix "systemd.user.enable = true") (
      failed (audit { } [ { systemd.user.enable = false; } ])
    );
    expected = [ true ];
  };

  what_is_no_name_of_a_unit_is_refused = {
    expr =
      map
        (
          unit:
          (builtins.tryEval (
            lib.deepSeq (audit { units = [ unit ]; } [ ]).config.services.unit-provenance.units null
          )).success
        )
        [
          "web"
          "--help.service x"
          "a*.service"
        ];
    expected = [
      false
      false
      false
    ];
  };

  an_audit_that_is_not_enabled_changes_nothing = {
    expr =
      world.fingerprint (
        world.evaluate [
          module
          { services.unit-provenance.interval = "1h"; }
        ]
      ) == world.fingerprint (world.evaluate [ ]);
    expected = true;
  };
}
