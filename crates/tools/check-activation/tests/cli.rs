//! The real binary: its options, its exit codes, and hosts that are no Mac.

use std::os::unix::fs::symlink;

use testbed::{Outcome, Program, Tree};

const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-26.05";
const OTHER: &str = "nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system-26.05";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_check-activation"))
}

/// A NixOS that runs the system of its profile.
fn nixos() -> Result<Tree, Box<dyn std::error::Error>> {
    let tree = Tree::new()?;
    tree.write("etc/NIXOS", "")?;
    for system in [SYSTEM, OTHER] {
        tree.write(&format!("{system}/nixos-version"), "26.05")?;
        tree.folder(&format!("{system}/etc"))?;
    }
    for folder in ["run", "nix/var/nix/profiles", "nix/var/nix/gcroots"] {
        tree.folder(folder)?;
    }
    symlink(format!("/{SYSTEM}"), tree.path("nix/var/nix/profiles/system"))?;
    symlink(format!("/{SYSTEM}"), tree.path("run/current-system"))?;
    symlink("/run/current-system", tree.path("nix/var/nix/gcroots/current-system"))?;
    symlink(format!("/{SYSTEM}/etc"), tree.path("etc/static"))?;
    Ok(tree)
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    for (option, word) in [("--help", "--once=<STAMP>"), ("--version", "check-activation ")] {
        let ran = program().run(&[option])?;
        assert_eq!(ran.code(), Some(0));
        assert!(ran.answer().contains(word), "{}", ran.said());
    }
    Ok(())
}

#[test]
fn wrong_usage_is_2() -> Outcome {
    for arguments in
        [&["--once=x", "--json"][..], &["--shell", "tcsh"], &["--shell", "zsh", "--offline"], &["x"]]
    {
        assert_eq!(program().run(arguments)?.code(), Some(2), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn the_lines_of_a_shell_are_the_whole_answer() -> Outcome {
    for shell in ["bash", "fish", "zsh"] {
        let ran = program().run(&["--shell", shell])?;
        assert_eq!((ran.code(), ran.said() == ran.answer()), (Some(0), true));
        assert!(ran.answer().starts_with(&format!("# Made by: check-activation --shell {shell}\n")));
    }
    Ok(())
}

#[test]
fn a_nixos_in_order_is_silent() -> Outcome {
    let tree = nixos()?;
    let before = tree.listing()?;
    let ran = program().run_on(&tree, &["--quiet"])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    let loud = program().run_on(&tree, &[])?.answer();
    // There is no launchd, and /etc is made in many ways.
    assert!(!loud.contains("job") && !loud.contains("etc-files"), "{loud}");
    assert_eq!(loud.matches("ok  ").count(), 6, "{loud}");
    assert_eq!(tree.listing()?, before);
    Ok(())
}

#[test]
fn on_nixos_a_system_that_waits_for_the_next_boot_is_a_warning() -> Outcome {
    let tree = nixos()?;
    std::fs::remove_file(tree.path("run/current-system"))?;
    symlink(format!("/{OTHER}"), tree.path("run/current-system"))?;
    let ran = program().run_on(&tree, &[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(
        ran.answer().contains("warn  current-system") && ran.answer().contains("[LF10]"),
        "{}",
        ran.said()
    );
    let ran = program().run_on(&tree, &["--once="])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    Ok(())
}

#[test]
fn on_nixos_a_lost_system_fails() -> Outcome {
    let tree = nixos()?;
    std::fs::remove_file(tree.path("run/current-system"))?;
    let ran = program().run_on(&tree, &["--quiet"])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.answer().contains("hint: sudo fix-current-system"), "{}", ran.said());
    std::fs::remove_dir_all(tree.path("nix/store"))?;
    let ran = program().run_on(&tree, &["--quiet"])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.answer().starts_with("fail  store-volume"), "{}", ran.said());
    Ok(())
}

#[test]
fn a_profile_in_doubt_fails_with_its_reason() -> Outcome {
    let tree = nixos()?;
    tree.write(&format!("{SYSTEM}/systemConfig"), &format!("/{SYSTEM}\n/{OTHER}\n"))?;
    let ran = program().run_on(&tree, &["--quiet"])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.answer().contains("systemConfig has more than one line"), "{}", ran.said());
    Ok(())
}

#[test]
fn a_host_without_nix_is_69_and_one_without_a_system_is_in_order() -> Outcome {
    let tree = Tree::new()?;
    tree.folder("run")?;
    let ran = program().run_on(&tree, &[])?;
    assert_eq!(ran.code(), Some(69), "{}", ran.said());
    let ran = program().run_on(&tree, &["--once="])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    tree.folder("nix/store")?;
    let ran = program().run_on(&tree, &[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(
        ran.answer().contains("skip  current-system  no system was ever activated here"),
        "{}",
        ran.said()
    );
    Ok(())
}
