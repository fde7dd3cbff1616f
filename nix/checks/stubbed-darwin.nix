# The options of nix-darwin that the module reads or sets, under the true `lib.evalModules`: for machines without it.
{ lib, ... }:

let
  inherit (lib) mkOption types;
  lines = mkOption {
    type = types.lines;
    default = "";
  };
  files = mkOption {
    default = { };
    type = types.attrsOf (types.submodule { options.source = mkOption { type = types.path; }; });
  };
in
{
  options = {
    environment.launchDaemons = files;
    launchd.labelPrefix = mkOption {
      type = types.str;
      default = "org.nixos";
    };
    programs = lib.genAttrs [ "bash" "fish" "zsh" ] (_: {
      interactiveShellInit = lines;
    });
    system.activationScripts = {
      preActivation.text = lines;
      postActivation.text = lines;
    };
  };
}
