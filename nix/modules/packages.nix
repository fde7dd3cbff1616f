# Options for the packages that a unit's programs come from, the same in every module.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
in
{
  # mendutils; `program` is the one that the unit starts.
  package =
    program:
    mkOption {
      type = types.package;
      default = pkgs.mendutils or (pkgs.callPackage ../package.nix { });
      defaultText = lib.literalExpression "pkgs.mendutils";
      example = lib.literalExpression "pkgs.pkgsStatic.mendutils";
      description = "The mendutils package that {command}`${program}` is taken from.";
    };

  # `podman`: the default of the host's own module, with its text.
  podmanPackage =
    podman:
    mkOption (
      {
        type = types.nullOr types.package;
        example = null;
        description = "Podman. Null takes the one that is installed on the host.";
      }
      // podman
    );

  provider =
    description:
    mkOption {
      type = types.nullOr types.package;
      default = pkgs.podman-compose;
      defaultText = lib.literalExpression "pkgs.podman-compose";
      example = lib.literalExpression "pkgs.docker-compose";
      inherit description;
    };
}
