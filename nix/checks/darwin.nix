# What the nix-darwin module does to a Mac, case by case: { <case> = { expr, expected }; }.
{
  nixpkgs ? null,
  lib ? import (nixpkgs + "/lib"),
  ...
}@arguments:

let
  world = (import ./worlds.nix arguments).darwin;
  outside = import ../modules/outside-the-store.nix;

  mac =
    settings:
    world.evaluate [
      ../modules/darwin
      {
        services.nix-boot-activation = {
          enable = true;
        }
        // settings;
      }
    ];
  # To be looked for in a text.
  package =
    host: builtins.unsafeDiscardStringContext "${host.config.services.nix-boot-activation.package}";
  before = host: lib.splitString "\n" host.config.system.activationScripts.preActivation.text;
  after = host: lib.splitString "\n" host.config.system.activationScripts.postActivation.text;
  saying = word: lib.filter (lib.hasInfix word);
  hook = shell: "${outside.folder}/activation.${shell}";
  shellsOf =
    host:
    lib.filter (
      shell: lib.hasInfix (hook shell) host.config.programs.${shell}.interactiveShellInit
    ) [ "bash" "fish" "zsh" ];
in
{
  without_it_nothing_changes = {
    expr = world.fingerprint (world.evaluate [ ../modules/darwin ]) == world.fingerprint (world.evaluate [ ]);
    expected = true;
  };

  with_it_something_does = {
    expr = world.fingerprint (mac { }) == world.fingerprint (world.evaluate [ ]);
    expected = false;
  };

  the_daemon_is_the_one_beside_the_program = {
    expr =
      let
        host = mac { };
      in
      toString host.config.environment.launchDaemons."org.nixos.boot-activation.plist".source
      == "${package host}/Library/LaunchDaemons/org.nixos.boot-activation.plist";
    expected = true;
  };

  every_program_is_copied_out_of_the_store = {
    expr =
      let
        host = mac { };
      in
      map (
        program: saying "installOutside programs" (saying "${package host}/bin/${program}" (before host)) != [ ]
      ) outside.programs;
    expected = map (_: true) outside.programs;
  };

  the_files_that_a_daemon_starts_are_among_them = {
    expr = lib.all (program: lib.elem program outside.programs) [
      "fix-current-system"
      "recover-activation"
    ];
    expected = true;
  };

  nothing_of_sudo_is_a_link_into_the_store = {
    expr = map (line: lib.hasInfix outside.sudoers line) (saying "sudoers \"\"" (before (mac { })));
    expected = [ true ];
  };

  the_users_are_those_that_are_named = {
    expr =
      let
        host = mac {
          recovery.users = [
            "alice"
            "%staff"
          ];
        };
      in
      map (name: lib.length (saying name (saying "--print-sudoers " (before host)))) [
        "alice"
        "%staff"
        "%admin"
      ];
    expected = [
      1
      1
      0
    ];
  };

  a_name_that_sudo_would_read_otherwise_is_refused = {
    expr =
      (builtins.tryEval (
        builtins.deepSeq (before (mac {
          recovery.users = [ "alice ALL" ];
        })) true
      )).success;
    expected = false;
  };

  daemons_are_looked_after_last = {
    expr =
      let
        host = world.evaluate [
          ../modules/darwin
          {
            services.nix-boot-activation.enable = true;
            launchd.labelPrefix = "com.example";
            system.activationScripts.postActivation.text = "echo mine";
          }
        ];
        lines = lib.filter (line: line != "") (after host);
      in
      {
        last = lib.hasInfix "fix-launch-daemons --advisory" (lib.last lines);
        prefix = lib.hasInfix "com.example" (lib.last lines);
        mine = lib.elem "echo mine" lines;
      };
    expected = {
      last = true;
      prefix = true;
      mine = true;
    };
  };

  daemons_are_left_alone_where_that_is_wished = {
    expr = saying "fix-launch-daemons" (after (mac {
      launchDaemons = false;
    }));
    expected = [ ];
  };

  every_shell_is_told = {
    expr = shellsOf (mac { });
    expected = [
      "bash"
      "fish"
      "zsh"
    ];
  };

  a_shell_that_is_not_wanted_has_no_hook = {
    expr =
      let
        host = mac { shells.zsh = false; };
      in
      {
        shells = shellsOf host;
        files = saying "/etc/zlogin" (before host);
      };
    expected = {
      shells = [
        "bash"
        "fish"
      ];
      files = [ ];
    };
  };

  a_hook_outside_of_the_store_is_read_without_the_store = {
    expr = map (file: lib.length (saying file (before (mac { })))) [
      "/etc/zlogin"
      "/etc/profile"
    ];
    expected = [
      1
      1
    ];
  };
}
