def session_works():
    machine.wait_for_unit("user@1000.service")
    machine.succeed("test \"$(stat -c '%u:%g %a' /run/user/1000)\" = '1000:100 700'")
    machine.succeed("test \"$(findmnt -no FSTYPE /run/user/1000)\" = tmpfs")
    machine.wait_until_succeeds(
        "setpriv --reuid 1000 --regid 100 --clear-groups env XDG_RUNTIME_DIR=/run/user/1000"
        " busctl --user status >&2",
        timeout=30,
    )


