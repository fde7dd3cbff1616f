# A user session that works: /run/user/UID in order, and linger.
#
# The module acts on the accounts in `users`. That list is empty but on a WSL host, so importing the module anywhere
# else changes nothing.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:

let
  cfg = config.wsl-settings.systemdUserSession;

  # NixOS-WSL may not be there at all: then its options do not exist.
  onWsl = options ? wsl.enable && config.wsl.enable;
  automountRoot = lib.removeSuffix "/" (config.wsl.wslConf.automount.root or "/mnt");

  names = lib.unique cfg.users;
  fixRuntimeDir = cfg.fixRuntimeDir && names != [ ];
  enableLinger = cfg.enableLinger && names != [ ];

  # NULL for an account that NixOS does not declare (made by hand, or from a directory service).
  accountOf = name: config.users.users.${name} or null;
  loginOf =
    name:
    let
      account = accountOf name;
    in
    if account == null then name else account.name;

  # A null uid is chosen when the account is made, so it is unknown here. The unit takes a name as well.
  uidOrLoginOf =
    name:
    let
      account = accountOf name;
    in
    if account == null || account.uid == null then loginOf name else toString account.uid;

  # linger-users.service sets linger for declared accounts, at every boot and switch. For others fix-linger does.
  nixosLingers = name: (config.users.manageLingering or true) && accountOf name != null;
  lingerByUnit = lib.optionals enableLinger (lib.filter (name: !nixosLingers name) names);

  # What WSL's init and logind mount by themselves. A second mount from fstab hides or replaces theirs.
  foreignTrees = [ "/run/user" ] ++ lib.optional onWsl "${automountRoot}/wslg";
  strayMounts = lib.filterAttrs (
    _: fs:
    (fs.enable or true)
    && lib.any (tree: fs.mountPoint == tree || lib.hasPrefix "${tree}/" fs.mountPoint) foreignTrees
  ) config.fileSystems;
  filesThatDefine =
    name:
    lib.unique (
      map (definition: toString definition.file) (
        lib.filter (definition: definition.value ? ${name}) options.fileSystems.definitionsWithLocations
      )
    );
  stanza =
    name:
    "  fileSystems.${builtins.toJSON name}   in ${lib.concatStringsSep ", " (filesThatDefine name)}";
  restart = if onWsl then "`wsl --shutdown`, from Windows" else "a reboot";
in
{
  imports = [ ./lingering.nix ];

  options.wsl-settings.systemdUserSession = {
    fixRuntimeDir = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = ''
        Whether to keep {file}`/run/user/UID` of {option}`wsl-settings.systemdUserSession.users` in order, so that
        {command}`user@UID.service` can start: each time systemd makes the directory, and once at boot.
        Configurations with {option}`fileSystems` entries that break it are refused.
      '';
    };

    enableLinger = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = ''
        Whether {option}`wsl-settings.systemdUserSession.users` linger: their user manager starts at boot and stays
        after the last logout. {option}`users.users.<name>.linger` set by hand takes precedence.
      '';
    };

    users = lib.mkOption {
      # What a unit's instance name holds unescaped, and no program mistakes for an option.
      type = lib.types.listOf (lib.types.strMatching "[A-Za-z0-9_][A-Za-z0-9_.@:-]*");
      default = lib.optional (onWsl && options ? wsl.defaultUser) config.wsl.defaultUser;
      defaultText = lib.literalExpression ''
        # where NixOS-WSL is present and enabled; else [ ]
        [ config.wsl.defaultUser ]
      '';
      example = [ "alice" ];
      description = ''
        Accounts, as named in {option}`users.users`, whose session is looked after. An account that is not declared
        there is given by its login name. With an empty list this module does nothing.
      '';
    };

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.mendutils or (pkgs.callPackage ../../package.nix { });
      defaultText = lib.literalExpression "pkgs.mendutils";
      example = lib.literalExpression "pkgs.pkgsStatic.mendutils";
      description = "The mendutils package that the units and programs are taken from.";
    };
  };

  config = lib.mkMerge [
    (lib.mkIf enableLinger { mendutils.lingering = names; })

    (lib.mkIf (fixRuntimeDir || enableLinger) {
      # check-user-session is run by hand, and the hints in the journal say so.
      environment.systemPackages = [ cfg.package ];

      # The units are templates: wanting an instance is all that it takes. Naming them in systemd.services instead
      # would give each a drop-in with a PATH and locale that they do not need.
      systemd.targets.multi-user.wants =
        lib.optionals fixRuntimeDir (map (name: "fix-runtime-dir@${uidOrLoginOf name}.service") names)
        ++ map (name: "fix-linger@${loginOf name}.service") lingerByUnit;

      systemd.packages =
        lib.optional fixRuntimeDir cfg.package.units.fix-runtime-dir
        ++ lib.optional (lingerByUnit != [ ]) cfg.package.units.fix-linger;
    })

    (lib.mkIf fixRuntimeDir {
      assertions = [
        {
          assertion = strayMounts == { };
          message = ''
            These entries mount over what ${lib.optionalString onWsl "WSL and "}systemd-logind mount themselves:

            ${lib.concatMapStringsSep "\n" stanza (lib.attrNames strayMounts)}

            A tmpfs from fstab on the runtime directory belongs to root: user@UID.service fails, and there is no
            $XDG_RUNTIME_DIR and no session bus. Delete the whole stanza of each entry. They usually stand in
            hardware-configuration.nix: nixos-generate-config writes down whatever is mounted while it runs.

            Apply with `nixos-rebuild boot` and then ${restart}, not with `switch`: a switch unmounts the live runtime
            directory of the running session.
          '';
        }
      ];

      # A restart of it stops user@UID.service (BindsTo, systemd 256 and later), and with it the live session. The
      # drop-in takes effect at the next start. NixOS says the same of this unit; releases that do not are covered here.
      systemd.services."user-runtime-dir@" = {
        restartIfChanged = false;
        stopIfChanged = false;
      };

      # The safety net. `d` would create the directory, and systemd up to 255.3 then skips its mount because something
      # is already there. `z` adjusts a directory that exists, never makes one and follows no link. `!` keeps it to
      # boot, before logind: a switch must not touch the directory of a live session, which may be another user's mount.
      # Left out where the uid is unknown.
      systemd.tmpfiles.settings."50-mendutils" = lib.mkMerge (
        map (
          name:
          let
            account = accountOf name;
          in
          lib.mkIf (account != null && account.uid != null) {
            "/run/user/${toString account.uid}"."z!" = {
              mode = "0700";
              user = account.name;
              inherit (account) group;
            };
          }
        ) names
      );
    })
  ];
}
