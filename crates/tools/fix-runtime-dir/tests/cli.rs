//! The real program: usage, exit codes, JSON, dry runs, and trees as a container has them, where nothing can be mounted
//! and a plain directory is what systemd leaves.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use testbed::{Outcome, Program, Ran, lacks_root};

const MOUNTS: &str = "1 0 0:1 / / rw - overlay none rw\n2 1 0:2 / /run rw - tmpfs none rw,mode=755\n";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fix-runtime-dir"))
}

testbed::own_tree! {
    /// A container with systemd where tim is logged in and has a plain directory, in order.
    Tree
}

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Self(testbed::Tree::new()?);
        tree.write(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\ntim:x:1000:100::/home/tim:/bin/sh\nbad:x:4294967295:1::/:/\n",
        )?;
        tree.write("proc/1/mountinfo", MOUNTS)?;
        tree.write("proc/self/status", "CapEff:\t0000000000000000\n")?;
        tree.write("run/systemd/users/1000", "")?;
        tree.folder("run/systemd/system")?;
        tree.folder("run/user/1000")?;
        fs::set_permissions(tree.path("run/user"), fs::Permissions::from_mode(0o755))?;
        tree.set(1000, 100, 0o700)?;
        Ok(tree)
    }

    fn set(&self, uid: u32, gid: u32, mode: u32) -> Outcome {
        chown(self.path("run/user/1000"), Some(uid), Some(gid))?;
        Ok(fs::set_permissions(self.path("run/user/1000"), fs::Permissions::from_mode(mode))?)
    }

    fn state(&self) -> Result<(u32, u32, u32), Box<dyn Error>> {
        let about = fs::symlink_metadata(self.path("run/user/1000"))?;
        Ok((about.uid(), about.gid(), about.mode() & 0o7777))
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        program().run_on(self, arguments)
    }

    /// Runs it and fails when anything has changed.
    fn untouched(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        let before = self.listing()?;
        let ran = self.run(arguments)?;
        assert_eq!(self.listing()?, before, "{arguments:?}: {}", ran.said());
        Ok(ran)
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    for option in
        ["--start-manager", "--prepare", "--take-over", "--dry-run", "--timeout", "--json", "<UID|USER>"]
    {
        assert!(help.answer().contains(option), "{option} is missing in {}", help.answer());
    }
    assert!(!help.answer().contains("--root"));
    assert_eq!(program().run(&["--version"])?.answer(), "fix-runtime-dir 0.1.0\n");
    Ok(())
}

#[test]
fn what_is_no_user_is_wrong_usage_and_says_what_to_do() -> Outcome {
    for bad in [
        &[][..],
        &[""],
        &["4294967295"],
        &["65535"],
        &["01000"],
        &["99999999999"],
        &["--prepare", "--start-manager", "1"],
        &["--nonsense", "1"],
    ] {
        let ran = program().run(bad)?;
        assert_eq!(ran.code(), Some(2), "{bad:?}");
        assert!(ran.answer().is_empty() && !ran.said().is_empty(), "{bad:?}");
    }
    let typo = program().run(&["--dry-runn", "1000"])?;
    assert!(typo.said().contains("'--dry-run'"), "{}", typo.said());
    Ok(())
}

#[test]
fn without_systemd_it_is_a_skip() -> Outcome {
    let tree = testbed::Tree::new()?;
    let ran = program().run_on(&tree, &["1000"])?;
    assert_eq!(ran.code(), Some(0));
    assert!(ran.said().contains("skipped: systemd is not running here"), "{}", ran.said());
    Ok(())
}

#[test]
fn a_directory_in_order_is_left_in_silence() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let ran = tree.untouched(&["tim", "1000"])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    assert!(tree.run(&["-v", "tim"])?.said().contains("is in order"));
    Ok(())
}

#[test]
fn owner_group_and_mode_are_mended_once() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    for (uid, gid, mode) in
        [(0, 0, 0o1777), (0, 0, 0o700), (1000, 0, 0o700), (1000, 100, 0o755), (0, 100, 0o000)]
    {
        let tree = Tree::new()?;
        tree.set(uid, gid, mode)?;
        let ran = tree.run(&["1000"])?;
        assert_eq!((ran.code(), tree.state()?), (Some(0), (1000, 100, 0o700)), "{}", ran.said());
        assert!(ran.said().starts_with("fix-runtime-dir: ch"), "{}", ran.said());
        let again = tree.untouched(&["1000"])?;
        assert_eq!((again.code(), again.said().as_str()), (Some(0), ""));
    }
    Ok(())
}

#[test]
fn a_dry_run_tells_the_same_steps_and_takes_none() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o1777)?;
    let dry = tree.untouched(&["--dry-run", "--json", "1000"])?.json()?;
    assert_eq!((&dry["status"], &dry["exit"]), (&"would-change".into(), &0.into()));
    let text = tree.untouched(&["--dry-run", "1000"])?;
    assert!(text.answer().starts_with("would chmod /run/user/1000"), "{}", text.answer());
    let done = tree.run(&["--json", "1000"])?.json()?;
    assert_eq!(done["status"], "changed");
    let kinds = |object: &serde_json::Value| -> Vec<String> {
        let steps = object["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        steps.iter().map(|step| step["text"].to_string()).collect()
    };
    assert_eq!(kinds(&dry), kinds(&done));
    Ok(())
}

#[test]
fn prepare_mends_the_parent_and_nothing_else() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o1777)?;
    fs::set_permissions(tree.path("run/user"), fs::Permissions::from_mode(0o777))?;
    assert_eq!(tree.run(&["--prepare", "1000"])?.code(), Some(0));
    assert_eq!(fs::metadata(tree.path("run/user"))?.mode() & 0o7777, 0o755);
    assert_eq!(tree.state()?, (0, 0, 0o1777));
    Ok(())
}

#[test]
fn strangers_links_and_files_are_refused_with_their_shape() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(1001, 1001, 0o700)?;
    let ran = tree.untouched(&["--json", "1000"])?;
    assert_eq!((ran.code(), &ran.json()?["findings"][0]["shape"]), (Some(1), &"RF6".into()));
    assert_eq!(tree.run(&["--take-over", "1000"])?.code(), Some(0));
    assert_eq!(tree.state()?, (1000, 100, 0o700));

    let place = tree.path("run/user/1000");
    fs::remove_dir(&place)?;
    tree.folder("outside")?;
    symlink(tree.path("outside"), &place)?;
    let ran = tree.untouched(&["--json", "1000"])?;
    assert_eq!((ran.code(), &ran.json()?["findings"][0]["shape"]), (Some(1), &"RF17".into()));
    fs::remove_file(&place)?;
    fs::write(&place, "")?;
    assert_eq!(tree.untouched(&["1000"])?.code(), Some(1));
    Ok(())
}

#[test]
fn what_a_stranger_left_in_an_open_directory_is_named() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o1777)?;
    tree.write("run/user/1000/bus", "")?;
    chown(tree.path("run/user/1000/bus"), Some(1001), Some(1001))?;
    let said = tree.run(&["1000"])?.said();
    assert!(said.contains("bus (uid 1001)"), "{said}");
    assert_eq!(tree.run(&["1000"])?.said(), "");
    Ok(())
}

#[test]
fn the_cause_in_fstab_is_named_with_its_line() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o1777)?;
    tree.write("etc/fstab", "# all\n\ntmpfs /run/user/1000 tmpfs defaults\n")?;
    let said = tree.run(&["1000"])?.said();
    assert!(said.contains("line 3 of /etc/fstab") && said.contains("hint: delete that line"), "{said}");
    Ok(())
}

#[test]
fn bad_input_changes_nothing() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o1777)?;
    for (arguments, code, word) in [
        (&["nobody-here"][..], 78, "does not exist here"),
        (&["bad"], 78, "does not exist here"),
        (&["4711"], 0, "has no account"),
        (&["--json", "nobody-here"], 78, "\"error\":\"user"),
    ] {
        let ran = tree.untouched(arguments)?;
        assert_eq!(ran.code(), Some(code), "{arguments:?}");
        assert!(ran.said().contains(word), "{arguments:?}: {}", ran.said());
    }
    fs::write(tree.path("proc/1/mountinfo"), "nonsense\n")?;
    let ran = tree.untouched(&["1000"])?;
    assert!(ran.code() == Some(1) && ran.said().contains("line 1"), "{}", ran.said());
    fs::remove_file(tree.path("proc/1/mountinfo"))?;
    assert_eq!(tree.untouched(&["1000"])?.code(), Some(69));
    Ok(())
}

#[test]
fn one_bad_user_does_not_keep_the_others_from_it() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o700)?;
    let ran = tree.run(&["nobody-here", "tim"])?;
    assert_eq!((ran.code(), tree.state()?), (Some(78), (1000, 100, 0o700)), "{}", ran.said());
    Ok(())
}

#[test]
fn a_second_run_at_the_same_time_gives_way() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    tree.set(0, 0, 0o700)?;
    let lock = oneshot::lock::take(&oneshot::Root::new(tree.root()), "fix-runtime-dir.1000")?;
    assert_eq!(tree.untouched(&["1000"])?.code(), Some(75));
    drop(lock);
    assert_eq!(tree.run(&["1000"])?.code(), Some(0));
    Ok(())
}
