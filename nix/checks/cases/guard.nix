# The entries of fileSystems that are refused, and the words.
{
  lib,
  module,
  session,
  tmpfs,
  plain,
  onWsl,
  refusals,
  refusedEntries,
  says,
  ...
}:

{
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
      stray = toString ../stray-hardware-configuration.nix;
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
}
