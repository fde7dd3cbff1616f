# Compose projects of users that linger, as user units that start when the stack is verified.
#
# A user unit of NixOS lies in /etc/systemd/user, where every user's manager sees it; ConditionUser= has all but one pass it
# by. What it costs: `nixos-rebuild switch` looks after changed user units only since nixpkgs PR #507588 (April 2026);
# before that a changed stack runs on as it was until it is restarted by hand or the host is. And what lies below
# ~/.config/systemd/user hides it. Home Manager's module of the same name has neither limit.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:

let
  stack = import ../podman-stack.nix { inherit lib; };

  stacks = lib.filterAttrs (_: one: one.enable) config.services.podman-stacks;
  users = lib.unique (lib.mapAttrsToList (_: one: one.user) stacks);

  # NULL for an account that NixOS does not declare.
  accountOf = user: config.users.users.${user} or null;
  lingers = user: (accountOf user).linger or null == true;
  hasSubordinates =
    account: account.autoSubUidGidRange or false || account.subUidRanges or [ ] != [ ];

  # The stacks of the same name that Home Manager has for the same user.
  inHome =
    name: user:
    options ? home-manager
    && (config.home-manager.users.${user}.services.podman-stacks.${name}.enable or false);
in
{
  imports = [ ./lingering.nix ];

  options.services.podman-stacks = stack.stacks {
    inherit pkgs;
    podman = {
      default = config.virtualisation.podman.package;
      defaultText = lib.literalExpression "config.virtualisation.podman.package";
    };
    options.user = lib.mkOption {
      type = lib.types.str;
      example = "alice";
      description = ''
        The user whose podman runs the stack, as named in {option}`users.users`. The user lingers, unless
        {option}`users.users.<name>.linger` says otherwise.
      '';
    };
  };

  config = lib.mkIf (stacks != { }) {
    mendutils.lingering = users;

    assertions = [
      {
        assertion = config.virtualisation.podman.enable;
        message = "services.podman-stacks: set `virtualisation.podman.enable = true`; it brings the network and the policy files.";
      }
    ]
    ++ map (user: {
      assertion = accountOf user != null && user != "root";
      message =
        if user == "root" then
          "services.podman-stacks: root has no user manager that starts at boot. Take a user, who lingers."
        else
          "services.podman-stacks: ${user} is not declared in users.users, which also gives the subordinate uids that podman needs.";
    }) users
    ++ lib.mapAttrsToList (name: one: {
      assertion = !inHome name one.user;
      message = ''
        services.podman-stacks.${name} is there twice, once here and once in the Home Manager configuration of ${one.user},
        whose unit would hide this one. Remove one of them.
      '';
    }) stacks
    ++ lib.concatMap (
      user:
      stack.assertions {
        stacks = lib.filterAttrs (_: one: one.user == user) stacks;
        commands =
          name:
          let
            unit = config.systemd.user.services."podman-stack@${name}";
          in
          lib.concatMap lib.toList (
            lib.attrValues (lib.filterAttrs (key: _: lib.hasPrefix "Exec" key) unit.serviceConfig)
          )
          ++ map (script: unit.${script} or "") [
            "preStart"
            "postStart"
            "preStop"
            "postStop"
          ];
      }
    ) users;

    warnings = lib.concatMap (
      user:
      lib.optional (accountOf user != null && !lingers user) ''
        services.podman-stacks: ${user} does not linger, so the stacks start at the first login and stop after the last
        logout. It is users.users.${user}.linger or users.manageLingering that says so.
      ''
      ++ lib.optional (accountOf user != null && !hasSubordinates (accountOf user)) ''
        services.podman-stacks: ${user} has no subordinate uids, without which podman can give a container one uid only. Set
        users.users.${user}.autoSubUidGidRange = true, or subUidRanges and subGidRanges.
      ''
    ) users;

    # restart-and-verify is run by hand.
    environment.systemPackages = lib.unique (lib.mapAttrsToList (_: one: one.package) stacks);

    systemd.user.services = lib.mapAttrs' (
      name: one:
      let
        settings = stack.settings name one;
      in
      lib.nameValuePair "podman-stack@${name}" {
        unitConfig = settings.unit // {
          ConditionUser = (accountOf one.user).name or one.user;
        };
        serviceConfig = settings.service;
        # Rootless podman needs the setuid newuidmap.
        path = [ "/run/wrappers" ] ++ stack.path one;
        environment = stack.environment one;
        inherit (one) wantedBy;
        reloadIfChanged = one.onChange == "reload";
        restartIfChanged = one.onChange != "nothing";
      }
    ) stacks;
  };
}
