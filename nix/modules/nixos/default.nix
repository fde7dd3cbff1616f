{ imports = [ ./systemd-user-session.nix ]; }
