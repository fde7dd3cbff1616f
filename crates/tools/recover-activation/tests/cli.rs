//! The real program: usage, the rule for sudo, and a tree that needs nothing. What it does with the programs that it runs is
//! in tests/tests/recovery.rs.

use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use testbed::{Outcome, Program, Ran};

#[path = "cli/plist.rs"]
mod plist;

const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-26.05";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_recover-activation"))
}

testbed::own_tree! {
    /// A NixOS that runs the system of its profile.
    Host
}

impl Host {
    fn new() -> Result<Self, Box<dyn Error>> {
        let host = Self(testbed::Tree::new()?);
        host.write("etc/NIXOS", "")?;
        host.write(&format!("{SYSTEM}/nixos-version"), "26.05")?;
        host.folder("nix/var/nix/profiles")?;
        host.folder("run")?;
        host.folder(&format!("{SYSTEM}/etc"))?;
        symlink(Path::new("/").join(SYSTEM).join("etc"), host.path("etc/static"))?;
        symlink(Path::new("/").join(SYSTEM), host.path("nix/var/nix/profiles/system"))?;
        symlink(Path::new("/").join(SYSTEM), host.path("run/current-system"))?;
        Ok(host)
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        program().run_on(self, arguments)
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    let options =
        ["--ask", "--yes", "--level", "--timeout", "--log-file", "--dry-run", "--json", "--print-sudoers"];
    for option in options {
        assert!(help.answer().contains(option), "{option}");
    }
    assert_eq!(program().run(&["--version"])?.answer(), "recover-activation 0.1.0\n");
    Ok(())
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() -> Outcome {
    for bad in [
        vec!["--level", "4"],
        vec!["--level", ""],
        vec!["--timeout", "-1"],
        vec!["--log-file", "relative"],
        vec!["--ask", "--json"],
        vec!["--print-sudoers", "ALL"],
        vec!["--print-sudoers", "a b"],
        vec!["--print-sudoers", "tim", "--json"],
        vec!["more"],
    ] {
        assert_eq!(program().run(&bad)?.code(), Some(2), "{bad:?}");
    }
    Ok(())
}

#[test]
fn what_is_in_order_is_left_alone_without_a_word() -> Outcome {
    let host = Host::new()?;
    let before = host.listing()?;
    for arguments in [vec![], vec!["--dry-run"], vec!["--yes"], vec!["--level", "0"]] {
        let ran = host.run(&arguments)?;
        assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""), "{arguments:?}");
    }
    let object = host.run(&["--json"])?.json()?;
    assert_eq!((&object["status"], &object["steps"]), (&"ok".into(), &serde_json::json!([])));
    assert_eq!(object["findings"][0]["id"], "activation");
    assert_eq!(host.listing()?, before);
    Ok(())
}

#[test]
fn a_program_that_is_missing_is_69_and_nothing_is_claimed() -> Outcome {
    let host = Host::new()?;
    fs::remove_file(host.path("run/current-system"))?;
    let ran = host.run(&["--json"])?;
    assert_eq!(ran.code(), Some(69), "{}", ran.said());
    let object = ran.json()?;
    assert_eq!((&object["steps"], &object["findings"][0]["shape"]), (&serde_json::json!([]), &"LF1".into()));
    assert!(
        ran.said().contains("/usr/local is not there") || ran.said().contains("/usr is not there"),
        "{}",
        ran.said()
    );
    Ok(())
}

#[test]
fn nobody_is_asked_where_nobody_is() -> Outcome {
    let host = Host::new()?;
    fs::remove_file(host.path("run/current-system"))?;
    let before = host.listing()?;
    let mut command = program().command();
    command.arg("--root").arg(host.root()).arg("--ask").stdin(Stdio::null());
    let ran = Ran(command.output()?);
    assert_eq!(ran.code(), Some(69));
    assert!(ran.said().contains("ssh -t"), "{}", ran.said());
    assert_eq!(host.listing()?, before);
    Ok(())
}

#[test]
fn the_rule_for_sudo_names_the_programs_where_they_are() -> Outcome {
    let ran = program().run(&["--print-sudoers", "%admin"])?;
    assert_eq!(ran.code(), Some(0));
    let folder = fs::canonicalize(env!("CARGO_BIN_EXE_recover-activation"))?;
    let folder = folder.parent().ok_or("no folder")?.display().to_string();
    let rule = ran.answer();
    if std::env::var_os("MENDUTILS_BIN").is_none() {
        let line = format!("%admin ALL=(root) NOPASSWD: {folder}/fix-current-system --json --timeout 20\n");
        assert!(rule.contains(&line), "{rule}");
    }
    assert!(rule.contains("NOPASSWD: /nix/var/nix/profiles/system/activate \"\"\n"), "{rule}");
    assert!(!rule.contains("darwin-rebuild"));
    Ok(())
}

#[test]
fn visudo_takes_the_rule() -> Outcome {
    let visudo = Path::new("/usr/sbin/visudo");
    if !visudo.exists() {
        let is_strict = std::env::var_os("MENDUTILS_STRICT").is_some_and(|value| value == "1");
        assert!(!is_strict, "skipped: needs visudo");
        return Ok(());
    }
    let host = Host::new()?;
    host.write("rule", &program().run(&["--print-sudoers", "tim"])?.answer())?;
    let output = Command::new(visudo).arg("-cf").arg(host.path("rule")).output()?;
    assert!(output.status.success(), "{output:?}");
    Ok(())
}
