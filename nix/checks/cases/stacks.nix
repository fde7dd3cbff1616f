# services.podman-stacks, as Home Manager and NixOS have it alike. `side` is one of the two:
#
#   evaluate   stacks, more modules -> host
#   units      host -> the text of each user unit
#   restart, reload, nothing   what a unit says of a switch
{
  lib,
  side,
}:

let
  inherit (side) evaluate units;

  one = stack: evaluate { web = stack; } [ ];
  minimal = {
    files = [ "/srv/web/compose.yaml" ];
  };
  host = one minimal;

  unit = "podman-stack@web.service";
  textOf = host: (units host).${unit};
  valuesOf =
    key: text:
    map (lib.removePrefix "${key}=") (lib.filter (lib.hasPrefix "${key}=") (lib.splitString "\n" text));
  # A command line without the folder of its program.
  command =
    host: key:
    let
      inherit (host.config.services.podman-stacks.web) package podmanPackage;
    in
    map (
      line:
      lib.removePrefix "${toString podmanPackage}/bin/" (lib.removePrefix "${toString package}/bin/" line)
    ) (valuesOf key (textOf host));
  stackUnits = host: lib.filter (lib.hasPrefix "podman-stack@") (lib.attrNames (units host));

  refusals =
    host:
    map (check: check.message) (
      lib.filter (
        check: !check.assertion && lib.hasInfix "podman-stack" check.message
      ) host.config.assertions
    );
  # Whether there is one refusal, with these words.
  refused =
    words: host:
    lib.length (refusals host) == 1
    && lib.all (word: lib.hasInfix word (lib.head (refusals host))) words;
  throws = value: !(builtins.tryEval (builtins.deepSeq value value)).success;

  unitFile = import ../../modules/unit-file.nix { inherit lib; };
  template = unitFile.read (
    ../../../crates/tools/apply-and-verify/units/user + "/podman-stack@.service"
  );
in
{
  a_stack_is_one_unit_with_the_name_of_an_instance = {
    expr = {
      units = stackUnits host;
      named = host.config.services.podman-stacks.web.unit;
      start = command host "ExecStart";
    };
    expected = {
      units = [ unit ];
      named = unit;
      start = [ "apply-and-verify --project web --file /srv/web/compose.yaml --unit ${unit}" ];
    };
  };

  what_the_template_says_the_unit_says = {
    expr = lib.mapAttrs (_: lib.mapAttrs (key: _: valuesOf key (textOf host))) {
      Unit = template.Unit;
      Service = removeAttrs template.Service [
        "ExecStart"
        "ExecReload"
        "ExecStop"
        "Environment"
        "TimeoutStartSec"
      ];
    };
    expected = {
      inherit (template) Unit;
      Service = removeAttrs template.Service [
        "ExecStart"
        "ExecReload"
        "ExecStop"
        "Environment"
        "TimeoutStartSec"
      ];
    };
  };

  a_failed_start_ends_nothing_and_is_not_repeated = {
    expr = lib.genAttrs [ "Type" "RemainAfterExit" "KillMode" "Restart" ] (
      key: valuesOf key (textOf host)
    );
    expected = {
      Type = [ "oneshot" ];
      RemainAfterExit = [ "yes" ];
      KillMode = [ "process" ];
      Restart = [ "no" ];
    };
  };

  the_manager_is_more_patient_than_the_program = {
    expr = map (stack: valuesOf "TimeoutStartSec" (textOf (one (minimal // stack)))) [
      { }
      { timeout = 1000; }
      {
        timeout = 1000;
        applyTimeout = 1;
        stable = 9;
        rollback = true;
      }
    ];
    expected = [
      template.Service.TimeoutStartSec
      [ "2142" ]
      [ "2561" ]
    ];
  };

  the_deadlines_are_those_of_the_program = {
    expr =
      let
        source = builtins.readFile ../../../crates/tools/apply-and-verify/src/arguments.rs;
        of =
          field:
          lib.toInt (
            lib.head (
              builtins.match ".*default_value_t = ([0-9]+)[^\n]*\n[[:space:]]*pub ${field}: u32,.*" source
            )
          );
      in
      {
        applyTimeout = of "apply_timeout";
        timeout = of "timeout";
        stable = of "stable";
      };
    expected = (import ../../modules/podman-stack.nix { inherit lib; }).deadlines;
  };

  each_section_and_each_command_stands_once = {
    expr = lib.genAttrs [ "[Unit]" "[Service]" "ExecStart=" "ExecReload=" "ExecStop=" ] (
      start: lib.count (lib.hasPrefix start) (lib.splitString "\n" (textOf host))
    );
    expected = {
      "[Unit]" = 1;
      "[Service]" = 1;
      "ExecStart=" = 1;
      "ExecReload=" = 1;
      "ExecStop=" = 1;
    };
  };

  no_failure_is_ever_forgotten = {
    expr = lib.filter (lib.hasInfix "reset-failed") (lib.attrValues (units host));
    expected = [ ];
  };

  each_option_becomes_an_argument = {
    expr = command (one {
      files = [
        "/srv/web/compose.yaml"
        "/srv/web/more.yaml"
      ];
      project = "shop";
      environmentFiles = [ "/run/secrets/web.env" ];
      profiles = [
        "a"
        "b"
      ];
      timeout = 300;
      applyTimeout = 900;
      stable = 0;
      optionalServices = [ "metrics" ];
      oneshotServices = [
        "migrate"
        "seed"
      ];
      rollback = true;
    }) "ExecStart";
    expected = [
      (
        "apply-and-verify --project shop --file /srv/web/compose.yaml --file /srv/web/more.yaml"
        + " --env-file /run/secrets/web.env --profile a --profile b --unit ${unit}"
        + " --timeout 300 --apply-timeout 900 --stable 0"
        + " --optional metrics --oneshot migrate --oneshot seed --rollback"
      )
    ];
  };

  a_reload_pulls = {
    expr = command host "ExecReload";
    expected = map (line: "${line} --pull") (command host "ExecStart");
  };

  without_wait_the_program_does_not_wait = {
    expr = lib.hasSuffix " --no-wait" (
      lib.head (command (one (minimal // { wait = false; })) "ExecStart")
    );
    expected = true;
  };

  what_systemd_would_expand_reaches_the_program_as_it_is = {
    expr =
      let
        host = one {
          files = [ ''/srv/50% of "$HOME"/it's \ here;/compose.yaml'' ];
          environment = {
            GREETING = ''50% of "$HOME" \ it's'';
            LINES = "a\nb\tc";
            NUMBER = 3;
          };
        };
      in
      {
        start = command host "ExecStart";
        variables = lib.filter (
          value:
          lib.any (name: lib.hasInfix name value) [
            "GREETING"
            "LINES"
            "NUMBER"
          ]
        ) (valuesOf "Environment" (textOf host));
      };
    expected = {
      start = [
        (
          "apply-and-verify --project web --file "
          + ''"/srv/50%% of \"$$HOME\"/it's \\ here;/compose.yaml" --unit ${unit}''
        )
      ];
      variables = [
        ''"GREETING=50%% of \"$HOME\" \\ it's"''
        ''"LINES=a\nb\tc"''
        ''"NUMBER=3"''
      ];
    };
  };

  a_file_of_the_configuration_is_read_from_the_store = {
    expr =
      let
        file = lib.elemAt (lib.splitString " " (
          lib.head (command (one { files = [ ./stacks.nix ]; }) "ExecStart")
        )) 4;
      in
      lib.hasPrefix builtins.storeDir file && lib.hasSuffix "-stacks.nix" file;
    expected = true;
  };

  the_provider_is_the_one_that_is_named = {
    expr =
      let
        none = one (
          minimal
          // {
            provider = null;
            podmanPackage = null;
          }
        );
        mentions = host: word: lib.any (lib.hasInfix word) (valuesOf "Environment" (textOf host));
        stops = host: lib.head (valuesOf "ExecStop" (textOf host));
      in
      {
        variable = mentions host "PODMAN_COMPOSE_PROVIDER=${builtins.storeDir}";
        noVariable = mentions none "PODMAN_COMPOSE_PROVIDER";
        stop = lib.hasSuffix "/bin/podman-compose --project-name web --file /srv/web/compose.yaml stop" (
          stops host
        );
        noProvider = stops none;
      };
    expected = {
      variable = true;
      noVariable = false;
      stop = true;
      noProvider = "podman-compose --project-name web --file /srv/web/compose.yaml stop";
    };
  };

  docker_compose_gets_the_socket_of_podman = {
    expr =
      let
        text = textOf (one (minimal // { provider = side.pkgs.docker-compose; }));
      in
      {
        wants = valuesOf "Wants" text;
        after = lib.elem "podman.socket" (valuesOf "After" text);
        host = lib.filter (lib.hasInfix "DOCKER_HOST") (valuesOf "Environment" text);
        otherwise = lib.hasInfix "podman.sock" (textOf host);
      };
    expected = {
      wants = (template.Unit.Wants or [ ]) ++ [ "podman.socket" ];
      after = true;
      host = [ ''"DOCKER_HOST=unix://%t/podman/podman.sock"'' ];
      otherwise = false;
    };
  };

  several_stacks_are_several_units = {
    expr =
      let
        host = evaluate {
          web = minimal;
          mail_2 = minimal;
          off = minimal // {
            enable = false;
          };
        } [ ];
      in
      {
        units = stackUnits host;
        refusals = refusals host;
      };
    expected = {
      units = [
        "podman-stack@mail_2.service"
        unit
      ];
      refusals = [ ];
    };
  };

  settings_of_ones_own_win_or_are_added = {
    expr =
      let
        text = textOf (evaluate { web = minimal; } [ (side.own "web") ]);
      in
      {
        after = lib.concatMap (lib.splitString " ") (valuesOf "After" text);
        stop = valuesOf "TimeoutStopSec" text;
        mode = valuesOf "KillMode" text;
      };
    expected = {
      after = (lib.concatMap (lib.splitString " ") template.Unit.After or [ ]) ++ [ "mine.service" ];
      stop = [ "7" ];
      mode = [ "process" ];
    };
  };

  a_switch_does_what_the_stack_says = {
    expr = lib.genAttrs [ "restart" "reload" "nothing" ] (
      onChange:
      lib.filter (lib.hasPrefix "X-") (
        lib.splitString "\n" (textOf (one (minimal // { inherit onChange; })))
      )
    );
    expected = {
      inherit (side) restart reload nothing;
    };
  };

  a_name_that_is_no_name_of_a_unit_is_refused = {
    expr =
      map
        (
          name:
          refused [ "cannot be part of a unit's name" "`project`" ] (
            evaluate {
              ${name} = minimal // {
                project = "web";
              };
            } [ ]
          )
        )
        [
          "my stack"
          "a/b"
          "-h"
          "50%"
          "ä"
        ];
    expected = [
      true
      true
      true
      true
      true
    ];
  };

  a_name_that_is_no_name_of_a_project_needs_one = {
    expr = {
      refused = refused [
        ''services.podman-stacks."Web.1".project''
        "lower-case"
      ] (evaluate { "Web.1" = minimal; } [ ]);
      accepted = refusals (
        evaluate {
          "Web.1" = minimal // {
            project = "web";
          };
        } [ ]
      );
    };
    expected = {
      refused = true;
      accepted = [ ];
    };
  };

  two_stacks_with_one_project_are_refused = {
    expr = refused [ "a and b" ''"web"'' "orphans" ] (
      evaluate {
        a = minimal // {
          project = "web";
        };
        b = minimal // {
          project = "web";
        };
      } [ ]
    );
    expected = true;
  };

  a_stack_without_a_file_is_refused = {
    expr = refused [ "services.podman-stacks.web.files" ] (one { });
    expected = true;
  };

  a_relative_file_is_refused = {
    expr = throws (command (one { files = [ "compose.yaml" ]; }) "ExecStart");
    expected = true;
  };

  a_secret_is_never_copied_to_the_store = {
    expr = throws (command (one (minimal // { environmentFiles = [ ./stacks.nix ]; })) "ExecStart");
    expected = true;
  };

  what_contradicts_itself_is_refused = {
    expr = map (stack: lib.length (refusals (one (minimal // stack)))) [
      {
        optionalServices = [ "a" ];
        oneshotServices = [ "a" ];
      }
      {
        wait = false;
        rollback = true;
      }
      {
        wait = false;
        timeout = 30;
      }
      { environment.PATH = "/bin"; }
      { environment."A-B" = "c"; }
      {
        optionalServices = [ "a" ];
        oneshotServices = [ "b" ];
      }
    ];
    expected = [
      1
      1
      1
      1
      1
      0
    ];
  };

  a_command_that_forgets_every_failure_is_refused = {
    expr =
      map
        (
          line:
          refused [ "reset-failed" line "exits 0" ] (
            evaluate { web = minimal; } [ (side.afterwards "web" line) ]
          )
        )
        [
          "/bin/systemctl --user reset-failed"
          "/bin/sh -c 'systemctl --user reset-failed'"
          "/bin/sh -c 'systemctl --user reset-failed || true'"
        ];
    expected = [
      true
      true
      true
    ];
  };

  a_command_that_names_the_unit_is_accepted = {
    expr = refusals (
      evaluate { web = minimal; } [
        (side.afterwards "web" "/bin/systemctl --user reset-failed 'x-*.service'")
      ]
    );
    expected = [ ];
  };

  the_options_are_documented =
    let
      options = removeAttrs (host.options.services.podman-stacks.type.getSubOptions [ ]) [ "_module" ];
    in
    {
      expr = lib.attrNames (
        lib.filterAttrs (
          _: option:
          !(option ? description && option ? type && (option ? example || option.readOnly or false))
        ) options
      );
      expected = [ ];
    };

  without_stacks_nothing_changes = {
    expr = side.fingerprint (evaluate { } [ ]) == side.fingerprint side.bare;
    expected = true;
  };

  with_one_something_does = {
    expr = side.fingerprint host == side.fingerprint side.bare;
    expected = false;
  };
}
