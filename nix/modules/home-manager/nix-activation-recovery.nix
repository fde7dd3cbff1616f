# recover-activation at each login on a Mac, under the label org.nixos.activation-recovery.
#
# Not through launchd.agents: such an agent is started through a script in the store, or by a shell that waits for the store,
# and would hang for ever in the one case that it is for. The program and its property list are regular files outside of it,
# and fix-launch-daemons, which is there for that, puts the latter in its place.
{
  config,
  lib,
  pkgs,
  osConfig ? null,
  ...
}:

let
  cfg = config.programs.nix-activation-recovery;
  packages = import ../packages.nix { inherit lib pkgs; };
  outside = import ../outside-the-store.nix;
  label = "org.nixos.activation-recovery";
in
{
  options.programs.nix-activation-recovery = {
    enable = lib.mkEnableOption ''
      {command}`recover-activation` at each login: it looks whether the activation of this Mac is in order, mends what it may
      from the smallest step on, and says what is left. It is installed outside of the store by nix-darwin's
      {option}`services.nix-boot-activation`
    '';

    package = packages.package "recover-activation";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = pkgs.stdenv.hostPlatform.isDarwin;
        message = "programs.nix-activation-recovery: there is no launchd on this platform; leave it out.";
      }
      {
        assertion = osConfig == null || (osConfig.services.nix-boot-activation.enable or false);
        message = ''
          programs.nix-activation-recovery needs the programs in ${outside.folder}; in the configuration of nix-darwin:
            services.nix-boot-activation.enable = true;
        '';
      }
    ];

    # After Home Manager's own, which removes what an earlier generation had as one of launchd.agents.
    home.activation.nixActivationRecovery = {
      before = [ ];
      after = [
        "setupLaunchAgents"
        "writeBoundary"
      ];
      data = ''
        # A copy, loaded where there is a graphical session; what is not done it tells, and the activation goes on.
        if [[ -x ${outside.folder}/fix-launch-daemons ]]; then
          run ${outside.folder}/fix-launch-daemons --advisory --user-agents --directory ${cfg.package}/Library/LaunchAgents
        else
          warnEcho "${outside.folder}/fix-launch-daemons is missing: ${label} is not installed. services.nix-boot-activation of nix-darwin installs it."
        fi
      '';
    };
  };
}
