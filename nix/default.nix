# The flake's outputs. flake.nix only names the inputs.
{ self, nixpkgs }:

let
  inherit (nixpkgs) lib;

  # Narrowed to what nixpkgs still carries, so that a platform it drops is not an error here.
  systems = lib.intersectLists lib.systems.flakeExposed [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];
  eachSystem = make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
in
{
  overlays.default = import ./overlay.nix;

  packages = eachSystem (
    pkgs:
    rec {
      default = mendutils;
      mendutils = pkgs.callPackage ./package.nix { };
    }
    // lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
      mendutils-static = pkgs.pkgsStatic.callPackage ./package.nix { };
    }
  );

  nixosModules = rec {
    default = systemd-user-session;
    systemd-user-session = ./modules/nixos;
  };

  checks = eachSystem (
    pkgs:
    import ./checks {
      inherit pkgs nixpkgs;
      mendutils = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
    }
  );
}
