# Whose session it is: several users, users without a uid, users that NixOS does not know.
{
  module,
  session,
  world,
  plain,
  onWsl,
  wanted,
  unitPackages,
  rules,
  layers,
  ...
}:

{
  several_users_get_an_instance_each = {
    expr = wanted (plain [
      module
      (session {
        users = [
          "tim"
          "ann"
          "tim"
        ];
      })
      {
        users.users.ann = {
          isNormalUser = true;
          uid = 1001;
        };
      }
    ]);
    expected = [
      "fix-runtime-dir@1000.service"
      "fix-runtime-dir@1001.service"
    ];
  };

  a_user_without_a_uid_goes_by_name = {
    expr = layers (
      world.evaluate [
        module
        (session { users = [ "tim" ]; })
        { users.users.tim.isNormalUser = true; }
      ]
    );
    expected = {
      wants = [ "fix-runtime-dir@tim.service" ];
      packages = [ "fix-runtime-dir-units" ];
      linger = true;
      tmpfiles = { };
    };
  };

  a_user_whose_login_differs_from_the_attribute_goes_by_login = {
    expr = wanted (
      world.evaluate [
        module
        (session { users = [ "tim" ]; })
        {
          users.users.tim = {
            isNormalUser = true;
            name = "timothy";
          };
        }
      ]
    );
    expected = [ "fix-runtime-dir@timothy.service" ];
  };

  a_user_that_nixos_does_not_declare_lingers_by_unit_and_stays_undeclared =
    let
      host = plain [
        module
        (session { users = [ "guest" ]; })
      ];
    in
    {
      expr = {
        wants = wanted host;
        packages = unitPackages host;
        declared = host.config.users.users ? guest;
        tmpfiles = rules host;
      };
      expected = {
        wants = [
          "fix-linger@guest.service"
          "fix-runtime-dir@guest.service"
        ];
        packages = [
          "fix-linger-units"
          "fix-runtime-dir-units"
        ];
        declared = false;
        tmpfiles = { };
      };
    };

  where_nixos_does_not_manage_lingering_the_unit_does = {
    expr = layers (onWsl [
      module
      { users.manageLingering = false; }
    ]);
    expected = {
      wants = [
        "fix-linger@tim.service"
        "fix-runtime-dir@1000.service"
      ];
      packages = [
        "fix-linger-units"
        "fix-runtime-dir-units"
      ];
      linger = false;
      tmpfiles."/run/user/1000" = [ "z!" ];
    };
  };

  linger_holds_before_state_version_25_11 = {
    expr =
      (onWsl [
        module
        { system.stateVersion = "24.11"; }
      ]).config.users.users.tim.linger;
    expected = true;
  };

  linger_set_by_hand_wins = {
    expr =
      (onWsl [
        module
        { users.users.tim.linger = false; }
      ]).config.users.users.tim.linger;
    expected = false;
  };

  only_the_named_users_linger = {
    expr =
      (onWsl [
        module
        { users.users.ann.isNormalUser = true; }
      ]).config.users.users.ann.linger == true;
    expected = false;
  };

  a_name_that_could_be_an_option_is_refused = {
    expr =
      (builtins.tryEval (
        wanted (plain [
          module
          (session { users = [ "-h" ]; })
        ])
      )).success;
    expected = false;
  };

}
