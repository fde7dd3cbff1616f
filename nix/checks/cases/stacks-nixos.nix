# What only NixOS has of stacks and updates: the user they belong to.
{
  lib,
  module,
  world,
  plain,
  says,
  ...
}:

let
  podman = {
    virtualisation.podman.enable = true;
  };
  evaluate =
    stacks: modules:
    plain (
      [
        module
        podman
        { services.podman-stacks = lib.mapAttrs (_: stack: { user = "tim"; } // stack) stacks; }
      ]
      ++ modules
    );
  web.web.files = [ "/srv/web/compose.yaml" ];
  host = evaluate web [ ];

  side = {
    inherit evaluate;
    units = world.userUnits;
    inherit (world) fingerprint pkgs;
    bare = plain [ podman ];
    own = name: {
      systemd.user.services."podman-stack@${name}" = {
        unitConfig.After = [ "mine.service" ];
        serviceConfig.TimeoutStopSec = 7;
      };
    };
    afterwards = name: line: {
      systemd.user.services."podman-stack@${name}".serviceConfig.ExecStopPost = line;
    };
    restart = [ ];
    reload = [ "X-ReloadIfChanged=true" ];
    nothing = [ "X-RestartIfChanged=false" ];
  };

  says' = words: message: says message words;
  lines = unit: host: lib.splitString "\n" (world.userUnits host).${unit};
  named =
    key: unit: host:
    lib.filter (lib.hasPrefix "${key}=") (lines unit host);
  refusals =
    host:
    map (check: check.message) (
      lib.filter (check: !check.assertion && lib.hasInfix "podman" check.message) host.config.assertions
    );
  warned = host: lib.filter (lib.hasInfix "services.podman-") host.config.warnings;

  update =
    settings: modules:
    plain (
      [
        module
        podman
        {
          services.podman-auto-update = {
            enable = true;
          }
          // settings;
        }
      ]
      ++ modules
    );
  ann.users.users.ann = {
    isNormalUser = true;
    uid = 1001;
  };
in
lib.mapAttrs' (name: lib.nameValuePair "stacks_${name}") (import ./stacks.nix { inherit lib side; })
// {
  a_stack_belongs_to_one_user_who_lingers = {
    expr = {
      condition = named "ConditionUser" "podman-stack@web.service" host;
      inherit (host.config.users.users.tim) linger;
      wanted = host.config.systemd.user.services."podman-stack@web".wantedBy;
      refusals = refusals host;
      warnings = warned host;
    };
    expected = {
      condition = [ "ConditionUser=tim" ];
      linger = true;
      wanted = [ "default.target" ];
      refusals = [ ];
      warnings = [ ];
    };
  };

  a_stack_goes_by_login = {
    expr = named "ConditionUser" "podman-stack@web.service" (
      evaluate web [ { users.users.tim.name = "timothy"; } ]
    );
    expected = [ "ConditionUser=timothy" ];
  };

  the_setuid_programs_come_first = {
    expr = map (lib.hasInfix "PATH=/run/wrappers/bin:") (
      lib.filter (lib.hasInfix "PATH=") (named "Environment" "podman-stack@web.service" host)
    );
    expected = [ true ];
  };

  restart_and_verify_is_on_the_path = {
    expr = lib.any (
      package: lib.hasPrefix "mendutils" (package.name or "")
    ) host.config.environment.systemPackages;
    expected = true;
  };

  two_users_may_have_the_same_project = {
    expr =
      let
        both = evaluate {
          web = web.web;
          web-ann = web.web // {
            user = "ann";
            project = "web";
          };
        } [ ann ];
      in
      {
        refusals = refusals both;
        linger = both.config.users.users.ann.linger;
      };
    expected = {
      refusals = [ ];
      linger = true;
    };
  };

  a_user_that_may_not_linger_is_warned_of = {
    expr = map (modules: map (says' [ "tim does not linger" ]) (warned (evaluate web modules))) [
      [ { users.users.tim.linger = false; } ]
      [ { users.manageLingering = false; } ]
    ];
    expected = [
      [ true ]
      [ true ]
    ];
  };

  a_user_without_subordinate_uids_is_warned_of = {
    expr = map (says' [ "subordinate uids" ]) (
      warned (
        evaluate web [
          { users.users.tim.autoSubUidGidRange = lib.mkForce false; }
        ]
      )
    );
    expected = [ true ];
  };

  stacks_without_podman_are_refused = {
    expr = map (says' [ "virtualisation.podman.enable = true" ]) (
      refusals (evaluate web [ { virtualisation.podman.enable = lib.mkForce false; } ])
    );
    expected = [ true ];
  };

  stacks_of_root_or_of_nobody_are_refused = {
    expr =
      map
        (
          user:
          map (says' [ user ]) (
            refusals (
              evaluate {
                web = web.web // {
                  inherit user;
                };
              } [ ]
            )
          )
        )
        [
          "root"
          "guest"
        ];
    expected = [
      [ true ]
      [ true ]
    ];
  };

  a_stack_that_home_manager_has_too_is_refused = {
    expr = map (says' [ "there twice" ]) (
      refusals (
        evaluate web [
          {
            options.home-manager = lib.mkOption { type = lib.types.anything; };
            config.home-manager.users.tim.services.podman-stacks.web.enable = true;
          }
        ]
      )
    );
    expected = [ true ];
  };

  an_update_runs_in_the_managers_of_its_users_only =
    let
      updated = update {
        users = [
          "tim"
          "ann"
        ];
        onCalendar = "weekly";
      } [ ann ];
    in
    {
      expr = {
        service = named "ConditionUser" "update-and-verify.service" updated;
        timer = named "ConditionUser" "update-and-verify.timer" updated;
        calendar = named "OnCalendar" "update-and-verify.timer" updated;
        kill = named "KillMode" "update-and-verify.service" updated;
        system = updated.config.systemd.services ? update-and-verify;
        lingers = map (name: updated.config.users.users.${name}.linger) [
          "tim"
          "ann"
        ];
        refusals = refusals updated;
      };
      expected = {
        service = [
          "ConditionUser=|tim"
          "ConditionUser=|ann"
        ];
        timer = [
          "ConditionUser=|tim"
          "ConditionUser=|ann"
        ];
        calendar = [ "OnCalendar=weekly" ];
        kill = [ "KillMode=process" ];
        system = false;
        lingers = [
          true
          true
        ];
        refusals = [ ];
      };
    };

  an_update_for_root_is_of_the_system =
    let
      updated = update { rootful = true; } [ ];
      unit = updated.config.systemd.services.update-and-verify;
    in
    {
      expr = {
        user = updated.config.systemd.user.services ? update-and-verify;
        start = baseNameOf unit.serviceConfig.ExecStart;
        wanted = updated.config.systemd.timers.update-and-verify.wantedBy;
        online = unit.unitConfig.Wants;
        refusals = refusals updated;
      };
      expected = {
        user = false;
        start = "update-and-verify";
        wanted = [ "timers.target" ];
        online = [ "network-online.target" ];
        refusals = [ ];
      };
    };

  an_update_for_nobody_for_root_as_a_user_or_for_a_stranger_is_refused = {
    expr = map (settings: lib.length (refusals (update settings [ ]))) [
      { }
      { users = [ "root" ]; }
      { users = [ "guest" ]; }
    ];
    expected = [
      1
      1
      1
    ];
  };
}
