# What the NixOS module does to a host, case by case: { <case> = { expr, expected }; }.
#
# tests/tests/nix.rs and the flake's checks evaluate the same cases. Nothing is built.
{
  nixpkgs ? null,
  lib ? import (nixpkgs + "/lib"),
  ...
}@arguments:

let
  world = import ./worlds.nix arguments;
  module = ../modules/nixos;

  session = settings: { wsl-settings.systemdUserSession = settings; };
  tmpfs = {
    device = "tmpfs";
    fsType = "tmpfs";
  };
  tim = {
    users.users.tim = {
      isNormalUser = true;
      uid = 1000;
    };
  };

  wsl = {
    imports = world.wslModules;
    wsl.enable = true;
    wsl.defaultUser = "tim";
  };
  plain = modules: world.evaluate (modules ++ [ tim ]);
  onWsl = modules: world.evaluate (modules ++ [ wsl ]);

  # What of a host the module may change.
  wanted =
    host:
    lib.filter (unit: lib.hasPrefix "fix-" unit) (
      lib.naturalSort host.config.systemd.targets.multi-user.wants
    );
  unitPackages =
    host:
    lib.naturalSort (
      map (package: package.name) (
        lib.filter (package: lib.hasPrefix "fix-" (package.name or "")) host.config.systemd.packages
      )
    );
  safetyNet = host: host.config.systemd.tmpfiles.settings."50-mendutils" or { };
  rules = host: lib.mapAttrs (_: lib.attrNames) (safetyNet host);
  layers = host: {
    wants = wanted host;
    packages = unitPackages host;
    # Not set is null or false, by release and stateVersion.
    linger = host.config.users.users.tim.linger == true;
    tmpfiles = rules host;
  };
  refusals =
    host:
    map (failed: failed.message) (
      lib.filter (
        check: !check.assertion && lib.hasInfix "runtime directory" check.message
      ) host.config.assertions
    );
  # The entries that the one refusal names.
  refusedEntries =
    host:
    lib.concatMap (
      message:
      map (line: lib.head (lib.splitString "   in " (lib.removePrefix "  " line))) (
        lib.filter (lib.hasPrefix "  fileSystems.") (lib.splitString "\n" message)
      )
    ) (refusals host);
  says = message: lib.all (words: lib.hasInfix words message);

  option =
    name:
    let
      declared = (plain [ module ]).options.wsl-settings.systemdUserSession.${name};
    in
    {
      type = declared.type.description;
      documented = lib.all (attribute: declared ? ${attribute}) [
        "description"
        "example"
        "default"
      ];
    };

  cases = {
    the_options_have_types_defaults_and_examples = {
      expr = lib.genAttrs [ "fixRuntimeDir" "enableLinger" "users" "package" ] option;
      expected = {
        fixRuntimeDir = {
          type = "boolean";
          documented = true;
        };
        enableLinger = {
          type = "boolean";
          documented = true;
        };
        users = {
          type = "list of string matching the pattern [A-Za-z0-9_][A-Za-z0-9_.@:-]*";
          documented = true;
        };
        package = {
          type = "package";
          documented = true;
        };
      };
    };

    both_layers_default_to_true_and_users_to_the_wsl_default_user = {
      expr = map (host: removeAttrs host.config.wsl-settings.systemdUserSession [ "package" ]) [
        (onWsl [ module ])
        (plain [ module ])
      ];
      expected = [
        {
          fixRuntimeDir = true;
          enableLinger = true;
          users = [ "tim" ];
        }
        {
          fixRuntimeDir = true;
          enableLinger = true;
          users = [ ];
        }
      ];
    };

    a_wsl_host_gets_both_layers = {
      expr = layers (onWsl [ module ]);
      expected = {
        wants = [ "fix-runtime-dir@1000.service" ];
        packages = [ "fix-runtime-dir-units" ];
        linger = true;
        tmpfiles."/run/user/1000" = [ "z!" ];
      };
    };

    the_safety_net_only_adjusts_what_exists_and_only_at_boot = {
      expr = lib.mapAttrs (_: lib.mapAttrs (_: rule: { inherit (rule) mode user group; })) (
        safetyNet (onWsl [ module ])
      );
      expected."/run/user/1000"."z!" = {
        mode = "0700";
        user = "tim";
        group = "users";
      };
    };

    a_switch_never_restarts_the_runtime_directory_of_a_session = {
      expr = {
        inherit ((onWsl [ module ]).config.systemd.services."user-runtime-dir@")
          restartIfChanged
          stopIfChanged
          ;
      };
      expected = {
        restartIfChanged = false;
        stopIfChanged = false;
      };
    };

    the_program_for_the_admin_is_on_the_path = {
      expr =
        lib.any (package: lib.hasPrefix "mendutils" (package.name or ""))
          (onWsl [
            module
          ]).config.environment.systemPackages;
      expected = true;
    };

    without_fix_runtime_dir_only_linger_is_left = {
      expr = layers (onWsl [
        module
        (session { fixRuntimeDir = false; })
      ]);
      expected = {
        wants = [ ];
        packages = [ ];
        linger = true;
        tmpfiles = { };
      };
    };

    without_linger_only_fix_runtime_dir_is_left = {
      expr = layers (onWsl [
        module
        (session { enableLinger = false; })
      ]);
      expected = {
        wants = [ "fix-runtime-dir@1000.service" ];
        packages = [ "fix-runtime-dir-units" ];
        linger = false;
        tmpfiles."/run/user/1000" = [ "z!" ];
      };
    };

    a_wsl_host_with_both_layers_off_is_unchanged = {
      expr = world.fingerprint (onWsl [
        module
        (session {
          fixRuntimeDir = false;
          enableLinger = false;
        })
      ]);
      expected = world.fingerprint (onWsl [ ]);
    };

    a_wsl_host_without_users_is_unchanged = {
      expr = world.fingerprint (onWsl [
        module
        (session { users = [ ]; })
      ]);
      expected = world.fingerprint (onWsl [ ]);
    };

    a_host_without_the_wsl_options_is_unchanged = {
      expr = world.fingerprint (plain [ module ]);
      expected = world.fingerprint (plain [ ]);
    };

    a_host_with_wsl_not_enabled_is_unchanged = {
      expr = world.fingerprint (plain ([ module ] ++ world.wslModules));
      expected = world.fingerprint (plain world.wslModules);
    };

    a_host_with_both_layers_is_changed = {
      # The four above compare something only if this holds.
      expr = world.fingerprint (onWsl [ module ]) == world.fingerprint (onWsl [ ]);
      expected = false;
    };

    another_host_gets_both_layers_for_the_users_it_names = {
      expr = layers (plain [
        module
        (session { users = [ "tim" ]; })
      ]);
      expected = {
        wants = [ "fix-runtime-dir@1000.service" ];
        packages = [ "fix-runtime-dir-units" ];
        linger = true;
        tmpfiles."/run/user/1000" = [ "z!" ];
      };
    };

    several_users_get_an_instance_each = {
      expr = wanted (plain [
        module
        (session {
          users = [
            "tim"
            "ann"
            "tim"
          ];
        })
        {
          users.users.ann = {
            isNormalUser = true;
            uid = 1001;
          };
        }
      ]);
      expected = [
        "fix-runtime-dir@1000.service"
        "fix-runtime-dir@1001.service"
      ];
    };

    a_user_without_a_uid_goes_by_name = {
      expr = layers (
        world.evaluate [
          module
          (session { users = [ "tim" ]; })
          { users.users.tim.isNormalUser = true; }
        ]
      );
      expected = {
        wants = [ "fix-runtime-dir@tim.service" ];
        packages = [ "fix-runtime-dir-units" ];
        linger = true;
        tmpfiles = { };
      };
    };

    a_user_whose_login_differs_from_the_attribute_goes_by_login = {
      expr = wanted (
        world.evaluate [
          module
          (session { users = [ "tim" ]; })
          {
            users.users.tim = {
              isNormalUser = true;
              name = "timothy";
            };
          }
        ]
      );
      expected = [ "fix-runtime-dir@timothy.service" ];
    };

    a_user_that_nixos_does_not_declare_lingers_by_unit_and_stays_undeclared =
      let
        host = plain [
          module
          (session { users = [ "guest" ]; })
        ];
      in
      {
        expr = {
          wants = wanted host;
          packages = unitPackages host;
          declared = host.config.users.users ? guest;
          tmpfiles = rules host;
        };
        expected = {
          wants = [
            "fix-linger@guest.service"
            "fix-runtime-dir@guest.service"
          ];
          packages = [
            "fix-linger-units"
            "fix-runtime-dir-units"
          ];
          declared = false;
          tmpfiles = { };
        };
      };

    where_nixos_does_not_manage_lingering_the_unit_does = {
      expr = layers (onWsl [
        module
        { users.manageLingering = false; }
      ]);
      expected = {
        wants = [
          "fix-linger@tim.service"
          "fix-runtime-dir@1000.service"
        ];
        packages = [
          "fix-linger-units"
          "fix-runtime-dir-units"
        ];
        linger = false;
        tmpfiles."/run/user/1000" = [ "z!" ];
      };
    };

    linger_holds_before_state_version_25_11 = {
      expr =
        (onWsl [
          module
          { system.stateVersion = "24.11"; }
        ]).config.users.users.tim.linger;
      expected = true;
    };

    linger_set_by_hand_wins = {
      expr =
        (onWsl [
          module
          { users.users.tim.linger = false; }
        ]).config.users.users.tim.linger;
      expected = false;
    };

    only_the_named_users_linger = {
      expr =
        (onWsl [
          module
          { users.users.ann.isNormalUser = true; }
        ]).config.users.users.ann.linger == true;
      expected = false;
    };

    a_name_that_could_be_an_option_is_refused = {
      expr =
        (builtins.tryEval (
          wanted (plain [
            module
            (session { users = [ "-h" ]; })
          ])
        )).success;
      expected = false;
    };

    a_healthy_wsl_host_is_accepted = {
      expr = refusals (onWsl [
        module
        {
          fileSystems = lib.genAttrs [
            "/mnt/c"
            "/mnt/wsl"
            "/mnt/wslg-backup"
            "/run/userdata"
            "/usr/lib/wsl/drivers"
          ] (_: tmpfs);
        }
      ]);
      expected = [ ];
    };

    stray_entries_are_refused_by_name = {
      expr = refusedEntries (onWsl [
        module
        {
          fileSystems = lib.genAttrs [
            "/mnt/c"
            "/mnt/wslg"
            "/mnt/wslg/distro"
            "/mnt/wslg/run/user/1000"
            "/run/user/1000"
          ] (_: tmpfs);
        }
      ]);
      expected = [
        ''fileSystems."/mnt/wslg"''
        ''fileSystems."/mnt/wslg/distro"''
        ''fileSystems."/mnt/wslg/run/user/1000"''
        ''fileSystems."/run/user/1000"''
      ];
    };

    the_refusal_says_what_to_delete_where_and_how_to_apply_it =
      let
        stray = toString ./stray-hardware-configuration.nix;
        messages = refusals (onWsl [
          module
          stray
        ]);
      in
      {
        expr = map (
          message:
          says message [
            ''fileSystems."/mnt/wslg/run/user/1000"   in ${stray}''
            "hardware-configuration.nix"
            "nixos-generate-config"
            "`nixos-rebuild boot`"
            "`wsl --shutdown`"
            "not with `switch`"
            "unmounts the live runtime"
          ]
        ) messages;
        expected = [ true ];
      };

    an_entry_is_judged_by_its_mount_point = {
      expr = refusedEntries (onWsl [
        module
        {
          fileSystems.session = tmpfs // {
            mountPoint = "/mnt/wslg/run/user/1000";
          };
        }
      ]);
      expected = [ ''fileSystems."session"'' ];
    };

    the_automount_root_is_honoured = {
      expr = refusedEntries (onWsl [
        module
        {
          wsl.wslConf.automount.root = "/win";
          fileSystems = lib.genAttrs [
            "/mnt/wslg/run/user/1000"
            "/win/wslg/run/user/1000"
          ] (_: tmpfs);
        }
      ]);
      expected = [ ''fileSystems."/win/wslg/run/user/1000"'' ];
    };

    an_automount_root_of_slash_is_honoured = {
      expr = refusedEntries (onWsl [
        module
        {
          wsl.wslConf.automount.root = "/";
          fileSystems."/wslg/run/user/1000" = tmpfs;
        }
      ]);
      expected = [ ''fileSystems."/wslg/run/user/1000"'' ];
    };

    off_wsl_only_run_user_is_guarded =
      let
        host = plain [
          module
          (session { users = [ "tim" ]; })
          {
            fileSystems = lib.genAttrs [
              "/mnt/wslg/run/user/1000"
              "/run/user/1000"
            ] (_: tmpfs);
          }
        ];
      in
      {
        expr = {
          entries = refusedEntries host;
          reboot = map (message: says message [ "a reboot" ] && !says message [ "wsl --shutdown" ]) (
            refusals host
          );
        };
        expected = {
          entries = [ ''fileSystems."/run/user/1000"'' ];
          reboot = [ true ];
        };
      };

    without_fix_runtime_dir_nothing_is_refused = {
      expr = refusals (onWsl [
        module
        (session { fixRuntimeDir = false; })
        { fileSystems."/mnt/wslg/run/user/1000" = tmpfs; }
      ]);
      expected = [ ];
    };
  };

  # What stubs cannot show.
  realCases =
    let
      host = onWsl [ module ];
      lines = name: lib.splitString "\n" host.config.systemd.units.${name}.text;
      words = line: lib.splitString " " (lib.last (lib.splitString "=" line));
      package = host.config.wsl-settings.systemdUserSession.package;
    in
    {
      the_target_wants_the_instance_and_no_unit_shadows_the_template = {
        expr = {
          wants = lib.any (line: lib.elem "fix-runtime-dir@1000.service" (words line)) (
            lib.filter (lib.hasPrefix "Wants=") (lines "multi-user.target")
          );
          shadows = lib.filter (lib.hasPrefix "fix-") (lib.attrNames host.config.systemd.units);
        };
        expected = {
          wants = true;
          shadows = [ ];
        };
      };

      the_runtime_directory_unit_only_gains_what_switching_reads = {
        expr = lib.filter (lib.hasPrefix "X-") (lines "user-runtime-dir@.service");
        expected = [
          "X-RestartIfChanged=false"
          "X-StopIfChanged=false"
        ];
      };

      nixos_lingers_the_user_itself = {
        expr = map (lib.hasInfix "tim") (
          lib.filter (line: lib.hasInfix "ingeringUserNames=" line && !lib.hasInfix "nonL" line) (
            lib.splitString "\n" host.config.systemd.services.linger-users.script
          )
        );
        expected = [ true ];
      };

      a_configuration_with_a_stray_entry_does_not_build = {
        expr =
          (builtins.tryEval
            (world.evaluate [
              module
              wsl
              ./stray-hardware-configuration.nix
            ]).config.system.build.toplevel.outPath
          ).success;
        expected = false;
      };

      the_package_has_the_units_of_the_programs = {
        expr = lib.mapAttrs (_: farm: map (entry: baseNameOf entry) (lib.attrNames farm.entries)) (
          lib.getAttrs [ "fix-linger" "fix-runtime-dir" ] package.units
        );
        expected = {
          fix-linger = [ "fix-linger@.service" ];
          fix-runtime-dir = [
            "fix-runtime-dir@.service"
            "50-mendutils.conf"
          ];
        };
      };

      the_package_instantiates_on_every_platform = {
        expr =
          map
            (
              system:
              let
                pkgs = import nixpkgs {
                  inherit system;
                  overlays = [ (import ../overlay.nix) ];
                };
              in
              lib.hasSuffix ".drv" pkgs.mendutils.drvPath
              && (!pkgs.stdenv.hostPlatform.isLinux || lib.hasSuffix ".drv" pkgs.pkgsStatic.mendutils.drvPath)
            )
            [
              "x86_64-linux"
              "aarch64-linux"
              "aarch64-darwin"
            ];
        expected = [
          true
          true
          true
        ];
      };

      the_vm_tests_instantiate = {
        expr = lib.mapAttrs (_: test: lib.hasSuffix ".drv" test.drvPath) (
          removeAttrs package.tests [ "version" ]
        );
        expected = lib.mapAttrs (_: _: true) (import ../tests);
      };
    };
in
cases // lib.optionalAttrs world.real realCases
