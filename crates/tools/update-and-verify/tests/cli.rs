//! The real program: usage, exit codes, JSON, and trees with a podman made of a few lines of shell.

use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testbed::{Outcome, Program, Ran};

/// A script that is linked into a tree: one that a test wrote itself could still be open for writing in a child of another
/// test, and then cannot be run.
const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake");

const IMAGE: &str = "localhost/app:latest";
const HEALTHY: &str = r#""Status":"healthy""#;
const SICK: &str =
    r#""Status":"unhealthy","FailingStreak":3,"Log":[{"ExitCode":1,"Output":"no \u001b[1mluck"}]"#;

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn container(digit: char, image: &str, health: &str) -> String {
    format!(
        r#"{{"Id":"{}","Name":"app","Image":"{image}","ImageName":"{IMAGE}","Config":{{"Healthcheck":{{"Test":["CMD","x"]}},"Labels":{{}}}},
        "State":{{"Status":"running","StartedAt":"2026-11-20T08:00:00Z","Health":{{{health}}}}}}}"#,
        id(digit)
    )
}

fn row(digit: char) -> String {
    format!(
        r#"{{"Id":"{}","Names":["app"],"State":"running","Labels":{{"io.containers.autoupdate":"local","PODMAN_SYSTEMD_UNIT":"app.service"}}}}"#,
        id(digit)
    )
}

fn update(word: &str) -> String {
    format!(
        r#"[{{"Unit":"app.service","ContainerName":"app","ContainerID":"{}","Image":"{IMAGE}","Policy":"local","Updated":"{word}"}}]"#,
        id('1')
    )
}

testbed::own_tree! {
    /// A host with a fake podman that runs one container.
    Tree
}

impl Tree {
    /// podman will say this word of it.
    fn new(word: &str) -> Result<Self, Box<dyn Error>> {
        let tree = Self(testbed::Tree::new()?);
        tree.folder("usr/bin")?;
        symlink(format!("{FAKE}/podman"), tree.path("usr/bin/podman"))?;
        tree.write("etc/systemd/user/app.service", "")?;
        tree.write("fake/ps.json", &format!("[{}]", row('1')))?;
        tree.write("fake/inspect.json", &format!("[{}]", container('1', "old", HEALTHY)))?;
        tree.write("fake/images.json", &format!(r#"[{{"Id":"new","Names":["{IMAGE}"]}}]"#))?;
        tree.write("fake/rows.json", &if word.is_empty() { String::new() } else { update(word) })?;
        tree.write("fake/errors", "")?;
        tree.write("fake/end", "exit 0")?;
        tree.becomes("new", HEALTHY)?;
        Ok(tree)
    }

    /// What is there after the update.
    fn becomes(&self, image: &str, health: &str) -> Outcome {
        self.write("fake/after/ps.json", &format!("[{}]", row('2')))?;
        self.write("fake/after/inspect.json", &format!("[{}]", container('2', image, health)))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Program::new(env!("CARGO_BIN_EXE_update-and-verify")).command();
        // A user's own folders, where root has none of them.
        command.env("XDG_RUNTIME_DIR", "/run/user/1").env("HOME", "/home/tim");
        command.arg("--root").arg(self.root()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        Ok(Ran(self.command(arguments).output()?))
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("fake/calls")).unwrap_or_default();
        calls.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
    }
}

/// Runs it, and fails unless it exits so and says all of this.
fn ends(tree: &Tree, arguments: &[&str], code: i32, texts: &[&str]) -> Result<Ran, Box<dyn Error>> {
    let ran = tree.run(arguments)?;
    assert_eq!(ran.code(), Some(code), "{}", ran.said());
    for text in texts {
        assert!(ran.said().contains(text), "{text:?} is missing in {}", ran.said());
    }
    Ok(ran)
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let program = Program::new(env!("CARGO_BIN_EXE_update-and-verify"));
    let help = program.run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    for option in ["--timeout", "--stable", "--expect", "--dry-run", "--json"] {
        assert!(help.answer().contains(option), "{option}");
    }
    assert_eq!(program.run(&["--version"])?.answer(), "update-and-verify 0.1.0\n");
    for bad in [&["--expect"][..], &["--expect", "a*"], &["--timeout", "-1"], &["app.service"]] {
        assert_eq!(program.run(bad)?.code(), Some(2), "{bad:?}");
    }
    Ok(())
}

#[test]
fn nothing_new_is_one_line_and_few_processes() -> Outcome {
    let tree = Tree::new("false")?;
    let ran = ends(&tree, &[], 0, &["ok    nothing-new"])?;
    assert_eq!(ran.said().lines().count(), 1, "{}", ran.said());
    assert_eq!(tree.calls(), ["ps", "inspect", "auto-update"]);
    Ok(())
}

#[test]
fn an_update_is_a_step_and_is_looked_at() -> Outcome {
    let tree = Tree::new("true")?;
    ends(&tree, &[], 0, &["update app (app.service) to the newer localhost/app:latest", "ok    updated"])?;
    assert_eq!(tree.calls(), ["ps", "inspect", "auto-update", "ps", "inspect"]);
    let sick = Tree::new("true")?;
    sick.becomes("new", SICK)?;
    let ran = ends(
        &sick,
        &[],
        1,
        &["fail  container-state", "[UF2]", "said: no \\u{1b}[1mluck", "log: one\\u{1b}[31mline"],
    )?;
    assert!(!ran.said().contains('\u{1b}'));
    Ok(())
}

#[test]
fn a_dry_run_changes_nothing() -> Outcome {
    let tree = Tree::new("pending")?;
    let ran = ends(&tree, &["--dry-run"], 0, &["would update app (app.service)"])?;
    assert_eq!(ran.answer().lines().count(), 1, "{}", ran.said());
    assert!(!tree.path("run").exists() && !tree.path("var").exists() && !tree.path("home").exists());
    Ok(())
}

#[test]
fn a_rollback_is_told_at_once_and_remembered() -> Outcome {
    let tree = Tree::new("rolled back")?;
    tree.becomes("old", HEALTHY)?;
    ends(&tree, &[], 3, &["fail  rolled-back", "[UF1]"])?;
    tree.write("fake/rows.json", &update("false"))?;
    ends(&tree, &[], 0, &["warn  still-rolled-back"])?;
    tree.write("fake/inspect.json", &format!("[{}]", container('2', "newer", HEALTHY)))?;
    let ran = ends(&tree, &[], 0, &["nothing-new"])?;
    assert!(!ran.said().contains("still-rolled-back"), "{}", ran.said());
    Ok(())
}

#[test]
fn a_rollback_outlives_whatever_goes_wrong_after_it() -> Outcome {
    let tree = Tree::new("rolled back")?;
    tree.becomes("old", HEALTHY)?;
    tree.write("fake/after/inspect.json", "no JSON")?;
    ends(&tree, &[], 1, &["fail  rolled-back", "[UF1]", "reading what podman inspect said"])?;
    tree.becomes("old", HEALTHY)?;
    tree.write("fake/inspect.json", &format!("[{}]", container('2', "old", HEALTHY)))?;
    tree.write("fake/rows.json", &update("false"))?;
    ends(&tree, &[], 0, &["warn  still-rolled-back"])?;
    Ok(())
}

#[test]
fn one_that_is_asked_to_end_tells_what_is_known() -> Outcome {
    let tree = Tree::new("rolled back")?;
    tree.becomes("old", r#""Status":"starting""#)?;
    let mut command = tree.command(&[]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    while tree.calls().iter().filter(|call| *call == "inspect").count() < 2 {
        thread::sleep(Duration::from_millis(10));
    }
    kill(Pid::from_raw(child.id().try_into()?), Signal::SIGTERM)?;
    let ran = Ran(child.wait_with_output()?);
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    for text in ["fail  rolled-back", "stopped by SIGTERM"] {
        assert!(ran.said().contains(text), "{}", ran.said());
    }
    tree.write("fake/rows.json", &update("false"))?;
    ends(&tree, &[], 0, &["warn  still-rolled-back"])?;
    Ok(())
}

#[test]
fn the_errors_of_podman_are_kept() -> Outcome {
    let tree = Tree::new("failed")?;
    tree.write(
        "fake/errors",
        &format!("Error: checking image updates for container {}: image not known\n", id('1')),
    )?;
    tree.write("fake/end", "exit 125")?;
    ends(&tree, &[], 1, &["fail  update-failed", "image not known"])?;
    let silent = Tree::new("")?;
    silent.write("fake/end", "exit 125")?;
    ends(&silent, &[], 1, &["fail  update-error", "exit status: 125"])?;
    let odd = Tree::new("false")?;
    odd.write("fake/rows.json", "UNIT  CONTAINER")?;
    ends(&odd, &[], 1, &["reading what podman auto-update said"])?;
    Ok(())
}

#[test]
fn podman_is_ended_when_the_time_is_up() -> Outcome {
    let tree = Tree::new("true")?;
    tree.write("fake/end", "exec sleep 30")?;
    ends(&tree, &["--timeout", "1", "--stable", "0"], 4, &["fail  update-timeout", "[UF9]"])?;
    Ok(())
}

#[test]
fn what_is_expected_must_be_looked_at() -> Outcome {
    ends(&Tree::new("false")?, &["--expect", "app"], 0, &["nothing-new"])?;
    let none = Tree::new("")?;
    none.write("fake/ps.json", "[]")?;
    none.write("fake/inspect.json", "[]")?;
    ends(&none, &[], 0, &["skip  no-policy", "[UF6]"])?;
    ends(&none, &["--expect", "app"], 1, &["fail  expected-unit", "[UF7]"])?;
    ends(&none, &["--expect", "nothing"], 78, &["there is no such unit"])?;
    Ok(())
}

#[test]
fn without_podman_it_exits_69() -> Outcome {
    let tree = Tree::new("false")?;
    fs::remove_file(tree.path("usr/bin/podman"))?;
    ends(&tree, &[], 69, &["podman was not found"])?;
    Ok(())
}

#[test]
fn json_is_one_object_with_steps_and_findings() -> Outcome {
    let tree = Tree::new("true")?;
    let ran = tree.run(&["--json"])?;
    let object = ran.json()?;
    assert_eq!((&object["status"], &object["exit"]), (&"changed".into(), &0.into()));
    let step = &object["steps"][0];
    assert_eq!(
        (&step["kind"], &step["target"], &step["state"]),
        (&"update-container".into(), &"app".into(), &"done".into())
    );
    assert_eq!(object["findings"][0]["subject"], "app.service");
    assert!(ran.0.stderr.is_empty());
    Ok(())
}
