# A Mac that comes up after every boot: /run/current-system, the daemons of the configuration, and a shell that says what
# is wrong.
#
# All of it must work while /nix is not mounted, which is when it is needed. So nothing of it may be a link into the store:
# the programs, the sudo rule and the files that shells read are copied to the Data volume at each activation, where they
# differ. They are copied first of all, before the checks of nix-darwin, which end an activation that they refuse.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib) mkOption types;

  cfg = config.services.nix-boot-activation;
  packages = import ../packages.nix { inherit lib pkgs; };
  outside = import ../outside-the-store.nix;

  inherit (outside) folder;
  programs = map (program: "${cfg.package}/bin/${program}") outside.programs;

  # Where a shell looks that nix-darwin does not write: its /etc/zshrc and /etc/bashrc are links into the store. A login
  # shell reads these, and Terminal starts login shells. A fish is itself in the store.
  hooks =
    lib.optional cfg.shells.zsh {
      shell = "zsh";
      file = "/etc/zlogin";
    }
    ++ lib.optional cfg.shells.bash {
      shell = "bash";
      file = "/etc/profile";
    }
    ++ lib.optional cfg.shells.fish {
      shell = "fish";
      file = "";
    };
  source =
    shell:
    let
      file = "${folder}/activation.${shell}";
    in
    if shell == "fish" then
      "if test -r ${file}; source ${file}; end"
    else
      "if [ -r ${file} ]; then . ${file}; fi";
  initFor =
    shell: lib.mkIf (cfg.enable && cfg.shells.${shell}) (lib.mkBefore "${source shell}\n");

  shell = name: default: mkOption {
    type = types.bool;
    inherit default;
    example = !default;
    description = ''
      Whether an interactive ${name} says once a boot what is wrong with the activation, and how it is mended.
    '';
  };
in
{
  options.services.nix-boot-activation = {
    enable = lib.mkEnableOption ''
      the repair of {file}`/run/current-system` at every boot, by {command}`fix-current-system` under the label
      `org.nixos.boot-activation`, which waits for {file}`/nix` for as long as it takes
    '';

    launchDaemons = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether {command}`fix-launch-daemons` makes sure, after each activation, that every daemon of the configuration is
        installed, enabled and loaded. What it cannot mend it reports; the activation goes on.
      '';
    };

    recovery.users = mkOption {
      type = types.listOf (types.strMatching "%?[A-Za-z0-9_][A-Za-z0-9_.-]*");
      default = [ "%admin" ];
      example = [ "alice" ];
      description = ''
        Users, and groups after a `%`, for whom {command}`recover-activation` mends without asking for a password: they may
        run {command}`fix-current-system`, {command}`fix-launch-daemons` and the activation of the current system as root,
        each with one command line and no other. Empty: it reports, and {command}`nix-recover` asks for the password.
      '';
    };

    shells = {
      zsh = shell "zsh" true;
      bash = shell "bash" true;
      fish = shell "fish" true;
    };

    package = packages.package "fix-current-system";
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      environment.launchDaemons."org.nixos.boot-activation.plist".source =
        "${cfg.package}/Library/LaunchDaemons/org.nixos.boot-activation.plist";

      system.activationScripts.preActivation.text = ''
        # What mends this Mac while /nix is not mounted.
        installOutside() { bash ${../../install-outside.sh} "$@"; }
        installOutside programs "" ${folder} ${lib.escapeShellArgs programs}
        installOutside link "" ${outside.link} ${folder}/recover-activation
        {
          :
          ${lib.concatMapStrings (user: ''
            ${folder}/recover-activation --print-sudoers ${lib.escapeShellArg user}
          '') cfg.recovery.users}
        } | installOutside sudoers "" ${outside.sudoers}
        ${lib.concatMapStrings (hook: ''
          ${folder}/check-activation --shell ${hook.shell} |
            installOutside hook "" ${folder}/activation.${hook.shell} ${hook.file} ${lib.escapeShellArg (source hook.shell)}
        '') hooks}
      '';

      system.activationScripts.postActivation.text = lib.mkIf cfg.launchDaemons (
        lib.mkAfter ''
          ${folder}/fix-launch-daemons --advisory --system-config "$systemConfig" --label-prefix ${lib.escapeShellArg config.launchd.labelPrefix}
        ''
      );
    })
    {
      programs.zsh.interactiveShellInit = initFor "zsh";
      programs.bash.interactiveShellInit = initFor "bash";
      programs.fish.interactiveShellInit = initFor "fish";
    }
  ];
}
