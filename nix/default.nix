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

  homeModules = {
    default = ./modules/home-manager;
    nix-activation-recovery = ./modules/home-manager/nix-activation-recovery.nix;
    podman-auto-update = ./modules/home-manager/podman-auto-update.nix;
    podman-stacks = ./modules/home-manager/podman-stacks.nix;
  };
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

  nixosModules = {
    default = ./modules/nixos;
    podman-auto-update = ./modules/nixos/podman-auto-update.nix;
    podman-stacks = ./modules/nixos/podman-stacks.nix;
    systemd-user-session = ./modules/nixos/systemd-user-session.nix;
  };

  darwinModules = {
    default = ./modules/darwin;
    nix-boot-activation = ./modules/darwin/nix-boot-activation.nix;
  };

  # Both names are in use.
  inherit homeModules;
  homeManagerModules = homeModules;

  checks = eachSystem (
    pkgs:
    import ./checks {
      inherit pkgs nixpkgs;
      mendutils = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
    }
  );
}
