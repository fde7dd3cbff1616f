//! The real program: usage, exit codes, JSON, and trees with a podman and a provider made of a few lines of shell.

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use testbed::{Outcome, Program, Ran};

/// podman and its provider, as scripts that are linked into a tree: one that a test wrote itself could still be open for
/// writing in a child of another test, and then cannot be run.
const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake");

const CONFIG: &str = "services:\n  init: {image: 'a:1'}\n  web:\n    image: a:1\n    env_file: [web.env]\n    depends_on:\n      \
                      init: {condition: service_completed_successfully}\n";

fn container(service: &str, started: &str, state: &str) -> String {
    format!(
        r#"{{"Id":"{id}","Name":"home_{service}_1","Image":"i","ImageName":"a:1","State":{{"StartedAt":"{started}",{state}}},"Config":{{"Labels":{{
        "io.podman.compose.project":"home","com.docker.compose.project":"home","com.docker.compose.service":"{service}","PODMAN_SYSTEMD_UNIT":"home.service"}},
        "Healthcheck":{{"Test":["CMD","x"],"Interval":1000000000}}}}}}"#,
        id = service.chars().cycle().take(64).collect::<String>()
    )
}

fn row(service: &str) -> String {
    format!(
        r#"{{"Id":"{id}","Names":["home_{service}_1"],"Labels":{{"com.docker.compose.project":"home","com.docker.compose.service":"{service}"}}}}"#,
        id = service.chars().cycle().take(64).collect::<String>()
    )
}

const DONE: &str = r#""Status":"exited","ExitCode":0"#;
const HEALTHY: &str = r#""Status":"running","Health":{"Status":"healthy"}"#;
const SICK: &str = r#""Status":"running","Health":{"Status":"unhealthy","FailingStreak":3,"Log":[{"ExitCode":1,"Output":"no \u001b[1mluck"}]}"#;

testbed::own_tree! {
    /// A host with a fake podman, on which project `home` has no container yet.
    Tree
}

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Self(testbed::Tree::new()?);
        tree.folder("usr/bin")?;
        for name in ["podman", "podman-compose"] {
            symlink(format!("{FAKE}/{name}"), tree.path(format!("usr/bin/{name}")))?;
        }
        for name in ["systemd-run", "newuidmap", "newgidmap"] {
            let path = format!("usr/bin/{name}");
            tree.write(&path, "")?;
            fs::set_permissions(tree.path(&path), Permissions::from_mode(0o755))?;
        }
        tree.write("srv/compose.yaml", "")?;
        tree.write("srv/web.env", "A=1\n")?;
        tree.write("fake/config.yaml", CONFIG)?;
        tree.write("fake/ps.json", "[]")?;
        tree.write("fake/inspect.json", "[]")?;
        tree.write("fake/images.json", r#"[{"Id":"sha256:i","Names":["a:1"]}]"#)?;
        tree.write("fake/end", "exit 0")?;
        tree.comes_up("exited", HEALTHY)?;
        Ok(tree)
    }

    /// What the provider makes: `init` in a state, and `web` in another.
    fn comes_up(&self, init: &str, web: &str) -> Outcome {
        let init = container("init", "2026-11-20T08:00:00Z", if init == "exited" { DONE } else { init });
        let web = container("web", "2026-11-20T08:00:01Z", web);
        self.write("fake/after/inspect.json", &format!("[{init},{web}]"))?;
        self.write("fake/after/ps.json", &format!("[{},{}]", row("init"), row("web")))
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        let mut command = Program::new(env!("CARGO_BIN_EXE_apply-and-verify")).command();
        // A user's own folders, where root has none of them.
        command.env("XDG_RUNTIME_DIR", "/run/user/1").env("HOME", "/home/tim");
        command.arg("--root").arg(self.root()).args(["--project", "home", "--file", "/srv/compose.yaml"]);
        Ok(Ran(command.args(["--unit", "home.service"]).args(arguments).output()?))
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path("fake/calls")).unwrap_or_default()
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let program = Program::new(env!("CARGO_BIN_EXE_apply-and-verify"));
    let help = program.run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    for option in ["--project", "--file", "--stable", "--rollback", "--dry-run", "--json"] {
        assert!(help.answer().contains(option), "{option}");
    }
    assert_eq!(program.run(&["--version"])?.answer(), "apply-and-verify 0.1.0\n");
    for bad in [&["--project", "../x", "--file", "a"][..], &["--project", "x"], &["--file", "a"]] {
        assert_eq!(program.run(bad)?.code(), Some(2), "{bad:?}");
    }
    Ok(())
}

#[test]
fn a_good_project_is_verified_once_and_then_left_alone() -> Outcome {
    let tree = Tree::new()?;
    let first = tree.run(&[])?;
    assert_eq!(first.code(), Some(0), "{}", first.said());
    assert!(first.said().contains("home_web_1 created"), "{}", first.said());
    assert!(tree.calls().contains("up --detach home.service"), "{}", tree.calls());
    let calls = tree.calls();
    let second = tree.run(&[])?;
    assert_eq!(second.code(), Some(0));
    assert_eq!(second.said(), "apply-and-verify: project home is unchanged: 2 services are good\n");
    assert_eq!(tree.calls(), calls, "the provider was asked again");
    Ok(())
}

#[test]
fn a_container_whose_image_has_moved_is_made_anew_without_a_pull() -> Outcome {
    let tree = Tree::new()?;
    assert_eq!(tree.run(&[])?.code(), Some(0));
    tree.write("fake/images.json", r#"[{"Id":"sha256:j","Names":["a:1"]}]"#)?;
    let ran = tree.run(&["--dry-run"])?;
    assert!(
        ran.answer().contains("would remove container home_web_1, which runs an older image"),
        "{}",
        ran.answer()
    );
    assert!(!ran.answer().contains("pull"), "{}", ran.answer());
    Ok(())
}

#[test]
fn another_configuration_or_env_file_is_applied() -> Outcome {
    let tree = Tree::new()?;
    tree.run(&[])?;
    let dry = || -> Result<String, Box<dyn Error>> { Ok(tree.run(&["--dry-run"])?.answer()) };
    assert_eq!(dry()?, "");
    tree.write("srv/web.env", "A=22\n")?;
    assert_eq!(dry()?, "would apply project home with podman-compose\n");
    let other = tree.run(&["--dry-run", "--unit=x.service"])?;
    assert_eq!(other.code(), Some(2), "an option is given twice");
    Ok(())
}

#[test]
fn an_unhealthy_service_is_named_with_what_it_said() -> Outcome {
    let tree = Tree::new()?;
    tree.comes_up("exited", SICK)?;
    let ran = tree.run(&[])?;
    assert_eq!(ran.code(), Some(1));
    let said = ran.said();
    for part in [
        "service web is unhealthy, 3 checks",
        "ended with 1 and said: no \\u{1b}[1mluck",
        "log: one\\u{1b}[31mline",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!said.contains('\u{1b}'));
    let json = tree.run(&["--json"])?.json()?;
    assert_eq!(json["findings"][0]["shape"], "AF3");
    assert_eq!(json["findings"][0]["subject"], "web");
    Ok(())
}

#[test]
fn a_provider_that_lies_is_contradicted_and_one_that_fails_is_believed() -> Outcome {
    let tree = Tree::new()?;
    tree.write("fake/after/ps.json", &format!("[{}]", row("init")))?;
    let init = container("init", "2026-11-20T08:00:00Z", DONE);
    tree.write("fake/after/inspect.json", &format!("[{init}]"))?;
    let lied = tree.run(&[])?;
    assert_eq!(lied.code(), Some(3), "{}", lied.said());
    assert!(lied.said().contains("service web has no container"));
    tree.write("fake/after/end", "echo out of luck today >&2; exit 4")?;
    let failed = tree.run(&[])?;
    assert_eq!(failed.code(), Some(1), "{}", failed.said());
    assert!(
        failed.said().contains("podman-compose failed: it ended with 4")
            && failed.said().contains("out of luck")
    );
    Ok(())
}

#[test]
fn a_provider_that_hangs_is_ended_and_the_services_are_told() -> Outcome {
    let tree = Tree::new()?;
    tree.write("fake/after/end", "sleep 60")?;
    let ran = tree.run(&["--apply-timeout", "1"])?;
    assert_eq!(ran.code(), Some(4), "{}", ran.said());
    assert!(ran.said().contains("had not ended at --apply-timeout"), "{}", ran.said());
    Ok(())
}

#[test]
fn a_failure_of_an_optional_service_is_a_warning() -> Outcome {
    let tree = Tree::new()?;
    tree.comes_up("exited", SICK)?;
    let ran = tree.run(&["--optional", "web"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(ran.said().contains("service web is unhealthy"));
    assert_eq!(tree.run(&["--optional", "wbe"])?.code(), Some(78));
    Ok(())
}

#[test]
fn a_failed_change_is_rolled_back_where_that_is_asked_for() -> Outcome {
    let tree = Tree::new()?;
    let never = tree.run(&["--rollback"])?;
    assert_eq!(never.code(), Some(0), "{}", never.said());
    // The good state, for the call that goes back to it.
    tree.folder("fake/back")?;
    for name in ["ps.json", "inspect.json"] {
        fs::copy(tree.path(format!("fake/{name}")), tree.path(format!("fake/back/{name}")))?;
    }
    tree.write("fake/images.json", r#"[{"Id":"other","Names":["a:1"]}]"#)?;
    tree.write("fake/after/end", "case \"$*\" in *rollback.json*) bring back ;; esac; exit 0")?;
    tree.write("fake/config.yaml", &CONFIG.replace("web.env", "../srv/web.env"))?;
    tree.comes_up("exited", SICK)?;
    let ran = tree.run(&["--rollback"])?;
    assert_eq!(ran.code(), Some(3), "{}", ran.said());
    let said = ran.said();
    assert!(
        said.contains("service web is unhealthy") && said.contains("is rolled back to what was last"),
        "{said}"
    );
    let calls = tree.calls();
    assert!(calls.contains("podman tag -- i a:1") && calls.contains("home.rollback.json"), "{calls}");
    let copy = fs::read_to_string(tree.path("run/mendutils/compose/home.rollback.json"));
    if let Ok(copy) = copy {
        assert!(copy.contains("srv/web.env\""), "{copy}");
    }
    assert_eq!(tree.run(&[])?.code(), Some(1), "without --rollback the failure stays");
    Ok(())
}

#[test]
fn what_is_missing_is_named_before_anything_is_changed() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_file(tree.path("srv/web.env"))?;
    let ran = tree.run(&[])?;
    assert_eq!(ran.code(), Some(78));
    assert!(ran.said().contains("srv/web.env of service web does not exist"), "{}", ran.said());
    fs::remove_file(tree.path("srv/compose.yaml"))?;
    assert_eq!(tree.run(&[])?.code(), Some(78));
    tree.write("srv/compose.yaml", "")?;
    for (program, says) in [
        ("podman-compose", "no compose provider"),
        ("systemd-run", "systemd-run"),
        ("podman", "podman was not found"),
    ] {
        fs::remove_file(tree.path(format!("usr/bin/{program}")))?;
        let ran = tree.run(&[])?;
        assert_eq!(ran.code(), Some(69), "{program}: {}", ran.said());
        assert!(ran.said().contains(says), "{}", ran.said());
    }
    assert_eq!(tree.calls(), "");
    Ok(())
}

#[test]
fn a_dry_run_leaves_no_variables_of_its_own_behind() -> Outcome {
    let tree = Tree::new()?;
    tree.write("srv/one.env", "A=1\n")?;
    tree.write("srv/two.env", "B=2\n")?;
    let two = ["--env-file", "/srv/one.env", "--env-file", "/srv/two.env"];
    let of_user = if nix::unistd::geteuid().is_root() { "run" } else { "run/user/1" };
    let folder = tree.path(format!("{of_user}/mendutils/compose"));
    assert_eq!(tree.run(&[&two[..], &["--dry-run"]].concat())?.code(), Some(0));
    assert_eq!(fs::read_dir(&folder)?.count(), 0);
    assert_eq!(tree.run(&two)?.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.join("home.env"))?, "A=1\n\nB=2\n\n");
    Ok(())
}

#[test]
fn a_provider_that_fails_and_makes_nothing_is_no_success() -> Outcome {
    let tree = Tree::new()?;
    tree.write("fake/config.yaml", "services:\n  web:\n    image: x\n    scale: 0\n")?;
    tree.write("fake/after/end", "exit 5")?;
    tree.write("fake/after/inspect.json", "[]")?;
    tree.write("fake/after/ps.json", "[]")?;
    let ran = tree.run(&[])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    Ok(())
}

#[test]
fn where_files_include_others_nothing_is_called_an_orphan() -> Outcome {
    let tree = Tree::new()?;
    assert_eq!(tree.run(&[])?.code(), Some(0));
    let web = "services:\n  web:\n    image: x\n";
    tree.write("srv/compose.yaml", &format!("include: [db.yaml]\n{web}"))?;
    tree.write("fake/config.yaml", web)?;
    let ran = tree.run(&["--dry-run"])?;
    assert!(!ran.said().contains("no compose file any more"), "{}", ran.said());
    tree.write("srv/compose.yaml", web)?;
    let ran = tree.run(&["--dry-run"])?;
    assert!(ran.said().contains("no compose file any more"), "{}", ran.said());
    Ok(())
}

#[test]
fn without_waiting_only_the_apply_step_counts() -> Outcome {
    let tree = Tree::new()?;
    tree.comes_up("exited", SICK)?;
    let ran = tree.run(&["--no-wait"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(ran.said().contains("nothing was verified"));
    tree.write("fake/end", "exit 9")?;
    tree.write("fake/after/end", "exit 9")?;
    assert_eq!(tree.run(&["--no-wait"])?.code(), Some(1));
    Ok(())
}

#[test]
fn two_runs_at_once_are_one_too_many() -> Outcome {
    let tree = Tree::new()?;
    tree.write("fake/after/end", "sleep 2")?;
    let program = Program::new(env!("CARGO_BIN_EXE_apply-and-verify"));
    let mut first = program.command();
    first.env("XDG_RUNTIME_DIR", "/run/user/1").env("HOME", "/home/tim").arg("--root").arg(tree.root());
    let mut first = first.args(["--project", "home", "--file", "/srv/compose.yaml", "--quiet"]).spawn()?;
    for _ in 0..500 {
        if tree.calls().contains(" up ") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(tree.run(&[])?.code(), Some(75));
    assert!(first.wait()?.success());
    Ok(())
}
