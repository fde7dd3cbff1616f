//! The real program: usage, exit codes, JSON, and lint on trees, where no manager is asked.

use std::error::Error;

use testbed::{Outcome, Program, Ran, Tree};

const GOOD: &str = "[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=60\nExecStart=/bin/work\n";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_restart-and-verify"))
}

fn tree() -> Result<Tree, Box<dyn Error>> {
    let tree = Tree::new()?;
    tree.write("etc/passwd", "root:x:0:0::/root:/bin/sh\ntim:x:1000:100::/home/tim:/bin/sh\n")?;
    tree.folder("run/systemd/system")?;
    tree.write("etc/systemd/system/good.service", GOOD)?;
    Ok(tree)
}

fn lint(tree: &Tree, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
    let arguments: Vec<&str> = ["--lint"].iter().chain(arguments).copied().collect();
    program().run_on(tree, &arguments)
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    let text = help.answer();
    for option in [
        "--user",
        "--machine",
        "--timeout",
        "--stable",
        "--start",
        "--accept-ignored",
        "--lint",
        "--dry-run",
        "--json",
        "<UNIT>",
    ] {
        assert!(text.contains(option), "{option} is missing in {text}");
    }
    assert_eq!(program().run(&["--version"])?.answer(), "restart-and-verify 0.1.0\n");
    Ok(())
}

#[test]
fn what_is_no_exact_name_is_wrong_usage() -> Outcome {
    let tree = tree()?;
    for bad in
        ["", "app*", "app?.service", "[ab].service", "/dev/sda", "two words", "app@", "a\nb", ".service"]
    {
        assert_eq!(program().run_on(&tree, &["--dry-run", bad])?.code(), Some(2), "{bad:?}");
    }
    assert_eq!(program().run_on(&tree, &[])?.code(), Some(2));
    assert_eq!(program().run_on(&tree, &["--dry-run", "--machine", "container", "app"])?.code(), Some(2));
    assert_eq!(program().run_on(&tree, &["--lint", "--start", "app"])?.code(), Some(2));
    assert_eq!(program().run_on(&tree, &["--timeout", "x", "app"])?.code(), Some(2));
    Ok(())
}

#[test]
fn a_dry_run_tells_the_one_transaction_and_leaves_no_trace() -> Outcome {
    let tree = tree()?;
    let before = tree.listing()?;
    let output = program().run_on(&tree, &["--dry-run", "good", "other.target"])?;
    assert_eq!(
        (output.code(), output.answer().as_str()),
        (Some(0), "would restart good.service, other.target\n")
    );
    let object = program().run_on(&tree, &["--dry-run", "--json", "--start", "good"])?.json()?;
    assert_eq!(
        (&object["status"], &object["steps"][0]["kind"]),
        (&"would-change".into(), &"start-units".into())
    );
    assert_eq!(tree.listing()?, before);
    Ok(())
}

#[test]
fn the_units_of_another_tree_are_not_restarted() -> Outcome {
    let tree = tree()?;
    let output = program().run_on(&tree, &["good"])?;
    assert_eq!(output.code(), Some(69));
    assert!(output.said().contains("another tree"), "{}", output.said());
    Ok(())
}

#[test]
fn a_user_who_does_not_exist_is_wrong_configuration() -> Outcome {
    let tree = tree()?;
    for who in ["nobody-here@", "4242@.host"] {
        assert_eq!(
            program().run_on(&tree, &["--dry-run", "--machine", who, "good"])?.code(),
            Some(78),
            "{who}"
        );
    }
    Ok(())
}

#[test]
fn lint_finds_nothing_in_a_good_unit_and_says_so() -> Outcome {
    let tree = tree()?;
    let output = lint(&tree, &["good"])?;
    assert_eq!(output.code(), Some(0));
    assert!(output.answer().starts_with("ok    lint  nothing in good.service"), "{}", output.answer());
    Ok(())
}

#[test]
fn lint_names_file_and_line_also_inside_of_a_script() -> Outcome {
    let tree = tree()?;
    tree.write("etc/systemd/system/bad.service", &format!("{GOOD}ExecStopPost=/opt/cleanup\n"))?;
    tree.write("etc/systemd/system/bad.service.d/more.conf", "[Service]\nSuccessExitStatus=1\n")?;
    tree.write("opt/cleanup", "#!/bin/sh\nset -e\nsystemctl --user reset-failed\n")?;
    let output = lint(&tree, &["bad", "good"])?;
    assert_eq!(output.code(), Some(1));
    let answer = output.answer();
    for line in [
        "warn  lint-reset-failed  /opt/cleanup:3: systemctl --user reset-failed",
        "warn  lint-success-status  /etc/systemd/system/bad.service.d/more.conf:2: SuccessExitStatus=1",
        "ok    lint  nothing in good.service",
    ] {
        assert!(answer.contains(line), "{line} is missing in {answer}");
    }
    Ok(())
}

#[test]
fn lint_of_a_missing_or_masked_unit_is_wrong_configuration() -> Outcome {
    let tree = tree()?;
    tree.write("etc/systemd/system/masked.service", "")?;
    for unit in ["nothing", "masked"] {
        assert_eq!(lint(&tree, &[unit])?.code(), Some(78), "{unit}");
    }
    Ok(())
}

#[test]
fn lint_of_a_users_unit_looks_where_users_units_stand() -> Outcome {
    let tree = tree()?;
    tree.write("etc/systemd/user/own.service", GOOD)?;
    assert_eq!(lint(&tree, &["own"])?.code(), Some(78));
    assert_eq!(lint(&tree, &["--user", "own"])?.code(), Some(0));
    assert_eq!(
        lint(&tree, &["--machine", "tim@", "own"])?.code(),
        Some(if testbed::own().0 == 0 { 0 } else { 77 })
    );
    Ok(())
}

#[test]
fn control_characters_of_a_unit_do_not_reach_the_terminal() -> Outcome {
    let tree = tree()?;
    tree.write("etc/systemd/system/bad.service", &format!("{GOOD}ExecStartPre=-/bin/x \u{1b}[31m\n"))?;
    let output = lint(&tree, &["bad"])?;
    assert_eq!(output.code(), Some(1));
    assert!(
        !output.answer().contains('\u{1b}') && output.answer().contains("\\u{1b}"),
        "{}",
        output.answer()
    );
    Ok(())
}
