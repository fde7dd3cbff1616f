//! The real program on trees laid out as Home Manager lays its out. A tree's manager is not asked.

use std::error::Error;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::Path;

use testbed::{Outcome, Program, Ran, Tree, lacks_root, own};

const FILES: &str = "/nix/store/00000000000000000000000000000002-home-manager-files";
const HOME: &str = "/nix/store/00000000000000000000000000000003-home-manager-generation";
const PLACE: &str = "home/tim/.config/systemd/user";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fix-unit-provenance"))
}

fn link(tree: &Tree, path: &str, target: &str) -> Outcome {
    let path = tree.path(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().ok_or("no parent")?)?;
    Ok(symlink(target, path)?)
}

/// A generation that ships two units, in order.
fn tree() -> Result<Tree, Box<dyn Error>> {
    let tree = Tree::new()?;
    let (uid, gid) = own();
    tree.write("etc/passwd", &format!("tim:x:{uid}:{gid}::/home/tim:/bin/sh\n"))?;
    for unit in ["web.service", "db.service"] {
        let shipped = format!("{FILES}/.config/systemd/user/{unit}");
        tree.write(shipped.trim_start_matches('/'), "[Service]\nExecStart=/bin/true\n")?;
        link(&tree, &format!("{PLACE}/{unit}"), &shipped)?;
    }
    link(&tree, &format!("{HOME}/home-files"), FILES)?;
    link(&tree, "home/tim/.local/state/nix/profiles/home-manager", HOME)?;
    Ok(tree)
}

fn run(tree: &Tree, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
    program().run_on(tree, &[&["--user=tim"], arguments].concat())
}

fn is_shipped(tree: &Tree, unit: &str) -> Outcome {
    let target = fs::read_link(tree.path(PLACE).join(unit))?;
    assert_eq!(target, Path::new(FILES).join(".config/systemd/user").join(unit));
    Ok(())
}

/// Nothing is written, and not more than a line said.
fn second_run_does_nothing(tree: &Tree) -> Outcome {
    let before = tree.listing()?;
    let ran = run(tree, &[])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    assert_eq!(tree.listing()?, before);
    Ok(())
}

#[test]
fn help_names_the_options_and_bad_paths_are_wrong_usage() -> Outcome {
    let help = program().run(&["--help"])?.answer();
    for option in [
        "--user",
        "--system",
        "--restore",
        "--reload",
        "--backup-dir",
        "--remove-foreign",
        "--restart",
        "--timeout",
        "--dry-run",
    ] {
        assert!(help.contains(option), "{option} is missing in {help}");
    }
    for arguments in [
        &["--backup-dir", "x"][..],
        &["--remove-foreign", "/a/../b"],
        &["a*"],
        &["--user", "--system"],
        &["--timeout", "soon"],
    ] {
        assert_eq!(program().run(arguments)?.code(), Some(2), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn a_tree_in_order_is_not_touched() -> Outcome {
    second_run_does_nothing(&tree()?)
}

#[test]
fn t05_a_regular_file_becomes_the_link_again_and_is_kept() -> Outcome {
    let tree = tree()?;
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    tree.write(&format!("{PLACE}/web.service"), "edited")?;
    let before = tree.listing()?;
    let dry = run(&tree, &["--dry-run"])?;
    assert!(dry.answer().starts_with("would link /home/tim/"), "{}", dry.said());
    assert_eq!((dry.code(), tree.listing()?), (Some(0), before));
    let ran = run(&tree, &["web"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    is_shipped(&tree, "web.service")?;
    assert_eq!(fs::read_to_string(tree.path(PLACE).join("web.service.backup"))?, "edited");
    second_run_does_nothing(&tree)
}

#[test]
fn missing_dangling_and_old_links_and_copies_are_put_back_without_a_copy() -> Outcome {
    for target in [None, Some("/nix/store/gone"), Some("web.service"), Some(HOME)] {
        let tree = tree()?;
        fs::remove_file(tree.path(PLACE).join("web.service"))?;
        if let Some(target) = target {
            symlink(target, tree.path(PLACE).join("web.service"))?;
        }
        assert_eq!(run(&tree, &[])?.code(), Some(0), "{target:?}");
        is_shipped(&tree, "web.service")?;
        assert_eq!(fs::read_dir(tree.path(PLACE))?.count(), 2);
        second_run_does_nothing(&tree)?;
    }
    // The whole folder.
    let tree = tree()?;
    fs::remove_dir_all(tree.path("home/tim/.config"))?;
    assert_eq!(run(&tree, &[])?.code(), Some(0));
    is_shipped(&tree, "web.service")?;
    is_shipped(&tree, "db.service")?;
    second_run_does_nothing(&tree)
}

#[test]
fn only_the_named_unit_is_put_back() -> Outcome {
    let tree = tree()?;
    for unit in ["web.service", "db.service"] {
        fs::remove_file(tree.path(PLACE).join(unit))?;
    }
    assert_eq!(run(&tree, &["db.service"])?.code(), Some(0));
    is_shipped(&tree, "db.service")?;
    assert!(!tree.path(PLACE).join("web.service").exists());
    Ok(())
}

#[test]
fn masks_folders_and_linked_parents_are_left_byte_for_byte() -> Outcome {
    let spoils: [fn(&Tree) -> Outcome; 4] = [
        |tree| Ok(symlink("/dev/null", tree.path(PLACE).join("web.service"))?),
        |tree| Ok(fs::create_dir(tree.path(PLACE).join("web.service"))?),
        |tree| {
            fs::rename(tree.path("home/tim/.config/systemd"), tree.path("home/tim/elsewhere"))?;
            Ok(symlink("../elsewhere", tree.path("home/tim/.config/systemd"))?)
        },
        |tree| {
            fs::remove_file(tree.path("home/tim/.local/state/nix/profiles/home-manager"))?;
            Ok(symlink("/nix/store/gone", tree.path("home/tim/.local/state/nix/profiles/home-manager"))?)
        },
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let tree = tree()?;
        fs::remove_file(tree.path(PLACE).join("web.service"))?;
        spoil(&tree)?;
        let before = tree.listing()?;
        let ran = run(&tree, &[])?;
        assert_eq!(ran.code(), Some(if number == 3 { 78 } else { 1 }), "{number}: {}", ran.said());
        assert_eq!(tree.listing()?, before, "{number}");
    }
    Ok(())
}

/// In an activation the pointers still say the generation before.
#[test]
fn a_named_generation_counts_whatever_the_pointers_say() -> Outcome {
    let other = "/nix/store/00000000000000000000000000000004-home-manager-generation";
    let tree = tree()?;
    link(&tree, &format!("{other}/home-files"), FILES)?;
    fs::remove_file(tree.path("home/tim/.local/state/nix/profiles/home-manager"))?;
    link(&tree, "home/tim/.local/state/nix/profiles/home-manager", "/nix/store/gone")?;
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    assert_eq!(run(&tree, &[])?.code(), Some(78));
    assert_eq!(run(&tree, &["--generation", other])?.code(), Some(0));
    is_shipped(&tree, "web.service")?;
    // What is no generation, or lies where it can be changed, is none.
    fs::create_dir_all(tree.path("home/tim/generation/home-files"))?;
    for bad in ["/home/tim/generation", "/nix/store/gone", "/etc/passwd"] {
        assert_eq!(run(&tree, &["--generation", bad])?.code(), Some(78), "{bad}");
    }
    assert_eq!(run(&tree, &["--generation", "home"])?.code(), Some(2));
    assert_eq!(program().run_on(&tree, &["--system", "--generation", other])?.code(), Some(2));
    Ok(())
}

#[test]
fn a_link_that_a_killed_run_left_is_no_obstacle() -> Outcome {
    let tree = tree()?;
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    symlink("/half", tree.path(PLACE).join(".fix-unit-provenance.link"))?;
    assert_eq!(run(&tree, &[])?.code(), Some(0));
    is_shipped(&tree, "web.service")?;
    assert_eq!(fs::read_dir(tree.path(PLACE))?.count(), 2);
    Ok(())
}

#[test]
fn a_foreign_drop_in_is_removed_when_named_and_kept_aside() -> Outcome {
    let tree = tree()?;
    let drop_in = "home/tim/.config/systemd/user/service.d/x.conf";
    tree.write(drop_in, "[Service]\nNice=5\n")?;
    assert_eq!(run(&tree, &[])?.code(), Some(1));
    let ran = run(&tree, &["--remove-foreign", &format!("/{drop_in}"), "--backup-dir", "/home/tim/kept"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(!tree.path(drop_in).exists());
    assert_eq!(fs::read_to_string(tree.path("home/tim/kept/x.conf.backup"))?, "[Service]\nNice=5\n");
    second_run_does_nothing(&tree)
}

#[test]
fn a_file_of_several_names_is_put_back_once() -> Outcome {
    let tree = tree()?;
    let shipped = format!("{FILES}/.config/systemd/user");
    tree.write(
        &format!("{}/a@.service", shipped.trim_start_matches('/')),
        "[Service]\nExecStart=/bin/true\n",
    )?;
    let instance = "default.target.wants/a@1.service";
    link(&tree, &format!("{shipped}/{instance}"), &format!("{shipped}/a@.service"))?;
    link(&tree, &format!("{PLACE}/{instance}"), &format!("{shipped}/{instance}"))?;
    for (unit, arguments) in
        [("web.service", &["web", "web.service"][..]), ("a@.service", &[]), ("a@.service", &["a@1", "a@2"])]
    {
        let _ = fs::remove_file(tree.path(PLACE).join(unit));
        tree.write(&format!("{PLACE}/{unit}"), "edited")?;
        let ran = run(&tree, &[arguments, &["--json"]].concat())?;
        assert_eq!(ran.code(), Some(0), "{arguments:?}: {}", ran.said());
        assert_eq!(ran.json()?["steps"].as_array().map(Vec::len), Some(1), "{}", ran.said());
        is_shipped(&tree, unit)?;
    }
    second_run_does_nothing(&tree)
}

#[test]
fn a_foreign_drop_in_that_is_a_link_is_kept_as_the_link() -> Outcome {
    let tree = tree()?;
    let old = "/nix/store/00000000000000000000000000000009-home-manager-files/x.conf";
    tree.write(old.trim_start_matches('/'), "[Service]\nNice=5\n")?;
    for copy in ["x.conf.backup", "x.conf.backup.1"] {
        link(&tree, &format!("{PLACE}/web.service.d/x.conf"), old)?;
        let ran = run(&tree, &["--remove-foreign", &format!("/{PLACE}/web.service.d/x.conf")])?;
        assert_eq!(ran.code(), Some(0), "{}", ran.said());
        assert_eq!(fs::read_link(tree.path(PLACE).join("web.service.d").join(copy))?, Path::new(old));
        assert!(fs::symlink_metadata(tree.path(PLACE).join("web.service.d/x.conf")).is_err());
        second_run_does_nothing(&tree)?;
    }
    Ok(())
}

#[test]
fn root_keeps_a_users_file_where_only_root_may_write() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = tree()?;
    tree.write("etc/passwd", "tim:x:1000:100::/home/tim:/bin/sh\n")?;
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    tree.write(&format!("{PLACE}/web.service"), "edited")?;
    tree.folder("var/backups")?;
    fs::set_permissions(tree.root(), Permissions::from_mode(0o755))?;
    for line in tree.listing()? {
        let path = line.split(' ').next().unwrap_or_default();
        if path.contains("/home/tim") {
            lchown(path, Some(1000), Some(100))?;
        }
    }
    let ran = run(&tree, &["--backup-dir", "/var/backups/units"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert_eq!(fs::read_to_string(tree.path("var/backups/units/web.service.backup"))?, "edited");
    assert_eq!(fs::metadata(tree.path("var/backups/units/web.service.backup"))?.uid(), 0);
    is_shipped(&tree, "web.service")?;
    assert_eq!(fs::symlink_metadata(tree.path(PLACE).join("web.service"))?.uid(), 1000);
    second_run_does_nothing(&tree)
}

#[test]
fn a_step_that_fails_keeps_none_of_the_others_from_being_taken() -> Outcome {
    let tree = tree()?;
    // No unit file is so long, and no copy of it is made.
    let long = "aaa.service";
    let shipped = format!("{FILES}/.config/systemd/user/{long}");
    tree.write(shipped.trim_start_matches('/'), "[Service]\nExecStart=/bin/true\n")?;
    tree.write(&format!("{PLACE}/{long}"), "edited")?;
    File::options().write(true).open(tree.path(PLACE).join(long))?.set_len(2 << 20)?;
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    let ran = run(&tree, &["--json"])?;
    let answer = ran.json()?;
    assert_eq!((ran.code(), &answer["error"]), (Some(1), &serde_json::Value::Null), "{answer:#}");
    let told: Vec<_> = answer["findings"].as_array().into_iter().flatten().map(|one| &one["id"]).collect();
    assert_eq!(told, ["unit-file"], "{answer:#}");
    assert!(
        answer["findings"][0]["text"].as_str().is_some_and(|text| text.contains("more than 1048576 bytes"))
    );
    is_shipped(&tree, "web.service")?;
    assert_eq!(fs::metadata(tree.path(PLACE).join(long))?.len(), 2 << 20);
    // It fails as often as it is tried, and what is in order is not written.
    let before = tree.listing()?;
    assert_eq!(run(&tree, &[])?.code(), Some(1));
    assert_eq!(tree.listing()?.len(), before.len());
    Ok(())
}

/// Runs for two users, and for the system, may write to the same folder.
#[test]
fn only_one_run_at_a_time_writes_what_nixos_ships() -> Outcome {
    let tree = tree()?;
    let system = "/nix/store/00000000000000000000000000000005-nixos-system";
    let shipped = format!("{system}/etc/systemd/user/sys.service");
    tree.write(shipped.trim_start_matches('/'), "[Service]\nExecStart=/bin/true\n")?;
    link(&tree, "run/current-system", system)?;
    tree.folder("etc/systemd/user")?;
    tree.folder("run/mendutils")?;
    let lock = File::create(tree.path("run/mendutils/fix-unit-provenance.lock"))?;
    lock.try_lock()?;
    // What is in the home directory is no concern of theirs.
    fs::remove_file(tree.path(PLACE).join("web.service"))?;
    assert_eq!(run(&tree, &["web"])?.code(), Some(0));
    if lacks_root() {
        return Ok(());
    }
    assert_eq!(run(&tree, &[])?.code(), Some(75));
    drop(lock);
    assert_eq!(run(&tree, &[])?.code(), Some(0));
    assert_eq!(fs::read_link(tree.path("etc/systemd/user/sys.service"))?, Path::new(&shipped));
    second_run_does_nothing(&tree)
}

#[test]
fn names_of_any_kind_and_length_are_put_back_and_kept() -> Outcome {
    let tree = tree()?;
    let long = format!("{}.service", "x".repeat(247));
    for unit in [long.as_str(), "esc\\x2da.service", "a@b:c_d.service"] {
        let shipped = format!("{FILES}/.config/systemd/user/{unit}");
        tree.write(shipped.trim_start_matches('/'), "[Service]\nExecStart=/bin/true\n")?;
        tree.write(&format!("{PLACE}/{unit}"), "edited")?;
    }
    // No names of systemd's, and so nothing to it.
    for other in ["a b.service", "new\nline.service", "\u{1b}[31m.service"] {
        tree.write(&format!("{PLACE}/{other}"), "own")?;
    }
    let ran = run(&tree, &[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    for unit in [long.as_str(), "esc\\x2da.service", "a@b:c_d.service"] {
        is_shipped(&tree, unit)?;
    }
    let kept = long.get(..248).ok_or("too short")?;
    assert_eq!(fs::read_to_string(tree.path(PLACE).join(format!("{kept}.backup")))?, "edited");
    assert_eq!(fs::read_to_string(tree.path(PLACE).join("new\nline.service"))?, "own");
    second_run_does_nothing(&tree)
}
