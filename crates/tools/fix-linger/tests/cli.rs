//! The real program: usage, exit codes, JSON, and trees without a logind.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\ntim:x:1000:100::/home/tim:/bin/sh\no'dd:x:1001:1001::/:/bin/sh\n\
                      twin:x:1000:5::/:/bin/sh\na/b:x:1002:1002::/:/bin/sh\n";

/// The script of NixOS 25.05 and later; tim is to linger, root is not, o'dd is left alone.
const SCRIPT: &str =
    "#!/bin/sh\ndeclare -a lingeringUserNames=(tim)\ndeclare -a nonLingeringUserNames=('root' x)\n\nexit 0\n";

/// The built program, or the one in the folder that `MENDUTILS_BIN` names.
fn program() -> Command {
    let built = env!("CARGO_BIN_EXE_fix-linger");
    let path = std::env::var_os("MENDUTILS_BIN")
        .map_or_else(|| Path::new(built).to_owned(), |folder| Path::new(&folder).join("fix-linger"));
    let mut command = Command::new(path);
    command.env_clear();
    command
}

/// A host with systemd where logind does not run.
struct Tree(TempDir);

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Self(tempfile::tempdir()?);
        tree.write("etc/passwd", PASSWD)?;
        fs::create_dir_all(tree.0.path().join("run/systemd/system"))?;
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

    fn write(&self, path: &str, text: &str) -> Outcome {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        Ok(fs::write(path, text)?)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(program().arg("--root").arg(self.0.path()).args(arguments).output()?)
    }

    fn linger(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join("var/lib/systemd/linger").join(name)
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn json(output: &Output) -> Result<serde_json::Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().arg("--help").output()?;
    assert_eq!(code(&help), Some(0));
    let text = String::from_utf8(help.stdout)?;
    for option in ["--dry-run", "--timeout", "--json", "--until-next-switch", "<USER>"] {
        assert!(text.contains(option), "{option} is missing in {text}");
    }
    assert_eq!(program().arg("--version").output()?.stdout, b"fix-linger 0.1.0\n");
    Ok(())
}

#[test]
fn what_is_no_user_is_wrong_usage() -> Outcome {
    let tree = Tree::new()?;
    for bad in ["", "4294967295", "65535", "99999999999"] {
        assert_eq!(code(&tree.run(&[bad])?), Some(2), "{bad:?}");
    }
    assert_eq!(code(&tree.run(&[])?), Some(2));
    assert!(!tree.linger("").exists());
    Ok(())
}

#[test]
fn an_unknown_name_is_78_and_an_unknown_uid_is_passed_over() -> Outcome {
    let tree = Tree::new()?;
    let unknown = tree.run(&["nobody-here", "tim"])?;
    assert_eq!(code(&unknown), Some(78));
    assert!(tree.linger("tim").exists(), "the other user is served all the same");
    let uid = tree.run(&["4242"])?;
    assert_eq!(code(&uid), Some(0));
    assert!(said(&uid).contains("uid 4242 has no account"), "{}", said(&uid));
    Ok(())
}

#[test]
fn without_systemd_nothing_is_done() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_dir(tree.0.path().join("run/systemd/system"))?;
    let output = tree.run(&["tim"])?;
    assert_eq!(code(&output), Some(0));
    assert!(said(&output).contains("systemd is not PID 1"), "{}", said(&output));
    assert!(!tree.0.path().join("var").exists());
    Ok(())
}

#[test]
fn the_file_is_made_once_as_logind_makes_it() -> Outcome {
    let tree = Tree::new()?;
    let first = tree.run(&["tim", "1001"])?;
    assert_eq!(code(&first), Some(0), "{}", said(&first));
    assert!(first.stdout.is_empty());
    for name in ["tim", "o\\'dd"] {
        let about = fs::metadata(tree.linger(name))?;
        assert_eq!((about.len(), about.mode() & 0o7777), (0, 0o644), "{name}");
    }
    assert_eq!(fs::metadata(tree.linger(""))?.mode() & 0o7777, 0o755);
    let second = tree.run(&["tim", "1001"])?;
    assert_eq!((code(&second), said(&second).as_str()), (Some(0), ""));
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
    assert_eq!(code(&tree.run(&["a/b"])?), Some(78));
    assert!(!tree.linger("b").exists());
    Ok(())
}

#[test]
fn a_dry_run_tells_and_leaves_no_trace() -> Outcome {
    let tree = Tree::new()?;
    let output = tree.run(&["--dry-run", "tim"])?;
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "would create /var/lib/systemd/linger/tim for the next start of logind"
    );
    let output = tree.run(&["--dry-run", "--json", "tim"])?;
    let object = json(&output)?;
    assert_eq!(object["status"], "would-change");
    assert_eq!(object["steps"][0]["state"], "would");
    assert!(!tree.0.path().join("var").exists() && !tree.0.path().join("run/mendutils").exists());
    Ok(())
}

#[test]
fn json_tells_the_step_and_the_finding() -> Outcome {
    let tree = Tree::new()?;
    let object = json(&tree.run(&["--json", "tim"])?)?;
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
    assert_eq!(code(&refused), Some(78));
    assert!(said(&refused).contains("users.users.root.linger = true;"), "{}", said(&refused));
    assert!(!tree.linger("root").exists());
    let asked = tree.run(&["--until-next-switch", "root"])?;
    assert_eq!(code(&asked), Some(0));
    assert!(said(&asked).contains("the next boot or switch"), "{}", said(&asked));
    assert!(tree.linger("root").exists());
    for user in ["tim", "1001"] {
        assert_eq!(code(&tree.run(&[user])?), Some(0), "{user}");
    }
    Ok(())
}

#[test]
fn a_script_that_is_not_understood_is_not_fought_either() -> Outcome {
    let tree = Tree::with_nixos()?;
    tree.write("nix/store/x/bin/linger-users-start", "#!/bin/sh\nloginctl disable-linger tim\n")?;
    let refused = tree.run(&["tim"])?;
    assert_eq!(code(&refused), Some(78));
    assert!(said(&refused).contains("users.users.tim.linger = true;"), "{}", said(&refused));
    Ok(())
}

#[test]
fn a_hostile_link_is_not_followed() -> Outcome {
    let tree = Tree::new()?;
    let victim = tree.0.path().join("victim");
    fs::create_dir_all(tree.linger(""))?;
    symlink(&victim, tree.linger("tim"))?;
    tree.run(&["tim"])?;
    assert!(!victim.exists());
    Ok(())
}

#[test]
fn an_unreadable_account_file_is_an_error_and_nothing_is_written() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_file(tree.0.path().join("etc/passwd"))?;
    fs::create_dir(tree.0.path().join("etc/passwd"))?;
    let output = tree.run(&["tim"])?;
    assert_eq!(code(&output), Some(1));
    assert!(said(&output).contains("reading"), "{}", said(&output));
    assert!(!tree.0.path().join("var").exists());
    Ok(())
}
