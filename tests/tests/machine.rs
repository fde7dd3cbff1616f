//! The lab itself: what the other test files stand on.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lab::{ANN, Machine, ODD, Release, TIM, USERS, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    lab::trials()
        .on_each("a_machine_boots_to_running_with_a_lingering_user", boots)
        .on_each("every_user_can_linger_and_has_a_runtime_directory", everybody_lingers)
        .on_each("a_user_command_has_the_users_ids_and_no_capabilities", user_command)
        .on_each("a_command_tells_its_exit_code_and_reads_its_input", root_command)
        .on_each("a_login_opens_a_session_and_a_logout_takes_the_runtime_directory_away", login_and_logout)
        .on_each("what_is_put_into_the_upper_layer_is_there_at_boot", payload)
        .on_each("two_machines_do_not_see_each_other", two_machines)
        .on_each("a_boot_that_fails_tells_why", failed_boot)
        .with_programs()
        .on_each("the_programs_and_their_units_are_installed", installed)
        .run()
}

fn boots(release: Release) -> Result<()> {
    let machine = Machine::builder(release).linger(TIM.name).boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    let state = machine.root(&["systemctl", "is-system-running"]).run()?;
    ensure!(state.text() == "running", "{state}\n{}", machine.root(&["systemctl", "--failed"]).run()?);
    ensure!(machine.journal()?.contains("Startup finished"));
    Ok(())
}

fn everybody_lingers(release: Release) -> Result<()> {
    let machine = Machine::builder(release).boot()?;
    for user in USERS {
        machine.root(&["loginctl", "enable-linger", user.name]).ok()?;
        let unit = format!("user@{}.service", user.uid);
        machine.wait_for(&unit, "active", SOON)?;
        ensure!(machine.path(user.linger_file()).exists(), "{user:?} has no linger file");
        let owner = machine.root(&["stat", "--format=%a %u %g", &user.runtime_dir()]).ok()?;
        ensure!(owner.text() == format!("700 {} {}", user.uid, user.gid), "{owner}");
        machine.user(user.name, &["systemctl", "--user", "is-system-running", "--wait"]).ok()?;
    }
    Ok(())
}

fn user_command(release: Release) -> Result<()> {
    let machine = Machine::builder(release).boot()?;
    let ids = machine.user(TIM.name, &["id"]).ok()?;
    ensure!(ids.text() == "uid=1000(tim) gid=100(users) groups=100(users)", "{ids}");
    let status = machine.user(ANN.name, &["cat", "/proc/self/status"]).ok()?;
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        ensure!(status.stdout.contains(&format!("{set}:\t0000000000000000\n")), "{status}");
    }
    let environment = machine.user(ODD.name, &["env"]).ok()?;
    for line in ["XDG_RUNTIME_DIR=/run/user/1002\n", "HOME=/home/o'dd-näme.x\n", "USER=o'dd-näme.x\n"] {
        ensure!(environment.stdout.contains(line), "{environment}");
    }
    let without = machine.user(TIM.name, &["env"]).env_remove("HOME").env("A", "b").ok()?;
    ensure!(without.stdout.contains("A=b\n") && !without.stdout.contains("HOME="), "{without}");
    Ok(())
}

fn root_command(release: Release) -> Result<()> {
    let machine = Machine::builder(release).boot()?;
    machine.root(&["sh", "-c", "exit 75"]).run()?.exits(75)?;
    machine.root(&["sh", "-c", "kill -TERM $$"]).run()?.exits(143)?;
    let echoed = machine.root(&["cat"]).input("given").ok()?;
    ensure!(echoed.stdout == "given", "{echoed}");
    let started = Instant::now();
    let late = machine.root(&["sleep", "60"]).deadline(Duration::from_millis(200)).run();
    ensure!(
        late.is_err() && started.elapsed() < Duration::from_secs(5),
        "the deadline did nothing: {late:?}"
    );
    wait_until(SOON, || Ok(machine.root(&["pgrep", "sleep"]).run()?.code == 1))
        .context("sleep was not killed")?;
    let missing = machine.root(&["no-such-program"]).run()?;
    ensure!(missing.code == 1 && missing.stderr.contains("running no-such-program"), "{missing}");
    Ok(())
}

fn login_and_logout(release: Release) -> Result<()> {
    let machine = Machine::builder(release)
        .file("/etc/systemd/logind.conf.d/lab.conf", "[Login]\nUserStopDelaySec=100ms\n", 0o644)
        .boot()?;
    let directory = machine.path(TIM.runtime_dir());
    for _ in 0..2 {
        ensure!(!directory.exists(), "there is a runtime directory before the login");
        let mut login = machine.login(TIM.name)?;
        ensure!(!login.session().is_empty(), "no session:\n{}", login.screen()?);
        let user = machine
            .root(&["loginctl", "show-session", "--value", "--property=Name", login.session()])
            .ok()?;
        ensure!(user.text() == "tim", "{user}");
        machine.wait_for("user@1000.service", "active", SOON)?;
        ensure!(directory.exists(), "there is no runtime directory after the login");
        login.type_line("id -un; tty")?;
        wait_until(SOON, || Ok(login.screen()?.contains("/dev/pts/")))
            .context("the shell does not answer")?;
        login.logout()?;
        wait_until(SOON, || Ok(!directory.exists()))
            .context("the runtime directory stays after the logout")?;
    }
    Ok(())
}

fn payload(release: Release) -> Result<()> {
    let unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/opt/own/true\n\n\
                [Install]\nWantedBy=multi-user.target\n";
    let machine = Machine::builder(release)
        .file("/etc/systemd/system/own.service", unit, 0o644)
        .file("/opt/own/file", "text", 0o600)
        .link("/opt/own/true", "/bin/true")
        .copy("/proc/version", "/opt/own/version")
        .directory("/opt/own/folder", 0o700, TIM.uid, TIM.gid)
        .before_systemd(&["touch", "/opt/own/touched"])
        .env("OWN", "yes")
        .enable("own.service")
        .boot()?;
    ensure!(machine.property("own.service", "ActiveState")? == "active");
    let shown = machine.root(&["stat", "--format=%a %u %g %s", "/opt/own/file", "/opt/own/folder"]).ok()?;
    ensure!(shown.text().starts_with("600 0 0 4\n700 1000 100 "), "{shown}");
    ensure!(
        std::fs::read_to_string(machine.path("/opt/own/version"))?
            == std::fs::read_to_string("/proc/version")?
    );
    ensure!(machine.path("/opt/own/touched").exists());
    ensure!(
        std::fs::read(format!("/proc/{}/environ", machine.pid()))?
            .windows(8)
            .any(|text| text == b"OWN=yes\0")
    );
    Ok(())
}

fn two_machines(release: Release) -> Result<()> {
    let one = Machine::builder(release).linger(TIM.name).boot()?;
    let two = Machine::builder(release).linger(TIM.name).boot()?;
    for machine in [&one, &two] {
        machine.wait_for("user@1000.service", "active", SOON)?;
    }
    ensure!(one.cgroup() != two.cgroup());
    std::fs::write(one.path("/run/of-one"), "")?;
    ensure!(!two.path("/run/of-one").exists());
    // The same unit in both, and stopping it in one leaves it in the other.
    one.root(&["systemctl", "stop", "user@1000.service"]).ok()?;
    ensure!(two.property("user@1000.service", "ActiveState")? == "active");
    let processes = two.root(&["pgrep", "--count", "--full", "systemd --user"]).ok()?;
    ensure!(processes.text() == "1", "{processes}");
    drop(one);
    two.root(&["systemctl", "is-active", "user@1000.service"]).ok()?;
    Ok(())
}

fn failed_boot(release: Release) -> Result<()> {
    let before = Machine::builder(release).before_systemd(&["false"]).boot();
    let error = before.err().context("a failing command before systemd is no error")?;
    ensure!(format!("{error:#}").contains("running [\"false\"] before systemd"), "{error:#}");

    let unit = "[Unit]\nDescription=Waiting for ever\n\n[Service]\nType=oneshot\nExecStart=sleep infinity\n\n\
                [Install]\nWantedBy=multi-user.target\n";
    let stuck = Machine::builder(release)
        .file("/etc/systemd/system/stuck.service", unit, 0o644)
        .enable("stuck.service")
        .deadline(Duration::from_secs(3))
        .boot();
    let error = stuck.err().context("a boot without end is no error")?;
    ensure!(format!("{error:#}").contains("Waiting for ever"), "no journal in {error:#}");
    Ok(())
}

fn installed(release: Release) -> Result<()> {
    let machine = Machine::builder(release).programs().boot()?;
    machine.root(&["systemd-run", "--wait", "--collect", "--quiet", "fix-runtime-dir", "--help"]).ok()?;
    let units = lab::host::workspace().join("crates/tools/fix-runtime-dir/units/system");
    for entry in std::fs::read_dir(&units).with_context(|| format!("listing {}", units.display()))? {
        let path = std::path::Path::new("/usr/lib/systemd/system").join(entry?.file_name());
        ensure!(machine.path(&path).exists(), "{} is not installed", path.display());
    }
    Ok(())
}
