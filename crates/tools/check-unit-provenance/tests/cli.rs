//! The real program: usage, exit codes, JSON, and trees laid out as Home Manager and NixOS lay theirs out. A tree's
//! manager is not asked.

use std::error::Error;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;
use testbed::{Outcome, Program, Ran, own};

const UNIT: &str = "/nix/store/00000000000000000000000000000001-web.service/web.service";
const FILES: &str = "/nix/store/00000000000000000000000000000002-home-manager-files";
const HOME: &str = "/nix/store/00000000000000000000000000000003-home-manager-generation";
const OLD: &str = "/nix/store/00000000000000000000000000000004-home-manager-files";
const SYSTEM: &str = "/nix/store/00000000000000000000000000000005-nixos-system-lab";
const ETC: &str = "/nix/store/00000000000000000000000000000006-etc";
const UNITS: &str = "/nix/store/00000000000000000000000000000007-user-units";
const DAEMON: &str = "/nix/store/00000000000000000000000000000008-unit-daemon.service/daemon.service";
const PLACE: &str = "home/tim/.config/systemd/user";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_check-unit-provenance"))
}

testbed::own_tree! {
    /// A host whose Home Manager ships `web.service` with a drop-in and a link, and whose NixOS ships `daemon.service`.
    Tree
}

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let tree = Self(testbed::Tree::new()?);
        let (uid, gid) = own();
        tree.write("etc/passwd", &format!("tim:x:{uid}:{gid}::/home/tim:/bin/sh\n"))?;
        tree.write(UNIT.trim_start_matches('/'), "[Service]\nExecStart=/bin/true\n")?;
        tree.write(DAEMON.trim_start_matches('/'), "[Service]\nExecStart=/bin/sleep 1\n")?;
        for (relative, target) in [("web.service", UNIT), ("default.target.wants/web.service", UNIT)] {
            let shipped = format!("{FILES}/.config/systemd/user/{relative}");
            tree.link(&shipped, target)?;
            tree.link(&format!("{PLACE}/{relative}"), &shipped)?;
        }
        tree.link(&format!("{HOME}/home-files"), FILES)?;
        tree.link("home/tim/.local/state/home-manager/gcroots/current-home", HOME)?;
        tree.link("home/tim/.local/state/nix/profiles/home-manager", "home-manager-1-link")?;
        tree.link("home/tim/.local/state/nix/profiles/home-manager-1-link", HOME)?;
        tree.link(&format!("{UNITS}/daemon.service"), DAEMON)?;
        tree.link(&format!("{ETC}/etc/systemd/user"), UNITS)?;
        tree.link(&format!("{SYSTEM}/etc"), &format!("{ETC}/etc"))?;
        tree.link("run/current-system", SYSTEM)?;
        tree.link("etc/static", &format!("{ETC}/etc"))?;
        tree.link("etc/systemd/user", "/etc/static/systemd/user")?;
        Ok(tree)
    }

    fn link(&self, path: &str, target: &str) -> Outcome {
        let path = self.path(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        Ok(symlink(target, path)?)
    }

    fn remove(&self, path: &str) -> Outcome {
        Ok(fs::remove_file(self.path(path))?)
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        program().run_on(self, &[&["--user=tim"], arguments].concat())
    }

    /// Exit code and the findings that are not in order, as "status id shape subject".
    fn wrong(&self, arguments: &[&str]) -> Result<(Option<i32>, Vec<String>), Box<dyn Error>> {
        let before = self.listing()?;
        let ran = self.run(&[arguments, &["--json"]].concat())?;
        assert_eq!(self.listing()?, before, "it wrote something");
        let object = ran.json()?;
        let findings = object.get("findings").and_then(Value::as_array).ok_or("no findings")?;
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let wrong = findings.iter().filter(|one| one["status"] == "fail" || one["status"] == "warn");
        let told = wrong.map(|one| {
            let words = ["status", "id", "shape", "subject"].map(|key| text(&one[key]));
            words.join(" ")
        });
        Ok((ran.code(), told.collect()))
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    for option in
        ["--user", "--system", "--all", "--owner", "--offline", "--strict", "--allow-drop-in", "[UNIT]"]
    {
        assert!(help.answer().contains(option), "{option} is missing in {}", help.answer());
    }
    assert_eq!(program().run(&["--version"])?.answer(), "check-unit-provenance 0.1.0\n");
    Ok(())
}

#[test]
fn what_cannot_be_meant_is_wrong_usage_or_configuration() -> Outcome {
    let tree = Tree::new()?;
    let wrong: [&[&str]; 6] = [
        &["--all", "web"],
        &["a*"],
        &["a b"],
        &["--owner", "somebody"],
        &["--allow-drop-in", "a/b"],
        &["--system"],
    ];
    for arguments in wrong {
        assert_eq!(tree.run(arguments)?.code(), Some(2), "{arguments:?}");
    }
    let run = |arguments: &[&str]| program().run_on(&tree, arguments);
    assert_eq!(run(&["--user=nobody-here"])?.code(), Some(78));
    assert_eq!(run(&["--user=4242"])?.code(), Some(if own().0 == 4242 { 78 } else { 0 }));
    assert_eq!(run(&["--system", "--owner", "home-manager"])?.code(), Some(78));
    Ok(())
}

#[test]
fn a_tree_in_order_passes_by_name_and_as_a_whole() -> Outcome {
    let tree = Tree::new()?;
    for arguments in [&[][..], &["--all"], &["--owner", "nixos"], &["web", "daemon.service"], &["--strict"]] {
        assert_eq!(tree.wrong(arguments)?, (Some(0), Vec::new()), "{arguments:?}");
    }
    let said = tree.run(&["web"])?.said();
    assert!(
        said.contains("ok    unit-file  web.service: /home/tim/.config/systemd/user/web.service leads to"),
        "{said}"
    );
    assert!(said.contains("skip  unit-manager"), "{said}");
    assert_eq!(tree.run(&["--quiet"])?.said(), "");
    Ok(())
}

#[test]
fn t05_a_regular_file_in_place_of_the_link_is_seen() -> Outcome {
    let tree = Tree::new()?;
    tree.remove(&format!("{PLACE}/web.service"))?;
    tree.write(&format!("{PLACE}/web.service"), "[Service]\nExecStart=/bin/false\n")?;
    let wrong = vec!["fail unit-file PF1 web.service".to_owned()];
    for arguments in [&[][..], &["web"], &["--offline"], &["--owner", "home-manager"]] {
        assert_eq!(tree.wrong(arguments)?, (Some(1), wrong.clone()));
    }
    assert_eq!(tree.wrong(&["--owner", "nixos"])?, (Some(0), Vec::new()));
    let said = tree.run(&["web"])?.said();
    assert!(said.contains("hint: fix-unit-provenance --user web.service"), "{said}");
    Ok(())
}

#[test]
fn t06_a_stale_drop_in_in_etc_is_seen_without_a_manager() -> Outcome {
    let tree = Tree::new()?;
    // /etc/systemd/user as a folder, as a host without NixOS has it.
    tree.remove("etc/systemd/user")?;
    for form in ["web.service.d", "service.d", "web-.service.d"] {
        tree.write(&format!("etc/systemd/user/{form}/50-{form}.conf"), "[Service]\nNice=5\n")?;
    }
    let (code, wrong) = tree.wrong(&["--owner", "home-manager", "--offline"])?;
    let told = |form: &str| {
        [format!("fail unit-drop-in PF5 {form}"), "fail unit-drop-in PF5 web.service".to_owned()]
    };
    assert_eq!(code, Some(1));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong.iter().all(|one| told("web.service").contains(one)), "{wrong:?}");
    let allowed = ["--owner", "home-manager", "--allow-drop-in", "/etc/systemd/user/*.d/50-*.conf"];
    assert_eq!(tree.wrong(&allowed)?, (Some(0), Vec::new()));
    Ok(())
}

#[test]
fn links_to_what_is_not_shipped_have_their_shape() -> Outcome {
    for (target, expected) in [
        (None, "fail unit-file PF2 web.service"),
        (Some(format!("{OLD}/.config/systemd/user/web.service")), "fail unit-file PF3 web.service"),
        (Some(DAEMON.to_owned()), "fail unit-file PF3 web.service"),
        (Some("/dev/null".to_owned()), "fail unit-file PF6 web.service"),
        (Some("web.service".to_owned()), "fail unit-file PF3 web.service"),
    ] {
        let tree = Tree::new()?;
        tree.remove(&format!("{PLACE}/web.service"))?;
        if let Some(target) = &target {
            tree.link(&format!("{PLACE}/web.service"), target)?;
        }
        assert_eq!(tree.wrong(&["web"])?, (Some(1), vec![expected.to_owned()]), "{target:?}");
    }
    Ok(())
}

#[test]
fn a_stronger_directory_and_a_mask_in_it_are_seen() -> Outcome {
    let tree = Tree::new()?;
    tree.write("home/tim/.config/systemd/user.control/web.service", "[Service]\nExecStart=/bin/false\n")?;
    assert_eq!(tree.wrong(&[])?, (Some(1), vec!["fail unit-fragment PF4 web.service".to_owned()]));
    tree.remove("home/tim/.config/systemd/user.control/web.service")?;
    tree.link("home/tim/.config/systemd/user.control/web.service", "/dev/null")?;
    assert_eq!(tree.wrong(&[])?, (Some(1), vec!["fail unit-fragment PF6 web.service".to_owned()]));
    Ok(())
}

#[test]
fn a_linked_parent_is_told_and_fails_when_strict() -> Outcome {
    let tree = Tree::new()?;
    fs::rename(tree.path("home/tim/.config/systemd"), tree.path("home/tim/elsewhere"))?;
    tree.link("home/tim/.config/systemd", "../elsewhere")?;
    let wrong = |status: &str| vec![format!("{status} unit-folder PF9 -")];
    assert_eq!(tree.wrong(&[])?, (Some(0), wrong("warn")));
    assert_eq!(tree.wrong(&["--strict"])?, (Some(1), wrong("fail")));
    Ok(())
}

#[test]
fn pointers_that_are_missing_or_disagree_are_wrong_configuration() -> Outcome {
    let tree = Tree::new()?;
    tree.remove("home/tim/.local/state/nix/profiles/home-manager-1-link")?;
    assert_eq!(tree.wrong(&[])?, (Some(78), vec!["fail generation PF11 -".to_owned()]));
    tree.remove("home/tim/.local/state/home-manager/gcroots/current-home")?;
    tree.remove("home/tim/.local/state/nix/profiles/home-manager")?;
    // NixOS remains, and what Home Manager left is told of when all is looked at.
    assert_eq!(tree.wrong(&[])?, (Some(0), Vec::new()));
    assert_eq!(tree.wrong(&["--all"])?, (Some(0), vec!["warn unit-owner PF3 web.service".to_owned()]));
    assert_eq!(
        tree.wrong(&["--owner", "home-manager"])?,
        (Some(78), vec!["fail generation PF11 -".to_owned()])
    );
    tree.remove("run/current-system")?;
    assert_eq!(tree.wrong(&[])?, (Some(78), vec!["fail generation PF11 -".to_owned()]));
    Ok(())
}

#[test]
fn the_service_of_the_nixos_module_names_the_generation() -> Outcome {
    let tree = Tree::new()?;
    let start =
        format!("[Service]\nExecStart=/nix/store/00000000000000000000000000000009-hm-setup-env {HOME}\n");
    tree.write(format!("{ETC}/etc/systemd/system/home-manager-tim.service").trim_start_matches('/'), &start)?;
    assert_eq!(tree.wrong(&[])?, (Some(0), Vec::new()));
    assert!(tree.run(&[])?.said().contains("the service of the NixOS module"));
    // It was never activated: the root of the last activation is another one.
    let path = "home/tim/.local/state/home-manager/gcroots/current-home";
    tree.remove(path)?;
    tree.link(path, SYSTEM)?;
    assert_eq!(tree.wrong(&[])?, (Some(78), vec!["fail generation PF11 -".to_owned()]));
    // In an activation, which sets the root last, it is named.
    assert_eq!(tree.wrong(&["--generation", HOME])?, (Some(0), Vec::new()));
    assert_eq!(
        tree.wrong(&["--generation", "/nix/store/gone"])?,
        (Some(78), vec!["fail generation PF11 -".to_owned()])
    );
    Ok(())
}

#[test]
fn a_unit_that_nobody_ships_fails_only_when_named() -> Outcome {
    let tree = Tree::new()?;
    tree.write(&format!("{PLACE}/own.service"), "[Service]\nExecStart=/bin/true\n")?;
    assert_eq!(tree.wrong(&["own"])?, (Some(1), vec!["fail unit-owner - own.service".to_owned()]));
    assert_eq!(tree.wrong(&["--all"])?, (Some(0), Vec::new()));
    Ok(())
}

#[test]
fn hostile_names_and_damaged_trees_cause_no_panic() -> Outcome {
    let tree = Tree::new()?;
    let long = format!("{}.service", "x".repeat(247));
    for name in
        ["a b.service", "new\nline.service", "esc\\x2da.service", "\u{1b}[31m.service", &long, "@.service"]
    {
        tree.write(&format!("{PLACE}/{name}"), "[Service]\n")?;
        let name = name.get(..name.len().min(200)).unwrap_or_default();
        tree.write(&format!("{PLACE}/web.service.d/{name}.conf"), "[Service]\n")?;
    }
    tree.link(&format!("{PLACE}/web.service.d/loop.conf"), "loop.conf")?;
    tree.link(&format!("{PLACE}/loop.service"), "loop.service")?;
    let ran = tree.run(&["--all"])?;
    assert_eq!(ran.code(), Some(1));
    assert!(!ran.said().contains("panicked") && !ran.answer().contains('\u{1b}'), "{}", ran.said());
    assert!(ran.answer().lines().all(|line| line.starts_with(['o', 'f', 's', 'w', ' '])), "{}", ran.answer());
    // The store loses the very unit.
    fs::remove_dir_all(tree.path(Path::new(UNIT).parent().ok_or("none")?.strip_prefix("/")?))?;
    assert!(tree.wrong(&["web"])?.1.contains(&"fail unit-file PF11 web.service".to_owned()));
    // The generation vanishes.
    fs::remove_dir_all(tree.path(FILES.trim_start_matches('/')))?;
    let ran = tree.run(&[])?;
    assert!(!ran.said().contains("panicked"), "{}", ran.said());
    Ok(())
}
