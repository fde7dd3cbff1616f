//! The real program: usage, exit codes, JSON, and trees without a logind.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use testbed::{Outcome, Program, Ran};

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\ntim:x:1000:100::/home/tim:/bin/sh\no'dd:x:1001:1001::/:/bin/sh\n\
                      twin:x:1000:5::/:/bin/sh\na/b:x:1002:1002::/:/bin/sh\n";

/// The script of NixOS 25.05 and later; tim is to linger, root is not, o'dd is left alone.
const SCRIPT: &str =
    "#!/bin/sh\ndeclare -a lingeringUserNames=(tim)\ndeclare -a nonLingeringUserNames=('root' x)\n\nexit 0\n";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fix-linger"))
}

testbed::own_tree! {
    /// A host with systemd where logind does not run.
    Tree
}

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Self(testbed::Tree::new()?);
        tree.write("etc/passwd", PASSWD)?;
        tree.folder("run/systemd/system")?;
        Ok(tree)
    }

    fn with_nixos() -> Result<Self, Box<dyn Error>> {
        let tree = Self::new()?;
        tree.write("nix/store/x/bin/linger-users-start", SCRIPT)?;
        tree.write(
            "etc/systemd/system/linger-users.service",
            "[Service]\nExecStart=/nix/store/x/bin/linger-users-start \nType=oneshot\n",
        )?;
        Ok(tree)
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        program().run_on(self, arguments)
    }

    fn linger(&self, name: &str) -> std::path::PathBuf {
        self.path("var/lib/systemd/linger").join(name)
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    let text = help.answer();
    for option in ["--dry-run", "--timeout", "--json", "--until-next-switch", "<USER>"] {
        assert!(text.contains(option), "{option} is missing in {text}");
    }
    assert_eq!(program().run(&["--version"])?.answer(), "fix-linger 0.1.0\n");
    Ok(())
}

#[test]
fn what_is_no_user_is_wrong_usage() -> Outcome {
    let tree = Tree::new()?;
    for bad in ["", "4294967295", "65535", "99999999999"] {
        assert_eq!(tree.run(&[bad])?.code(), Some(2), "{bad:?}");
    }
    assert_eq!(tree.run(&[])?.code(), Some(2));
    assert!(!tree.linger("").exists());
    Ok(())
}

#[test]
fn an_unknown_name_is_78_and_an_unknown_uid_is_passed_over() -> Outcome {
    let tree = Tree::new()?;
    let unknown = tree.run(&["nobody-here", "tim"])?;
    assert_eq!(unknown.code(), Some(78));
    assert!(tree.linger("tim").exists(), "the other user is served all the same");
    let uid = tree.run(&["4242"])?;
    assert_eq!(uid.code(), Some(0));
    assert!(uid.said().contains("uid 4242 has no account"), "{}", uid.said());
    Ok(())
}

#[test]
fn without_systemd_nothing_is_done() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_dir(tree.path("run/systemd/system"))?;
    let output = tree.run(&["tim"])?;
    assert_eq!(output.code(), Some(0));
    assert!(output.said().contains("systemd is not PID 1"), "{}", output.said());
    assert!(!tree.path("var").exists());
    Ok(())
}

#[test]
fn the_file_is_made_once_as_logind_makes_it() -> Outcome {
    let tree = Tree::new()?;
    let first = tree.run(&["tim", "1001"])?;
    assert_eq!(first.code(), Some(0), "{}", first.said());
    assert!(first.answer().is_empty());
    for name in ["tim", "o\\'dd"] {
        let about = fs::metadata(tree.linger(name))?;
        assert_eq!((about.len(), about.mode() & 0o7777), (0, 0o644), "{name}");
    }
    assert_eq!(fs::metadata(tree.linger(""))?.mode() & 0o7777, 0o755);
    let second = tree.run(&["tim", "1001"])?;
    assert_eq!((second.code(), second.said().as_str()), (Some(0), ""));
    Ok(())
}

#[test]
fn of_two_names_with_one_uid_the_first_counts_as_for_logind() -> Outcome {
    let tree = Tree::new()?;
    tree.run(&["twin"])?;
    assert!(tree.linger("tim").exists() && !tree.linger("twin").exists());
    Ok(())
}

#[test]
fn a_name_that_is_no_file_name_is_refused() -> Outcome {
    let tree = Tree::new()?;
    assert_eq!(tree.run(&["a/b"])?.code(), Some(78));
    assert!(!tree.linger("b").exists());
    Ok(())
}

#[test]
fn a_dry_run_tells_and_leaves_no_trace() -> Outcome {
    let tree = Tree::new()?;
    let output = tree.run(&["--dry-run", "tim"])?;
    assert_eq!(
        output.answer().trim(),
        "would create /var/lib/systemd/linger/tim for the next start of logind"
    );
    let output = tree.run(&["--dry-run", "--json", "tim"])?;
    let object = output.json()?;
    assert_eq!(object["status"], "would-change");
    assert_eq!(object["steps"][0]["state"], "would");
    assert!(!tree.path("var").exists() && !tree.path("run/mendutils").exists());
    Ok(())
}

#[test]
fn json_tells_the_step_and_the_finding() -> Outcome {
    let tree = Tree::new()?;
    let object = tree.run(&["--json", "tim"])?.json()?;
    assert_eq!(object["schema"], "mendutils/1");
    assert_eq!(object["status"], "changed");
    assert_eq!(object["steps"][0]["kind"], "create-file");
    assert_eq!(
        (&object["findings"][0]["id"], &object["findings"][0]["status"]),
        (&"linger".into(), &"ok".into())
    );
    Ok(())
}

#[test]
fn nixos_is_not_fought_unless_asked() -> Outcome {
    let tree = Tree::with_nixos()?;
    let refused = tree.run(&["root"])?;
    assert_eq!(refused.code(), Some(78));
    assert!(refused.said().contains("users.users.root.linger = true;"), "{}", refused.said());
    assert!(!tree.linger("root").exists());
    let asked = tree.run(&["--until-next-switch", "root"])?;
    assert_eq!(asked.code(), Some(0));
    assert!(asked.said().contains("the next boot or switch"), "{}", asked.said());
    assert!(tree.linger("root").exists());
    for user in ["tim", "1001"] {
        assert_eq!(tree.run(&[user])?.code(), Some(0), "{user}");
    }
    Ok(())
}

#[test]
fn a_script_that_is_not_understood_is_not_fought_either() -> Outcome {
    let tree = Tree::with_nixos()?;
    tree.write("nix/store/x/bin/linger-users-start", "#!/bin/sh\nloginctl disable-linger tim\n")?;
    let refused = tree.run(&["tim"])?;
    assert_eq!(refused.code(), Some(78));
    assert!(refused.said().contains("users.users.tim.linger = true;"), "{}", refused.said());
    Ok(())
}

#[test]
fn a_hostile_link_is_not_followed() -> Outcome {
    let tree = Tree::new()?;
    let victim = tree.path("victim");
    fs::create_dir_all(tree.linger(""))?;
    symlink(&victim, tree.linger("tim"))?;
    tree.run(&["tim"])?;
    assert!(!victim.exists());
    Ok(())
}

#[test]
fn an_unreadable_account_file_is_an_error_and_nothing_is_written() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_file(tree.path("etc/passwd"))?;
    fs::create_dir(tree.path("etc/passwd"))?;
    let output = tree.run(&["tim"])?;
    assert_eq!(output.code(), Some(1));
    assert!(output.said().contains("reading"), "{}", output.said());
    assert!(!tree.path("var").exists());
    Ok(())
}
