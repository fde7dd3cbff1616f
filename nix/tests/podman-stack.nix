# A stack of a user that lingers starts at boot, verified; one that turns bad fails, and its containers stay.
{
  name = "mendutils-podman-stack";

  nodes.machine =
    { pkgs, ... }:
    let
      image = pkgs.dockerTools.buildImage {
        name = "localhost/web";
        tag = "1";
        copyToRoot = [ pkgs.busybox ];
        config.Cmd = [
          "sleep"
          "infinity"
        ];
      };
      compose = pkgs.writeTextDir "compose.yaml" (
        builtins.toJSON {
          services.web = {
            image = "localhost/web:1";
            pull_policy = "never";
            healthcheck = {
              test = [
                "CMD"
                "test"
                "!"
                "-e"
                "/data/sick"
              ];
              interval = "1s";
              retries = 1;
            };
            volumes = [ "/home/alice/data:/data" ];
          };
        }
      );
    in
    {
      imports = [ ../modules/nixos ];
      virtualisation.podman.enable = true;
      virtualisation.diskSize = 4096;
      users.users.alice = {
        isNormalUser = true;
        uid = 1000;
      };
      services.podman-stacks.web = {
        user = "alice";
        files = [ "${compose}/compose.yaml" ];
        # The image must be loaded first.
        wantedBy = [ ];
      };
      environment.etc."web.tar".source = image;
    };

  testScript = ''
    def alice(command):
        return (
            "setpriv --reuid 1000 --regid 100 --init-groups env HOME=/home/alice XDG_RUNTIME_DIR=/run/user/1000 "
            "PATH=/run/wrappers/bin:/run/current-system/sw/bin " + command
        )

    unit = "podman-stack@web.service"
    machine.wait_for_unit("user@1000.service")
    machine.succeed(alice("mkdir -p /home/alice/data"), alice("podman load -i /etc/web.tar"))

    machine.succeed(alice(f"systemctl --user start {unit}"))
    started = machine.succeed(alice("podman inspect -f '{{.Id}} {{.State.StartedAt}}' web_web_1"))
    machine.succeed(alice(f"systemctl --user reload {unit}"))
    assert started == machine.succeed(alice("podman inspect -f '{{.Id}} {{.State.StartedAt}}' web_web_1"))

    machine.succeed("touch /home/alice/data/sick")
    machine.fail(alice(f"systemctl --user restart {unit}"))
    assert "failed" in machine.succeed(alice(f"systemctl --user show -P ActiveState {unit}"))
    machine.succeed(alice("podman inspect -f '{{.State.ConmonPid}}' web_web_1 | xargs kill -0"))
  '';
}
