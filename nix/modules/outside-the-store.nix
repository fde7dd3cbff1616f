# What stands outside of the store on a Mac, because it is needed while /nix is not mounted.
{
  # Named in the property lists beside the programs, too.
  folder = "/usr/local/libexec/mendutils";

  programs = [
    "check-activation"
    "fix-current-system"
    "fix-launch-daemons"
    "recover-activation"
    "wait-for-path"
  ];

  # By hand.
  link = "/usr/local/bin/nix-recover";

  # A file of its own, not security.sudo.extraConfig: that is a link into the store.
  sudoers = "/etc/sudoers.d/mendutils";
}
