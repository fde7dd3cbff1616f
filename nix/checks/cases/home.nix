# What only Home Manager has: files in the home, sd-switch, its own auto-update, the host around it.
{
  lib,
  module,
  world,
  evaluate,
  web,
  failed,
}:

let
  update =
    settings: modules:
    world.evaluate (
      [
        module
        {
          services.podman-auto-update = {
            enable = true;
          }
          // settings;
        }
      ]
      ++ modules
    );
  lines = unit: host: lib.splitString "\n" (world.units host).${unit};
  named =
    key: unit: host:
    lib.filter (lib.hasPrefix "${key}=") (lines unit host);

  recovery = {
    programs.nix-activation-recovery.enable = true;
  };
  recovering = world.evaluate [
    module
    recovery
  ];

  onHost = user: {
    _module.args.osConfig.users.users.tim = user;
  };
  ours = host: lib.filter (lib.hasInfix "podman") host.config.warnings;
in
{
  a_file_in_the_place_of_a_unit_is_replaced = {
    expr = lib.filterAttrs (name: _: lib.hasInfix "podman-stack" name) (
      world.links (
        evaluate (
          web
          // {
            other = web.web // {
              wantedBy = [ "a.target" ];
            };
          }
        ) [ ]
      )
    );
    expected = {
      "systemd/user/a.target.wants/podman-stack@other.service" = true;
      "systemd/user/default.target.wants/podman-stack@web.service" = true;
      "systemd/user/podman-stack@other.service" = true;
      "systemd/user/podman-stack@web.service" = true;
    };
  };

  changed_units_are_switched_by_sd_switch = {
    # Home Manager turns the word into true.
    expr = lib.elem (evaluate web [ ]).config.systemd.user.startServices [
      true
      "sd-switch"
    ];
    expected = true;
  };

  the_program_for_the_admin_is_on_the_path = {
    expr =
      lib.any (package: lib.hasPrefix "mendutils" (package.name or ""))
        (evaluate web [ ]).config.home.packages;
    expected = true;
  };

  a_switch_waits_for_the_slowest_stack = {
    expr = map (stacks: (evaluate stacks [ ]).config.systemd.user.servicesStartTimeoutMs) [
      web
      (
        web
        // {
          slow = web.web // {
            timeout = 1000;
            rollback = true;
          };
        }
      )
    ];
    expected = [
      1322000
      3504000
    ];
  };

  who_wants_to_switch_by_hand_may = {
    expr =
      lib.elem
        (evaluate web [ { systemd.user.startServices = "suggest"; } ]).config.systemd.user.startServices
        [
          false
          "suggest"
        ];
    expected = true;
  };

  the_setuid_programs_of_nixos_come_first_and_the_hosts_last = {
    expr =
      let
        value = lib.head (
          lib.filter (lib.hasInfix "PATH=") (
            named "Environment" "podman-stack@web.service" (evaluate web [ ])
          )
        );
      in
      {
        first =
          lib.hasPrefix ''Environment="PATH=/run/wrappers/bin:'' value
          || lib.hasPrefix "Environment=PATH=/run/wrappers/bin:" value;
        last = lib.hasInfix ":/usr/bin:/bin:" value;
      };
    expected = {
      first = true;
      last = true;
    };
  };

  without_a_user_manager_stacks_are_refused = {
    expr = map (lib.hasInfix "systemd.user.enable = true") (
      failed (evaluate web [ { systemd.user.enable = false; } ])
    );
    expected = [ true ];
  };

  a_user_that_does_not_linger_is_warned_of = {
    expr =
      map
        (user: map (lib.hasInfix "users.users.tim.linger = true") (ours (evaluate web [ (onHost user) ])))
        [
          { linger = false; }
          { linger = null; }
          { linger = true; }
        ];
    expected = [
      [ true ]
      [ true ]
      [ ]
    ];
  };

  without_a_nixos_around_it_nothing_is_said_of_linger = {
    expr = ours (evaluate web [ ]);
    expected = [ ];
  };

  an_update_is_a_service_and_a_timer = {
    expr =
      let
        host = update { } [ ];
      in
      {
        units = lib.filter (lib.hasPrefix "update-and-verify") (lib.attrNames (world.units host));
        start = map (line: baseNameOf line) (named "ExecStart" "update-and-verify.service" host);
        kill = named "KillMode" "update-and-verify.service" host;
        restart = named "Restart" "update-and-verify.service" host;
        calendar = named "OnCalendar" "update-and-verify.timer" host;
        delayed = lib.length (named "RandomizedDelaySec" "update-and-verify.timer" host);
        persistent = named "Persistent" "update-and-verify.timer" host;
        wanted = host.config.systemd.user.timers.update-and-verify.Install.WantedBy;
        forced = lib.filterAttrs (name: _: lib.hasInfix "update-and-verify" name) (world.links host);
        refusals = failed host;
      };
    expected = {
      units = [
        "update-and-verify.service"
        "update-and-verify.timer"
      ];
      start = [ "update-and-verify" ];
      kill = [ "KillMode=process" ];
      restart = [ "Restart=no" ];
      calendar = [ "OnCalendar=daily" ];
      delayed = 1;
      persistent = [ "Persistent=yes" ];
      wanted = [ "timers.target" ];
      forced = {
        "systemd/user/timers.target.wants/update-and-verify.timer" = true;
        "systemd/user/update-and-verify.service" = true;
        "systemd/user/update-and-verify.timer" = true;
      };
      refusals = [ ];
    };
  };

  an_update_takes_its_options = {
    expr =
      let
        host = update {
          onCalendar = "Sun 04:00";
          timeout = 900;
          stable = 30;
          expect = [
            "web.service"
            "db.service"
          ];
        } [ ];
      in
      {
        start = map baseNameOf (named "ExecStart" "update-and-verify.service" host);
        calendar = named "OnCalendar" "update-and-verify.timer" host;
        patience = named "TimeoutStartSec" "update-and-verify.service" host;
      };
    expected = {
      patience = [ "TimeoutStartSec=1200" ];
      start = [ "update-and-verify --timeout 900 --stable 30 --expect web.service --expect db.service" ];
      calendar = [ "OnCalendar=Sun 04:00" ];
    };
  };

  what_is_expected_is_a_service = {
    expr =
      map
        (
          unit:
          (builtins.tryEval (lines "update-and-verify.service" (update { expect = [ unit ]; } [ ]))).success
        )
        [
          "web"
          "--help.service"
          "a b.service"
        ];
    expected = [
      false
      false
      false
    ];
  };

  home_managers_own_auto_update_gives_way = {
    expr =
      let
        host = update { } [ { services.podman.enable = true; } ];
      in
      {
        theirs = host.config.services.podman.autoUpdate.enable;
        refusals = failed host;
      };
    expected = {
      theirs = false;
      refusals = [ ];
    };
  };

  both_auto_updates_are_refused = {
    expr = map (lib.hasInfix "services.podman.autoUpdate") (
      failed (
        update { } [
          {
            services.podman = {
              enable = true;
              autoUpdate.enable = true;
            };
          }
        ]
      )
    );
    expected = [ true ];
  };

  the_agent_of_a_mac_is_refused_elsewhere = {
    expr = map (lib.hasInfix "no launchd on this platform") (failed recovering);
    expected = [ true ];
  };

  the_agent_needs_the_programs_outside_of_the_store = {
    expr =
      let
        on = enable: {
          _module.args.osConfig = {
            users.users.tim = { };
            services.nix-boot-activation.enable = enable;
          };
        };
        lacking = host: lib.filter (lib.hasInfix "services.nix-boot-activation.enable = true") (failed host);
      in
      map (enable: lib.length (lacking (world.evaluate [ module (on enable) recovery ]))) [
        true
        false
      ];
    expected = [
      0
      1
    ];
  };
}
