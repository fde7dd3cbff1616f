//! What the programs really print with `--json` is what docs/schema/report.json describes, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use jsonschema::Validator;
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::programs;

const SCHEMA: &str = "docs/schema/report.json";

/// A run: the program, its arguments, how it is to end, and what stands in the tree besides accounts and systemd.
struct Case {
    program: &'static str,
    arguments: &'static [&'static str],
    ends: &'static str,
    prepare: fn(&Path) -> Result<()>,
}

/// For each program: success, findings, a dry run and an error. A new one adds its own.
const CASES: [Case; 64] = [
    case("fix-runtime-dir", &["4242"], "ok", nothing),
    case("fix-runtime-dir", &["tim"], "changed", plain_directory),
    case("fix-runtime-dir", &["--dry-run", "tim"], "would-change", plain_directory),
    case("fix-runtime-dir", &["1000"], "failed", link),
    case("fix-runtime-dir", &["1000"], "unavailable", without_proc),
    case("fix-runtime-dir", &["nobody-here"], "config", nothing),
    case("fix-linger", &["tim"], "ok", without_systemd),
    case("fix-linger", &["tim"], "changed", nothing),
    case("fix-linger", &["--dry-run", "tim"], "would-change", nothing),
    case("fix-linger", &["nobody-here"], "config", nothing),
    case("fix-linger", &["a/b", "tim"], "config", nothing),
    case("fix-linger", &["tim"], "failed", broken_accounts),
    case("fix-current-system", &[], "ok", linked),
    case("fix-current-system", &[], "changed", system),
    case("fix-current-system", &["--dry-run"], "would-change", system),
    case("fix-current-system", &[], "failed", folder_in_place),
    case("fix-current-system", &["--timeout=0", "--wait-for=/later"], "undecided", system),
    case("fix-current-system", &["--wait-for=/etc"], "config", nothing),
    case("check-user-session", &["tim"], "ok", without_systemd),
    case("check-user-session", &["tim"], "failed", link),
    case("check-user-session", &["nobody-here"], "config", nothing),
    case("restart-and-verify", &["--lint", "good"], "ok", units),
    case("restart-and-verify", &["--lint", "bad", "good"], "failed", units),
    case("restart-and-verify", &["--lint", "nothing"], "config", units),
    case("restart-and-verify", &["--dry-run", "good", "bad"], "would-change", units),
    case("restart-and-verify", &["good"], "unavailable", units),
    case("apply-and-verify", &APPLY, "changed", project),
    case(
        "apply-and-verify",
        &["--optional=web", "--project=home", "--file=/srv/compose.yaml"],
        "ok",
        project_as_it_is,
    ),
    case(
        "apply-and-verify",
        &["--dry-run", "--project=home", "--file=/srv/compose.yaml"],
        "would-change",
        project,
    ),
    case("apply-and-verify", &APPLY, "failed", project_as_it_is),
    case("apply-and-verify", &APPLY, "config", nothing),
    case("update-and-verify", &[], "ok", nothing_new),
    case("update-and-verify", &["--dry-run"], "would-change", something_new),
    case("update-and-verify", &["--stable=0"], "contradicted", rolled_back),
    case("update-and-verify", &["--expect=app"], "failed", nothing_new),
    case("update-and-verify", &["--expect=nothing"], "config", nothing_new),
    case("fix-unit-provenance", &["--user=tim"], "ok", generation),
    case("fix-unit-provenance", &["--user=tim", "--dry-run"], "would-change", missing_link),
    case("fix-unit-provenance", &["--user=tim"], "changed", missing_link),
    case("fix-unit-provenance", &["--user=tim", "gone"], "failed", generation),
    case("fix-unit-provenance", &["--user=tim"], "config", nothing),
    case("fix-launch-daemons", &[], "ok", loaded_job),
    case("fix-launch-daemons", &["--dry-run"], "would-change", unloaded_job),
    case("fix-launch-daemons", &[], "failed", unloaded_job),
    case("fix-launch-daemons", &[], "config", job_without_system),
    case("fix-launch-daemons", &[], "unavailable", nothing),
    case("recover-activation", &[], "ok", activated),
    case("recover-activation", &["--dry-run"], "would-change", unlinked),
    case("recover-activation", &[], "unavailable", unlinked),
    case("recover-activation", &["--level=0"], "failed", unlinked),
    case("recover-activation", &[], "unavailable", nothing),
    case("check-activation", &[], "ok", activated),
    case("check-activation", &[], "failed", system),
    case("check-activation", &[], "unavailable", nothing),
    case("check-unit-provenance", &["--user=4242"], "ok", nothing),
    case("check-unit-provenance", &["--user=tim", "gone"], "failed", generation),
    case("check-unit-provenance", &["--user=tim"], "config", nothing),
    case("wait-for-path", &["/etc/passwd", "/run/user"], "ok", nothing),
    case("wait-for-path", &["--timeout=0", "/etc", "/nix/store", "/etc/passwd/x"], "undecided", nothing),
    case("wait-for-path", &["--timeout=0", "--mounted", "/run/user"], "undecided", nothing),
    case("wait-for-path", &["/run/user/1000/a"], "config", circle),
    case("wait-for-path", &["/", "--", LONG], "failed", nothing),
    case("wait-for-path", &["/", "--", "/no/such/program"], "unavailable", nothing),
    case("wait-for-path", &["/", "--", "/dev/null"], "no-permission", nothing),
];

/// A name that is longer than any file system takes (NAME_MAX).
const LONG: &str = concat!(
    "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
);

const APPLY: [&str; 2] = ["--project=home", "--file=/srv/compose.yaml"];

const fn case(
    program: &'static str,
    arguments: &'static [&'static str],
    ends: &'static str,
    prepare: fn(&Path) -> Result<()>,
) -> Case {
    Case { program, arguments, ends, prepare }
}

fn nothing(_: &Path) -> Result<()> {
    Ok(())
}

fn plain_directory(tree: &Path) -> Result<()> {
    Ok(fs::create_dir(tree.join("run/user/1000"))?)
}

fn link(tree: &Path) -> Result<()> {
    Ok(symlink("elsewhere", tree.join("run/user/1000"))?)
}

/// A link that leads to itself.
fn circle(tree: &Path) -> Result<()> {
    Ok(symlink("1000", tree.join("run/user/1000"))?)
}

fn without_systemd(tree: &Path) -> Result<()> {
    Ok(fs::remove_dir(tree.join("run/systemd/system"))?)
}

fn without_proc(tree: &Path) -> Result<()> {
    plain_directory(tree)?;
    Ok(fs::remove_dir_all(tree.join("proc"))?)
}

fn units(tree: &Path) -> Result<()> {
    let folder = tree.join("etc/systemd/system");
    fs::create_dir_all(&folder)?;
    let good = "[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=9\nExecStart=/bin/true\n";
    fs::write(folder.join("good.service"), good)?;
    Ok(fs::write(folder.join("bad.service"), format!("{good}ExecStopPost=/bin/systemctl reset-failed\n"))?)
}

fn broken_accounts(tree: &Path) -> Result<()> {
    fs::remove_file(tree.join("etc/passwd"))?;
    Ok(fs::create_dir(tree.join("etc/passwd"))?)
}

/// A compose project, whose one service comes up healthy.
fn project(tree: &Path) -> Result<()> {
    let state = r#""Status":"running","Health":{"Status":"healthy"}"#;
    provided(tree, state)
}

/// One that the provider leaves as it is, and whose service is unhealthy.
fn project_as_it_is(tree: &Path) -> Result<()> {
    let health = r#"{"Status":"unhealthy","FailingStreak":2,"Log":[{"ExitCode":1,"Output":"x"}]}"#;
    provided(tree, &format!(r#""Status":"running","Health":{health}"#))?;
    for name in ["ps.json", "inspect.json"] {
        fs::copy(tree.join("fake/after").join(name), tree.join("fake").join(name))?;
    }
    Ok(())
}

/// podman and a provider as the tests of apply-and-verify have them.
fn provided(tree: &Path, state: &str) -> Result<()> {
    let scripts = programs::sources("apply-and-verify").join("tests/fake");
    for folder in ["usr/bin", "srv", "fake/after"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    for name in ["podman", "podman-compose"] {
        symlink(scripts.join(name), tree.join("usr/bin").join(name))?;
    }
    for name in ["systemd-run", "newuidmap", "newgidmap"] {
        symlink("/bin/true", tree.join("usr/bin").join(name))?;
    }
    let id = "1".repeat(64);
    let labels = r#""io.podman.compose.project":"home","com.docker.compose.project":"home","com.docker.compose.service":"web""#;
    let check = r#""Healthcheck":{"Test":["CMD","x"],"Interval":1000000000}"#;
    let container = format!(
        r#"[{{"Id":"{id}","Name":"home_web_1","State":{{{state}}},"Config":{{"Labels":{{{labels}}},{check}}}}}]"#
    );
    let row = format!(r#"[{{"Id":"{id}","Names":["home_web_1"],"Labels":{{{labels}}}}}]"#);
    let files = [
        ("srv/compose.yaml", ""),
        ("fake/config.yaml", "services: {web: {image: a}}\n"),
        ("fake/end", "exit 0"),
        ("fake/images.json", "[]"),
        ("fake/ps.json", "[]"),
        ("fake/inspect.json", "[]"),
        ("fake/after/ps.json", &row),
        ("fake/after/inspect.json", &container),
    ];
    files.iter().try_for_each(|(path, text)| Ok(fs::write(tree.join(path), text)?))
}

fn nothing_new(tree: &Path) -> Result<()> {
    updates(tree, "false")
}

fn something_new(tree: &Path) -> Result<()> {
    updates(tree, "pending")
}

fn rolled_back(tree: &Path) -> Result<()> {
    updates(tree, "rolled back")
}

/// podman as the tests of update-and-verify have it, which says this word of its one container.
fn updates(tree: &Path, word: &str) -> Result<()> {
    for folder in ["usr/bin", "fake/after", "etc/systemd/user"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    symlink(programs::sources("update-and-verify").join("tests/fake/podman"), tree.join("usr/bin/podman"))?;
    let id = "1".repeat(64);
    let labels = r#""io.containers.autoupdate":"local","PODMAN_SYSTEMD_UNIT":"web.service""#;
    let listed = format!(r#"[{{"Id":"{id}","Names":["web"],"State":"running","Labels":{{{labels}}}}}]"#);
    let container = format!(r#"[{{"Id":"{id}","Name":"web","Image":"a","State":{{"Status":"running"}}}}]"#);
    let row = format!(
        r#"[{{"Unit":"web.service","ContainerName":"web","ContainerID":"{id}","Updated":"{word}"}}]"#
    );
    let files = [
        ("etc/systemd/user/app.service", ""),
        ("etc/systemd/user/web.service", ""),
        ("fake/ps.json", &listed),
        ("fake/inspect.json", &container),
        ("fake/after/ps.json", &listed),
        ("fake/rows.json", &row),
        ("fake/errors", ""),
        ("fake/end", "exit 0"),
    ];
    files.iter().try_for_each(|(path, text)| Ok(fs::write(tree.join(path), text)?))
}

const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system";

/// A system profile of NixOS, and nothing linked to it.
fn system(tree: &Path) -> Result<()> {
    fs::create_dir_all(tree.join(SYSTEM))?;
    fs::write(tree.join(SYSTEM).join("nixos-version"), "")?;
    fs::create_dir_all(tree.join("nix/var/nix/profiles"))?;
    Ok(symlink(Path::new("/").join(SYSTEM), tree.join("nix/var/nix/profiles/system"))?)
}

fn linked(tree: &Path) -> Result<()> {
    system(tree)?;
    Ok(symlink(Path::new("/").join(SYSTEM), tree.join("run/current-system"))?)
}

/// The same, with its files in `/etc`.
fn activated(tree: &Path) -> Result<()> {
    linked(tree)?;
    fs::create_dir(tree.join(SYSTEM).join("etc"))?;
    Ok(symlink(Path::new("/").join(SYSTEM).join("etc"), tree.join("etc/static"))?)
}

fn folder_in_place(tree: &Path) -> Result<()> {
    system(tree)?;
    Ok(fs::create_dir(tree.join("run/current-system"))?)
}

/// A launchd that has the one job of a nix-darwin system.
fn loaded_job(tree: &Path) -> Result<()> {
    job(tree, "echo '  7 - org.nixos.x'")
}

/// One that has it not, and takes nothing.
fn unloaded_job(tree: &Path) -> Result<()> {
    job(tree, ":")
}

/// An activated system without the link to it.
fn unlinked(tree: &Path) -> Result<()> {
    activated(tree)?;
    Ok(fs::remove_file(tree.join("run/current-system"))?)
}

fn job_without_system(tree: &Path) -> Result<()> {
    loaded_job(tree)?;
    Ok(fs::remove_dir_all(tree.join("nix"))?)
}

/// A nix-darwin system with a job, and a launchctl with this row in its list.
fn job(tree: &Path, row: &str) -> Result<()> {
    let system = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
    let places = [tree.join("Library/LaunchDaemons"), tree.join(system).join("Library/LaunchDaemons")];
    let definition = "<plist><dict><key>Label</key><string>org.nixos.x</string><key>Program</key>\
                      <string>/bin/x</string></dict></plist>";
    for place in places {
        fs::create_dir_all(&place)?;
        fs::write(place.join("org.nixos.x.plist"), definition)?;
        fs::set_permissions(place.join("org.nixos.x.plist"), fs::Permissions::from_mode(0o644))?;
    }
    fs::write(tree.join(system).join("darwin-version"), "26.05")?;
    fs::create_dir_all(tree.join("nix/var/nix/profiles"))?;
    symlink(Path::new("/").join(system), tree.join("nix/var/nix/profiles/system"))?;
    fs::create_dir_all(tree.join("bin"))?;
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n'print system') echo 'system = {{'; echo ' services = {{'; {row}; echo ' }}'; echo '}}';;\n\
         'print-disabled system') echo 'disabled services = {{'; echo '}}';;\nprint*) exit 113;;\n*) echo odd >&2; exit 99;;\nesac\n"
    );
    for (name, text) in [("x", ""), ("launchctl", &script)] {
        fs::write(tree.join("bin").join(name), text)?;
        fs::set_permissions(tree.join("bin").join(name), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A generation of Home Manager without units.
fn generation(tree: &Path) -> Result<()> {
    fs::create_dir_all(tree.join("nix/store/00000000000000000000000000000003-home-manager-generation"))?;
    fs::create_dir_all(tree.join("home/tim/.local/state/nix/profiles"))?;
    Ok(symlink(
        "/nix/store/00000000000000000000000000000003-home-manager-generation",
        tree.join("home/tim/.local/state/nix/profiles/home-manager"),
    )?)
}

/// A generation that ships a unit, whose link is missing.
fn missing_link(tree: &Path) -> Result<()> {
    generation(tree)?;
    let units = tree.join(
        "nix/store/00000000000000000000000000000003-home-manager-generation/home-files/.config/systemd/user",
    );
    fs::create_dir_all(&units)?;
    fs::write(units.join("web.service"), "[Service]\nExecStart=/bin/true\n")?;
    for folder in ["home/tim", "home/tim/.local", "home/tim/.local/state"] {
        // Only root may; anybody else cannot write there and is told so.
        let _ = chown(tree.join(folder), Some(1000), Some(100));
    }
    Ok(())
}

/// A host with systemd and without logind, whose one mount is that which the tree stands on.
fn tree(prepare: fn(&Path) -> Result<()>) -> Result<TempDir> {
    let tree = tempfile::tempdir()?;
    let root = tree.path();
    for folder in ["etc", "run/systemd/system", "run/user", "proc/self/ns", "proc/1/ns"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0::/root:/bin/sh\ntim:x:1000:100::/home/tim:/bin/sh\na/b:x:1001:1::/:\n",
    )?;
    let mount = mount_of(root)?;
    for process in ["self", "1"] {
        symlink("mnt:[1]", root.join("proc").join(process).join("ns/mnt"))?;
        fs::write(root.join("proc").join(process).join("mountinfo"), &mount)?;
    }
    prepare(root)?;
    Ok(tree)
}

/// The row of the mount that a path stands on, as if it were the root.
fn mount_of(path: &Path) -> Result<String> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let rows = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.splitn(6, ' ').collect();
        let [id, parent, device, _, point, rest] = *fields.as_slice() else { return None };
        path.starts_with(point).then(|| (point.len(), format!("{id} {parent} {device} / / {rest}\n")))
    });
    let (_, row) = rows.max_by_key(|(length, _)| *length).context("no mount")?;
    Ok(row)
}

fn validator() -> Result<Validator> {
    let schema: Value = serde_json::from_str(&fs::read_to_string(programs::workspace().join(SCHEMA))?)?;
    Ok(jsonschema::draft202012::new(&schema)?)
}

/// The object of a run, which is all that is on standard output, one line of it.
fn run(program: &str, arguments: &[&str], root: Option<&Path>) -> Result<Value> {
    let mut command = Command::new(lab::programs()?.join(program));
    command.env_clear().arg("--json");
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    command.args(arguments);
    let output = command.output().with_context(|| format!("running {program}"))?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(text.lines().count() == 1 && text.ends_with('\n'), "{program} {arguments:?}: {text:?}");
    ensure!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let object: Value = serde_json::from_str(&text)?;
    let is = |key, value: Value| object.get(key) == Some(&value);
    ensure!(is("exit", json!(output.status.code())), "it exits with {}: {text}", output.status);
    ensure!(is("program", json!(program)), "{text}");
    Ok(object)
}

fn is_valid(validator: &Validator, object: &Value) -> Result<()> {
    let errors: Vec<String> = validator
        .iter_errors(object)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    ensure!(errors.is_empty(), "{}\nin {object:#}", errors.join("\n"));
    Ok(())
}

#[test]
fn every_case_prints_what_the_schema_describes() -> Result<()> {
    if !lab::have_programs()? {
        return lab::skip("the programs (cargo build --workspace)");
    }
    if !cfg!(target_os = "linux") {
        return lab::skip("Linux");
    }
    let validator = validator()?;
    for case in &CASES {
        let what = || format!("{} {:?}, {}", case.program, case.arguments, case.ends);
        let tree = tree(case.prepare)?;
        let object = run(case.program, case.arguments, Some(tree.path())).with_context(what)?;
        is_valid(&validator, &object).with_context(what)?;
        // Only root may give a directory away.
        let is_denied = object["status"] == "no-permission" && case.ends == "changed";
        ensure!(object["status"] == case.ends || is_denied, "{} ends otherwise: {object:#}", what());
    }
    Ok(())
}

#[test]
fn a_look_at_this_very_machine_is_described_too() -> Result<()> {
    if !lab::have_programs()? {
        return lab::skip("the programs (cargo build --workspace)");
    }
    let object = run("check-user-session", &[], None)?;
    is_valid(&validator()?, &object)
}

#[test]
fn every_program_has_cases_for_each_kind_of_end() {
    for program in programs::all() {
        let ends: BTreeSet<&str> =
            CASES.iter().filter(|case| case.program == program.name).map(|case| case.ends).collect();
        let writes = program.command.get_arguments().any(|argument| argument.get_id() == "dry_run");
        // Not every program has a configuration that could be wrong: its manual tells.
        let is_configured = program.manual.exits.iter().any(|(exit, _)| *exit == oneshot::Exit::Config);
        let rest = [writes.then_some("would-change"), is_configured.then_some("config")];
        for needed in ["ok", "failed"].into_iter().chain(rest.into_iter().flatten()) {
            assert!(ends.contains(needed), "{} has no case that ends with {needed}", program.name);
        }
    }
}

/// An object that is in order, for the tests below to spoil.
fn good() -> Value {
    json!({
        "schema": "mendutils/1", "program": "fix-it", "version": "0.1.0", "status": "changed", "exit": 0,
        "findings": [{
            "id": "a-thing", "status": "warn", "subject": "tim", "text": "a text", "expected": "a", "actual": null,
            "shape": "RF1", "hint": ["do this"], "fixable": true,
        }],
        "steps": [{ "kind": "set-mode", "target": "/a", "text": "chmod /a to 0700", "state": "done" }],
        "error": null,
    })
}

#[test]
fn the_schema_refuses_what_no_program_may_print() -> Result<()> {
    let validator = validator()?;
    is_valid(&validator, &good())?;
    let spoiled: [(&str, Value); 12] = [
        ("/new", json!(1)),
        ("/schema", json!("mendutils/2")),
        ("/status", json!("fine")),
        ("/status", json!("would-change")),
        ("/exit", json!(5)),
        ("/exit", json!(1)),
        ("/error", json!("")),
        ("/findings/0/new", json!(1)),
        ("/findings/0/status", json!("done")),
        ("/findings/0/shape", json!("unknown")),
        ("/findings/0/id", json!("A thing")),
        ("/steps/0/new", json!(1)),
    ];
    for (pointer, value) in spoiled {
        let mut object = good();
        let (parent, key) = pointer.rsplit_once('/').context("no pointer")?;
        object.pointer_mut(parent).context("no parent")?[key] = value;
        ensure!(!validator.is_valid(&object), "{pointer} is accepted: {object:#}");
    }
    for key in ["error", "findings", "steps", "exit"] {
        let mut object = good();
        object.as_object_mut().context("no object")?.remove(key);
        ensure!(!validator.is_valid(&object), "it is accepted without {key}");
    }
    Ok(())
}
