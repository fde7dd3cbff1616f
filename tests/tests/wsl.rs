//! WSL's mount tree in the lab, and the fault that the suite was written for.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lab::mountinfo::Row;
use lab::{Machine, Release, TIM};

const SOON: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    lab::trials()
        .on_each("the_mounts_are_those_of_a_healthy_wsl", healthy)
        .on_each("without_a_gui_the_runtime_directories_lie_on_the_root_file_system", without_gui)
        .on_each("automount_root_moves_the_tree", automount_root)
        .on_each("a_user_session_finds_the_sockets_of_wslg", wslg_sockets)
        .on_each("a_stray_mount_of_fstab_breaks_the_user_manager", stray_mount)
        .on_each("a_stray_mount_breaks_the_manager_of_a_lingering_user", stray_mount_and_linger)
        .on_each("another_distribution_in_the_same_cgroups_keeps_the_user_manager_out", collision)
        .run()
}

fn healthy(release: Release) -> Result<()> {
    let machine = Machine::builder(release).wsl(true).linger(TIM.name).boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    let wslg = only(&machine, "/mnt/wslg")?;
    shape(&wslg, "/", "rw,relatime", "tmpfs none rw")?;
    let run = only(&machine, "/run")?;
    shape(&run, "/", "rw,nosuid,nodev", "tmpfs none rw,mode=755")?;

    let users = machine.mounts_at("/run/user")?;
    let [lower, bind] = users.as_slice() else { bail!("not two mounts on /run/user: {users:?}") };
    shape(lower, "/", "rw,nosuid,nodev,noexec,noatime", "tmpfs none rw,mode=755")?;
    shape(bind, "/run/user", "rw,relatime", "tmpfs none rw")?;
    ensure!(lower.parent == run.id && bind.parent == lower.id, "{users:?}");
    ensure!(bind.device == wslg.device && bind.shared == wslg.shared, "{bind:?}\n{wslg:?}");

    // One layer and its propagated twin.
    let (own, twin) = (only(&machine, "/run/user/1000")?, only(&machine, "/mnt/wslg/run/user/1000")?);
    shape(&own, "/", "rw,nosuid,nodev,relatime", &format!("tmpfs tmpfs {}", own.superblock))?;
    ensure!(own.superblock.contains("mode=700,uid=1000,gid=100"), "{own:?}");
    ensure!(own.parent == bind.id && twin.parent == wslg.id, "{own:?}\n{twin:?}");
    ensure!(own.device == twin.device && own.shared == twin.shared, "{own:?}\n{twin:?}");

    let environment = std::fs::read(format!("/proc/{}/environ", machine.pid()))?;
    let environment = String::from_utf8_lossy(&environment);
    ensure!(environment.contains("container=wsl\0container_host_id=windows\0container_host_version_id="));
    let virtualization = machine.root(&["systemd-detect-virt", "--container"]).ok()?;
    ensure!(virtualization.text() == "wsl", "{virtualization}");
    Ok(())
}

fn without_gui(release: Release) -> Result<()> {
    let machine = Machine::builder(release).wsl(true).gui(false).boot()?;
    ensure!(machine.mounts_at("/mnt/wslg")?.is_empty());
    let root = only(&machine, "/")?;
    let users = machine.mounts_at("/run/user")?;
    let [_, bind] = users.as_slice() else { bail!("not two mounts on /run/user: {users:?}") };
    ensure!(bind.root == "/mnt/wslg/run/user" && bind.device == root.device, "{bind:?}\n{root:?}");
    let _login = machine.login(TIM.name)?;
    machine.wait_for("user@1000.service", "active", SOON)
}

fn automount_root(release: Release) -> Result<()> {
    let machine = Machine::builder(release).automount_root("/win/").wsl(true).linger(TIM.name).boot()?;
    machine.wait_for("user@1000.service", "active", SOON)?;
    ensure!(machine.mounts_at("/mnt/wslg")?.is_empty());
    only(&machine, "/win/wslg")?;
    only(&machine, "/win/wslg/run/user/1000")?;
    Ok(())
}

fn wslg_sockets(release: Release) -> Result<()> {
    let machine = Machine::builder(release).wsl(true).boot()?;
    let _login = machine.login(TIM.name)?;
    // 262 lets the shell start before the manager is ready.
    machine.wait_for("user@1000.service", "active", SOON)?;
    let owner = machine.root(&["stat", "--format=%a %u", "/mnt/wslg/runtime-dir"]).ok()?;
    ensure!(owner.text() == "777 1000", "{owner}");
    for name in ["wayland-0", "pulse/native"] {
        machine.user(TIM.name, &["test", "-S", &format!("/run/user/1000/{name}")]).ok()?;
    }
    machine.root(&["test", "-S", "/mnt/wslg/.X11-unix/X0"]).ok()?;
    Ok(())
}

/// What `nixos-generate-config` finds on WSL while somebody is logged in, and writes into the configuration.
const STRAY: &str = "tmpfs /mnt/wslg/run/user/1000 tmpfs defaults 0 0\n";

fn stray_mount(release: Release) -> Result<()> {
    let machine = Machine::builder(release).wsl(true).file("/etc/fstab", STRAY, 0o644).boot()?;
    let login = machine.login(TIM.name)?;
    machine.wait_for("user@1000.service", "failed", SOON)?;
    ensure!(!login.session().is_empty(), "the login itself failed:\n{}", login.screen()?);
    let owner = machine.root(&["stat", "--format=%a %u %g", "/run/user/1000"]).ok()?;
    ensure!(owner.text() == "1777 0 0", "{owner}");
    let (own, twin) = (only(&machine, "/run/user/1000")?, only(&machine, "/mnt/wslg/run/user/1000")?);
    shape(&own, "/", "rw,relatime", "tmpfs tmpfs rw")?;
    shape(&twin, "/", "rw,relatime", "tmpfs tmpfs rw")?;
    // Nobody says that the directory is wrong but PAM.
    ensure!(machine.property("user-runtime-dir@1000.service", "Result")? == "success");
    let journal = machine.journal()?;
    for text in [
        "Runtime directory '/run/user/1000' is not owned by UID 1000, as it should.",
        "Not setting $XDG_RUNTIME_DIR, as the directory is not in order.",
        "Trying to run as user instance, but $XDG_RUNTIME_DIR is not set.",
        "user@1000.service: Failed with result 'exit-code'.",
    ] {
        ensure!(journal.contains(text), "the journal does not say {text:?}:\n{journal}");
    }
    Ok(())
}

/// Without a session, 252 stops `user-runtime-dir@1000.service` with the manager that it was for, and that unmounts
/// the stray mount: the next look finds no directory. 257 and 262 leave it.
fn stray_mount_and_linger(release: Release) -> Result<()> {
    let machine =
        Machine::builder(release).wsl(true).linger(TIM.name).file("/etc/fstab", STRAY, 0o644).boot()?;
    machine.wait_for("user@1000.service", "failed", SOON)?;
    let version = machine.root(&["systemctl", "--version"]).ok()?;
    if version.stdout.starts_with("systemd 252") {
        machine.wait_for("user-runtime-dir@1000.service", "inactive", SOON)?;
        ensure!(!machine.path("/run/user/1000").exists());
        return Ok(());
    }
    ensure!(machine.property("user-runtime-dir@1000.service", "ActiveState")? == "active");
    only(&machine, "/run/user/1000").map(drop)
}

/// 257 starts its manager within the other one's `init.scope`, and knows nothing of it.
fn collision(release: Release) -> Result<()> {
    if !lab::cgroup::has_controller()? {
        return lab::skip("a controller of cgroup2");
    }
    let machine = Machine::builder(release).wsl(true).boot()?;
    let squatter = machine.squat(TIM.uid)?;
    let login = machine.login(TIM.name)?;
    let version = machine.root(&["systemctl", "--version"]).ok()?;
    if version.stdout.starts_with("systemd 257") {
        return machine.wait_for("user@1000.service", "active", SOON);
    }
    machine.wait_for("user@1000.service", "failed", SOON)?;
    // 219 in 252, "resources" in 262.
    let result = machine.property("user@1000.service", "Result")?;
    let status = machine.property("user@1000.service", "ExecMainStatus")?;
    ensure!(result == "resources" || status == "219", "{result} {status}");
    ensure!(machine.journal()?.contains("Device or resource busy"));
    // As in WSL: populated, by a process of another PID namespace, which reads as 0.
    let service = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service";
    let events = machine.root(&["cat", &format!("{service}/cgroup.events")]).ok()?;
    ensure!(events.stdout.contains("populated 1"), "{events}");
    let processes = machine.root(&["cat", &format!("{service}/init.scope/cgroup.procs")]).ok()?;
    ensure!(processes.text() == "0", "{processes}");
    drop(login);
    drop(squatter);
    machine.root(&["systemctl", "start", "user@1000.service"]).ok().map(drop)
}

fn only(machine: &Machine, path: &str) -> Result<Row> {
    match machine.mounts_at(path)?.as_slice() {
        [row] => Ok(row.clone()),
        rows => bail!("expecting one mount on {path}: {rows:?}"),
    }
}

fn shape(row: &Row, root: &str, options: &str, rest: &str) -> Result<()> {
    let shown = format!("{} {} {}", row.kind, row.source, row.superblock);
    ensure!(
        (row.root.as_str(), row.options.as_str(), shown.as_str()) == (root, options, rest),
        "expecting {root} {options} - {rest}: {row:?}"
    );
    row.shared.map(drop).with_context(|| format!("expecting a shared mount: {row:?}"))
}
