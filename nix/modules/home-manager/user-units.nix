# User units as Home Manager writes them.
{ lib, config }:

let
  inherit (import ../unit-file.nix { inherit lib; }) assignment;
in
{
  # NixOS' wrappers first: rootless podman needs the setuid newuidmap. Then what the stack brings; then what the host has,
  # for systemd-run, without which no health check runs, and for podman itself where the package is null.
  search =
    packages:
    assignment "PATH" (
      lib.concatStringsSep ":" (
        [ "/run/wrappers/bin" ]
        ++ map (package: "${package}/bin") packages
        ++ [
          "/etc/profiles/per-user/${config.home.username}/bin"
          "${config.home.homeDirectory}/.nix-profile/bin"
          "/run/current-system/sw/bin"
          "/usr/local/bin"
          "/usr/bin"
          "/bin"
          "/usr/sbin"
          "/sbin"
        ]
      )
    );

  # What lies where the unit is to be linked is replaced. Otherwise a regular file of the same content is left there, and
  # with other content it stops the activation; both times the unit is no longer the generation's.
  forced =
    unit: wantedBy:
    lib.genAttrs
      ([ "systemd/user/${unit}" ] ++ map (target: "systemd/user/${target}.wants/${unit}") wantedBy)
      (_: {
        force = true;
      });

  inherit assignment;
}
