{
  pkgs,
  nixpkgs,
  mendutils,
}:

let
  inherit (pkgs) lib;

  results = import ./results.nix { inherit nixpkgs; };
  check =
    { cases, ... }:
    let
      failed = lib.filterAttrs (_: result: !result.passed) cases;
      report = lib.concatStrings (
        lib.mapAttrsToList (
          name: result: "${name}\n  is:        ${result.expr}\n  should be: ${result.expected}\n"
        ) failed
      );
    in
    if failed == { } then
      pkgs.runCommandLocal "mendutils-modules" { } "touch $out"
    else
      throw "a module does not do what it says:\n${report}";
in
{
  inherit mendutils;
  inherit (mendutils.tests) version;
}
// lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux (
  {
    # Decided by evaluation alone: --no-build shows it too.
    module = check results.module;
    # With stubs: Home Manager is no input of this flake.
    home-module = check results.home;
    # With stubs as well.
    darwin-module = check results.darwin;
  }
  // lib.mapAttrs' (name: test: lib.nameValuePair "vm-${name}" test) (
    removeAttrs mendutils.tests [ "version" ]
  )
)
