# What the Home Manager modules do to a home, case by case: { <case> = { expr, expected }; }.
{
  nixpkgs ? null,
  lib ? import (nixpkgs + "/lib"),
  ...
}@arguments:

let
  world = (import ./worlds.nix arguments).home;
  module = ../modules/home-manager;

  evaluate =
    stacks: modules:
    world.evaluate (
      [
        module
        { services.podman-stacks = stacks; }
      ]
      ++ modules
    );

  side = {
    inherit evaluate;
    inherit (world) units fingerprint pkgs;
    bare = world.evaluate [ ];
    own = name: {
      systemd.user.services."podman-stack@${name}" = {
        Unit.After = [ "mine.service" ];
        Service.TimeoutStopSec = 7;
      };
    };
    afterwards = name: line: {
      systemd.user.services."podman-stack@${name}".Service.ExecStopPost = line;
    };
    restart = [ ];
    reload = [ "X-SwitchMethod=reload" ];
    nothing = [ "X-SwitchMethod=keep-old" ];
  };

  scope = {
    inherit
      lib
      module
      world
      evaluate
      ;
    web.web.files = [ "/srv/web/compose.yaml" ];
    failed =
      host: map (check: check.message) (lib.filter (check: !check.assertion) host.config.assertions);
  };
in
import ./cases/stacks.nix { inherit lib side; }
// import ./cases/home.nix scope
// import ./cases/provenance-home.nix scope
