# What Home Manager's and NixOS' services.podman-stacks have in common: the options of a stack, its unit, and what cannot
# work.
#
# The unit of a stack is one whole file, podman-stack@NAME.service: the template that is shipped beside apply-and-verify,
# read, with this stack's command lines in the place of the template's. It is named as an instance, because that is what
# the stack is called on a host without Nix. But it is neither an instance of an installed template with a drop-in, nor
# the template's text with sections appended:
#
# - sd-switch 0.6.4 looks for a file under the unit's own name. For an instance it falls back to the template and to the
#   drop-ins of the template, so a changed drop-in of the instance restarts nothing (find_unit_file_path and
#   collect_overrides). Of a section that stands there twice it sees the last one only (ini::parse).
# - check-unit-provenance has one file to compare with the generation's, and every drop-in is somebody else's.
# - `systemctl --user cat` shows each setting once.
{ lib }:

let
  inherit (lib) mkOption types;

  unitFile = import ./unit-file.nix { inherit lib; };
  units = ../../crates/tools/apply-and-verify/units/user;
  template = unitFile.read (units + "/podman-stack@.service");

  unitOf = name: "podman-stack@${name}.service";

  absolute = types.strMatching "/.*" // {
    description = "absolute path, as a string";
  };
  # A service of a compose file.
  service = types.strMatching "[A-Za-z0-9_][A-Za-z0-9_.-]*";

  each =
    option:
    lib.concatMap (value: [
      option
      value
    ]);
  maybe =
    option: value:
    lib.optionals (value != null) [
      option
      value
    ];

  # What apply-and-verify takes where it is told nothing.
  deadlines = {
    applyTimeout = 300;
    timeout = 120;
    stable = 2;
  };

  # Above all deadlines of the program together, which knows better what it waited for: a pull, which a reload does and which
  # may take as long as applying, both steps, and both again for a rollback. The template says the same for a stack that
  # names no deadline; nine minutes in it are for the removal of stale containers, and for ending a provider.
  startTimeout =
    stack:
    let
      of = name: if stack.${name} == null then deadlines.${name} else stack.${name};
      once = of "applyTimeout" + of "timeout" + of "stable";
    in
    of "applyTimeout" + (if stack.rollback then 2 * once else once) + 540;

  # Which project, for apply-and-verify and for a provider.
  selection =
    project: stack:
    [
      project
      stack.project
    ]
    ++ each "--file" stack.files
    ++ each "--env-file" stack.environmentFiles
    ++ each "--profile" stack.profiles;

  # The arguments of apply-and-verify.
  arguments =
    name: stack:
    selection "--project" stack
    ++ [
      "--unit"
      (unitOf name)
    ]
    ++ maybe "--timeout" stack.timeout
    ++ maybe "--apply-timeout" stack.applyTimeout
    ++ maybe "--stable" stack.stable
    ++ each "--optional" stack.optionalServices
    ++ each "--oneshot" stack.oneshotServices
    ++ lib.optional (!stack.wait) "--no-wait"
    ++ lib.optional stack.rollback "--rollback";
  # docker-compose talks to podman's API.
  usesSocket = provider: provider != null && lib.hasInfix "docker" (baseNameOf (lib.getExe provider));

  providerEnvironment =
    provider:
    lib.optionalAttrs (provider != null) { PODMAN_COMPOSE_PROVIDER = lib.getExe provider; }
    // lib.optionalAttrs (usesSocket provider) { DOCKER_HOST = "unix://%t/podman/podman.sock"; };

  # The submodule of one stack. `podman` is the default of its podmanPackage, and how the manual writes that.
  module =
    { pkgs, podman }:
    { name, ... }:
    let
      packages = import ./packages.nix { inherit lib pkgs; };
    in
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          example = false;
          description = "Whether this stack has a unit. Switching it off stops the stack; its containers stay.";
        };

        files = mkOption {
          type = types.listOf types.path;
          default = [ ];
          example = lib.literalExpression ''[ "''${./web}/compose.yaml" ]'';
          description = ''
            The compose files, at least one; a later one overrides an earlier one.

            `./web/compose.yaml` is copied to the Nix store alone, so what the file names relative to itself (volumes, an
            `env_file`, a build context) is not there. Either give the folder, as in the example, or a string such as
            `"/home/alice/web/compose.yaml"`, which is read from there. Only what is in the store makes a switch apply a
            change by itself.
          '';
        };

        project = mkOption {
          type = types.str;
          default = name;
          defaultText = lib.literalMD "the name of the stack";
          example = "web";
          description = ''
            The name of the compose project. Lower-case letters, digits, `_` and `-`, and no `_` or `-` at the start.
          '';
        };

        environment = mkOption {
          type = types.attrsOf (
            types.oneOf [
              types.str
              types.int
              types.path
            ]
          );
          default = { };
          example = {
            TAG = "1.27";
            DATA = "/srv/web";
          };
          description = ''
            Variables for the compose files (`''${TAG}`). The value arrives as it is written here: `%` and `$` have no
            meaning in it. Everybody can read it in the Nix store; secrets belong in
            {option}`services.podman-stacks.<name>.environmentFiles`.
          '';
        };

        environmentFiles = mkOption {
          type = types.listOf absolute;
          default = [ ];
          example = [ "/run/secrets/web.env" ];
          description = ''
            Files of `NAME=value` lines, read when the stack is applied. One that is missing is an error with its name.
            Paths are strings, so that no secret is copied to the Nix store.
          '';
        };

        profiles = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "monitoring" ];
          description = "Profiles of the compose files that are switched on.";
        };

        timeout = mkOption {
          type = types.nullOr types.ints.positive;
          default = null;
          example = 300;
          description = ''
            Within how many seconds after the provider every service must be verified. Null leaves it to
            {command}`apply-and-verify`: ${toString deadlines.timeout}.
          '';
        };

        applyTimeout = mkOption {
          type = types.nullOr types.ints.positive;
          default = null;
          example = 900;
          description = ''
            How many seconds the provider may take to create and start the containers, images included. Null leaves it to
            {command}`apply-and-verify`: ${toString deadlines.applyTimeout}.
          '';
        };

        stable = mkOption {
          type = types.nullOr types.ints.unsigned;
          default = null;
          example = 10;
          description = ''
            For how many seconds each container must have been up, counted from its own start. Null leaves it to
            {command}`apply-and-verify`: ${toString deadlines.stable}.
          '';
        };

        optionalServices = mkOption {
          type = types.listOf service;
          default = [ ];
          example = [ "metrics" ];
          description = "Services that may fail: they are reported, and the stack is good without them.";
        };

        oneshotServices = mkOption {
          type = types.listOf service;
          default = [ ];
          example = [ "migrate" ];
          description = ''
            Services that are done when they have ended with exit code 0. Those that another service awaits with
            `condition: service_completed_successfully` are known without this.
          '';
        };

        wait = mkOption {
          type = types.bool;
          default = true;
          example = false;
          description = ''
            Whether the unit waits until the services are verified. Without it, it has started when the provider has, and
            its success says nothing about the services.
          '';
        };

        rollback = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = ''
            Whether to put the previous images and containers back when the new ones fail. The unit fails all the same, with
            exit code 3.
          '';
        };

        onChange = mkOption {
          type = types.enum [
            "restart"
            "reload"
            "nothing"
          ];
          default = "restart";
          example = "reload";
          description = ''
            What a switch does to a running stack whose unit has changed.

            `restart`
            : Stop it and start it. The state of the unit is the truth about the new stack. Every container stops, also
              for no more than a new version of this package.

            `reload`
            : Pull, and apply to the running stack: what has not changed is left running. When that fails, the switch
              says so, but the unit stays `active`.

            `nothing`
            : Leave it as it is until it is restarted by hand.
          '';
        };

        wantedBy = mkOption {
          type = types.listOf types.str;
          default = [ "default.target" ];
          example = [ ];
          description = "Units of the user manager that start the stack. None: it is started by hand.";
        };

        path = mkOption {
          type = types.listOf (types.either types.package types.str);
          default = [ ];
          example = lib.literalExpression "[ pkgs.git ]";
          description = "More packages, or folders that have a {file}`bin`, in which programs are looked for.";
        };

        package = packages.package "apply-and-verify";

        podmanPackage = packages.podmanPackage podman;

        provider = packages.provider ''
          What makes containers of the compose files. docker-compose needs podman's socket, which the unit starts. Null
          takes what is installed on the host.
        '';

        unit = mkOption {
          type = types.str;
          readOnly = true;
          default = unitOf name;
          defaultText = lib.literalExpression ''"podman-stack@''${name}.service"'';
          description = "The unit of this stack, for `after` and the like of other units.";
        };
      };
    };
in
{
  inherit
    deadlines
    providerEnvironment
    startTimeout
    unitOf
    ;

  # The option services.podman-stacks; `options` are what one of the modules has for each stack besides.
  stacks =
    {
      pkgs,
      podman,
      options ? { },
    }:
    let
      whose = lib.optionalString (options ? user) "user = \"alice\";\n    ";
    in
    mkOption {
      type = types.attrsOf (
        types.submodule [
          (module { inherit pkgs podman; })
          { inherit options; }
        ]
      );
      default = { };
      example = lib.literalExpression ''
        {
          web = {
            ${whose}files = [ "''${./web}/compose.yaml" ];
            environment.TAG = "1.27";
            oneshotServices = [ "migrate" ];
            timeout = 300;
          };
        }
      '';
      description = ''
        Compose projects, each the user unit {file}`podman-stack@NAME.service`. It starts when every service of the project
        is verified, and fails when one is not. Settings of one's own are added with
        {option}`systemd.user.services."podman-stack@NAME"`.
      '';
    };

  # The settings of the unit: { unit, service }, for a writer that writes a list as one line each. They are defaults, so
  # what somebody sets for the same unit wins.
  settings =
    name: stack:
    let
      run = unitFile.command ([ (lib.getExe' stack.package "apply-and-verify") ] ++ arguments name stack);
      provider = if stack.provider == null then "podman-compose" else lib.getExe stack.provider;
      names = option: stack.${option} != null;
      socket = lib.optional (usesSocket stack.provider) "podman.socket";
    in
    {
      unit =
        unitFile.defaults template.Unit
        // lib.optionalAttrs (socket != [ ]) {
          Wants = template.Unit.Wants or [ ] ++ socket;
          After = template.Unit.After or [ ] ++ socket;
        };
      service =
        unitFile.defaults template.Service
        // {
          ExecStart = run;
          ExecReload = "${run} --pull";
          # The provider's own: it knows the order, and each container's time to stop. TimeoutStopSec= bounds it.
          ExecStop = unitFile.command ([ provider ] ++ selection "--project-name" stack ++ [ "stop" ]);
        }
        // lib.optionalAttrs (stack.rollback || lib.any names (lib.attrNames deadlines)) {
          TimeoutStartSec = lib.mkDefault (startTimeout stack);
        };
    };

  # Packages whose bin/ must be on the path.
  path =
    stack:
    stack.path
    ++ lib.optional (stack.provider != null) stack.provider
    ++ lib.optional (stack.podmanPackage != null) stack.podmanPackage;

  # Variables, their values as they stand in Environment=.
  environment =
    stack: providerEnvironment stack.provider // lib.mapAttrs (_: unitFile.variable) stack.environment;

  # What cannot work, of stacks that share one podman. `commands` gives the command lines and scripts that stand
  # in the unit of a stack in the end, whoever wrote them.
  assertions =
    { stacks, commands }:
    let
      perStack =
        name: stack:
        let
          option = "services.podman-stacks.${lib.strings.escapeNixIdentifier name}";
          both = lib.intersectLists stack.optionalServices stack.oneshotServices;
          names = lib.attrNames stack.environment;
          strange = lib.filter (name: builtins.match "[A-Za-z_][A-Za-z0-9_]*" name == null) names;
          forgets = lib.filter (
            line: builtins.match ".*reset-failed[\"']?[[:space:]]*([;&|].*)?" line != null
          ) (lib.concatMap (lib.splitString "\n") (commands name));
        in
        [
          {
            assertion =
              builtins.match "[A-Za-z0-9:_.][A-Za-z0-9:_.-]*" name != null && lib.stringLength name <= 200;
            message = ''
              ${option}: ${builtins.toJSON name} cannot be part of a unit's name. Letters, digits and ":_.-" can, at most 200.
              What the compose project is called is the option `project`.
            '';
          }
          {
            assertion = builtins.match "[a-z0-9][a-z0-9_-]*" stack.project != null;
            message = ''
              ${option}.project: ${builtins.toJSON stack.project} is no name of a compose project. It has lower-case letters,
              digits, "_" and "-", and begins with a letter or a digit. The default is the name of the stack.
            '';
          }
          {
            assertion = stack.files != [ ];
            message = "${option}.files: name at least one compose file.";
          }
          {
            assertion = both == [ ];
            message = ''
              ${option}: ${toString both} cannot be in optionalServices and in oneshotServices. A service that has to end
              with exit code 0 may not fail.
            '';
          }
          {
            assertion = stack.wait || (!stack.rollback && stack.stable == null && stack.timeout == null);
            message = ''
              ${option}: without `wait` nothing is verified, so `timeout`, `stable` and `rollback` have no meaning. Leave
              them out, or leave `wait` on.
            '';
          }
          {
            assertion = strange == [ ];
            message = "${option}.environment: ${builtins.toJSON strange} are no names of variables.";
          }
          {
            assertion = !(stack.environment ? PATH);
            message = "${option}.environment.PATH: add to the search path with `path`.";
          }
          {
            assertion = forgets == [ ];
            message = ''
              ${unitOf name} runs `reset-failed` without naming a unit:
              ${lib.concatMapStringsSep "\n" (line: "  ${line}") forgets}
              It forgets the failure of the very unit that runs it, and `systemctl restart` then exits 0. Name the unit, or
              leave it out.
            '';
          }
        ];

      projects = lib.groupBy (name: stacks.${name}.project) (lib.attrNames stacks);
      shared = lib.filterAttrs (_: names: lib.length names > 1) projects;
    in
    lib.concatLists (lib.mapAttrsToList perStack stacks)
    ++ lib.mapAttrsToList (project: names: {
      assertion = false;
      message = ''
        services.podman-stacks: ${lib.concatStringsSep " and " names} have the same compose project "${project}". Each would
        remove the containers of the other as orphans. Give one another `project`.
      '';
    }) shared;
}
