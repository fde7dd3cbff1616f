# Units of both modules as text, for systemd to judge: whether they are in order, and what the program is given.
{
  nixpkgs ? null,
  lib ? import (nixpkgs + "/lib"),
  ...
}@arguments:

let
  world = import ./worlds.nix arguments;

  # Whatever systemd might take for something else.
  file = ''/srv/50% of "$HOME" \ it's ''${HOME} %h; ä/compose.yaml'';
  value = "two\nlines, " + ''50% of "$HOME" \ it's ''${HOME} %h; ä'';
  stack = {
    files = [ file ];
    environment.GREETING = value;
    environmentFiles = [ "/run/secrets/a b.env" ];
    profiles = [
      ";"
      ""
    ];
    optionalServices = [ "metrics" ];
    timeout = 30;
    rollback = true;
  };
  update = {
    enable = true;
    expect = [ "web.service" ];
  };
  audit = {
    enable = true;
    allowDropIns = [ "/etc/50% of.conf" ];
  };

  home = world.home.evaluate [
    ../modules/home-manager
    {
      services.podman-stacks.web = stack;
      # One that really runs.
      services.podman-stacks.real = {
        files = [ "/home/tim/real/compose.yaml" ];
        stable = 0;
        timeout = 60;
      };
      services.podman-auto-update = update;
      services.unit-provenance = audit;
    }
  ];
  nixos = world.evaluate [
    ../modules/nixos
    {
      users.users.tim = {
        isNormalUser = true;
        uid = 1000;
      };
      virtualisation.podman.enable = true;
      services.podman-stacks.web = stack // {
        user = "tim";
      };
      services.podman-auto-update = update // {
        users = [ "tim" ];
      };
      services.unit-provenance = audit // {
        users = [ "tim" ];
      };
    }
  ];
  ours = lib.filterAttrs (
    name: _:
    name == "podman-stack@web.service"
    || lib.hasPrefix "update-and-verify." name
    || lib.hasPrefix "podman-provenance-audit." name
  );
  bin =
    host:
    let
      stack = host.config.services.podman-stacks.web;
      # Nothing is built, and the name of an attribute may not depend on what is.
      binOf = package: builtins.unsafeDiscardStringContext "${package}/bin";
    in
    {
      ${binOf stack.package} = [
        "apply-and-verify"
        "check-unit-provenance"
        "fix-unit-provenance"
        "update-and-verify"
      ];
      ${binOf stack.provider} = [ "podman-compose" ];
    };
in
{
  all = {
    home = {
      units = ours (world.home.units home);
      bin = bin home;
    };
    real = {
      unit = (world.home.units home)."podman-stack@real.service";
      bin = bin home;
    };
    nixos = {
      units = ours (world.userUnits nixos);
      bin = bin nixos;
    };

    # What podman-stack@web.service must start apply-and-verify with.
    arguments = [
      "--project"
      "web"
      "--file"
      file
      "--env-file"
      "/run/secrets/a b.env"
      "--profile"
      ";"
      "--profile"
      ""
      "--unit"
      "podman-stack@web.service"
      "--timeout"
      "30"
      "--optional"
      "metrics"
      "--rollback"
    ];
    variables.GREETING = value;
  };
}
