# Where the cases of module.nix are evaluated: with the real NixOS where nixpkgs is given, else with stubs.
#
# A world gives
#   real         whether this is the real NixOS
#   wslModules   what makes the `wsl` options exist
#   evaluate     modules -> { config, options }
#   fingerprint  an evaluated host -> a value that differs where the built system would
{
  nixpkgs ? null,
  nixosWsl ? null,
  lib ? import (nixpkgs + "/lib"),
}:

let
  wslModules = [ (if nixosWsl == null then ./wsl-options.nix else nixosWsl + "/modules") ];
  base = {
    fileSystems."/" = {
      device = "/dev/sda";
      fsType = "ext4";
    };
    system.stateVersion = lib.mkDefault "25.11";
  };
in
if nixpkgs != null then
  let
    pkgs = import nixpkgs {
      system = "x86_64-linux";
      config = { };
      overlays = [ ];
    };
  in
  {
    inherit wslModules;
    real = true;
    evaluate =
      modules:
      import (nixpkgs + "/nixos/lib/eval-config.nix") {
        system = null;
        modules = modules ++ [
          base
          {
            boot.loader.grub.enable = false;
            nixpkgs.pkgs = pkgs;
          }
        ];
      };
    fingerprint = host: host.config.system.build.toplevel.outPath;
  }
else
  let
    stub = name: {
      type = "derivation";
      inherit name;
      outPath = "/nix/store/00000000000000000000000000000000-${name}";
    };
    pkgs.callPackage =
      _path: _arguments:
      stub "mendutils"
      // {
        units = lib.genAttrs [ "fix-runtime-dir" "fix-linger" ] (program: stub "${program}-units");
      };
  in
  {
    inherit wslModules;
    real = false;
    evaluate =
      modules:
      lib.evalModules {
        specialArgs = { inherit pkgs; };
        modules = modules ++ [
          ./stubbed-nixos.nix
          base
        ];
      };
    fingerprint = host: removeAttrs host.config [ "wsl-settings" ];
  }
