# Declared accounts that linger by default, for the modules whose units live in a user manager.
{ config, lib, ... }:

{
  options.mendutils.lingering = lib.mkOption {
    type = lib.types.listOf lib.types.str;
    default = [ ];
    internal = true;
    description = "Accounts, as named in {option}`users.users`, that linger unless they say otherwise.";
  };

  # The account's own submodule is extended, so that a name in the list never declares an account.
  options.users.users = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { name, ... }:
        {
          # mkDefault: stronger than NixOS's own default, which is `false` before stateVersion 25.11 and would have
          # linger-users.service undo the linger at each boot; weaker than the account's own setting.
          config =
            lib.mkIf (lib.elem name config.mendutils.lingering && (config.users.manageLingering or true))
              {
                linger = lib.mkDefault true;
              };
        }
      )
    );
  };
}
