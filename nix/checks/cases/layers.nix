# What each layer is made of, and that a host that asked for none stays as it was.
{
  lib,
  module,
  session,
  world,
  plain,
  onWsl,
  safetyNet,
  layers,
  ...
}:

let
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
in
{
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

}
