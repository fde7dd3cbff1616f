//! The real program: usage, exit codes, JSON, and trees in the shapes of broken hosts. What runs is not asked about a
//! tree, so units and logind are skips here.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

const POINT: &str = "/mnt/wslg/run/user";

/// The built program, or the one in the folder that `MENDUTILS_BIN` names.
fn program() -> Command {
    let built = env!("CARGO_BIN_EXE_check-user-session");
    let path = std::env::var_os("MENDUTILS_BIN")
        .map_or_else(|| Path::new(built).to_owned(), |folder| Path::new(&folder).join("check-user-session"));
    let mut command = Command::new(path);
    command.env_clear();
    command
}

fn own() -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").map(|about| (about.uid(), about.gid())).unwrap_or_default()
}

/// `/run/user` of the tree has to be root's. Says so where this user cannot make it that, and fails then where
/// `MENDUTILS_STRICT` is 1.
fn lacks_root() -> bool {
    let lacks = own().0 != 0;
    let strict = std::env::var_os("MENDUTILS_STRICT").is_some_and(|value| value == "1");
    assert!(!(lacks && strict), "skipped: needs root");
    if lacks {
        let _ = writeln!(std::io::stderr(), "skipped: needs root");
    }
    lacks
}

/// A WSL host on NixOS where the caller lingers, with a runtime directory in order and a bus that answers.
struct Tree {
    directory: TempDir,
    bus: UnixListener,
    _private: UnixListener,
}

impl Tree {
    fn new() -> Result<Self, Box<dyn Error>> {
        let directory = tempfile::tempdir()?;
        let (uid, gid) = own();
        let root = directory.path().to_owned();
        let place = root.join(format!("run/user/{uid}"));
        fs::create_dir_all(place.join("systemd"))?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700))?;
        fs::set_permissions(root.join("run/user"), fs::Permissions::from_mode(0o755))?;
        let bus = UnixListener::bind(place.join("bus"))?;
        let private = UnixListener::bind(place.join("systemd/private"))?;
        let tree = Self { directory, bus, _private: private };
        tree.write("etc/passwd", &format!("tim:x:{uid}:{gid}::/home/tim:/bin/sh\n"))?;
        tree.write("etc/NIXOS", "")?;
        tree.write("run/systemd/system/keep", "")?;
        tree.write("run/systemd/container", "wsl\n")?;
        tree.write("bin/login", "")?;
        tree.write("usr/lib/systemd/user/dbus.socket", "[Socket]\n")?;
        tree.write("var/lib/systemd/linger/tim", "")?;
        tree.write(
            "proc/self/mountinfo",
            &format!(
                "1 0 0:1 / / rw - ext4 /dev/sdc rw\n2 1 0:2 / /run rw shared:1 - tmpfs none rw\n\
                 3 2 0:3 / /run/user/{uid} rw,nosuid,nodev - tmpfs tmpfs rw,size=1k,nr_inodes=1\n"
            ),
        )?;
        for process in ["self", "1"] {
            fs::create_dir_all(root.join(format!("proc/{process}/ns")))?;
            symlink("mnt:[1]", root.join(format!("proc/{process}/ns/mnt")))?;
        }
        Ok(tree)
    }

    fn write(&self, path: &str, text: &str) -> Outcome {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        Ok(fs::write(path, text)?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let uid = own().0;
        let mut command = program();
        command.env("XDG_RUNTIME_DIR", format!("/run/user/{uid}"));
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path=/run/user/{uid}/bus"));
        command.arg("--root").arg(self.directory.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(self.command(arguments).output()?)
    }

    /// Exit code and the findings that are not in order, as "status id shape".
    fn wrong(&self, arguments: &[&str]) -> Result<(Option<i32>, Vec<String>), Box<dyn Error>> {
        let output = self.command(arguments).arg("--json").output()?;
        let object: Value = serde_json::from_slice(&output.stdout)?;
        let findings = object.get("findings").and_then(Value::as_array).ok_or("no findings")?;
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let wrong =
            findings.iter().filter(|finding| finding["status"] == "fail" || finding["status"] == "warn");
        let told = wrong.map(|finding| {
            format!("{} {} {}", text(&finding["status"]), text(&finding["id"]), text(&finding["shape"]))
        });
        Ok((output.status.code(), told.collect()))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().arg("--help").output()?;
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout)?;
    for option in ["--wait", "--next", "--json", "--quiet", "[USER]"] {
        assert!(text.contains(option), "{option} is missing in {text}");
    }
    assert_eq!(program().arg("--version").output()?.stdout, b"check-user-session 0.1.0\n");
    Ok(())
}

#[test]
fn what_is_no_user_is_wrong_usage_and_an_unknown_name_78() -> Outcome {
    let tree = Tree::new()?;
    for bad in ["", "4294967295", "65535"] {
        assert_eq!(tree.run(&[bad])?.status.code(), Some(2), "{bad:?}");
    }
    assert_eq!(tree.run(&["nobody-here"])?.status.code(), Some(78));
    let unknown = tree.run(&["4242"])?;
    assert_eq!(unknown.status.code(), Some(0));
    assert!(said(&unknown).contains("skip  account  uid 4242 has no account"), "{}", said(&unknown));
    Ok(())
}

#[test]
fn a_tree_in_order_passes_and_nothing_is_written() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let listing = |tree: &Tree| -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(Command::new("find")
            .arg(tree.directory.path())
            .args(["-printf", "%p %m %s %T@\n"])
            .output()?
            .stdout)
    };
    let before = listing(&tree)?;
    let output = tree.run(&[])?;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("\nok    bus  "), "{}", said(&output));
    assert_eq!(tree.wrong(&["tim"])?, (Some(0), Vec::new()));
    assert_eq!(listing(&tree)?, before);
    Ok(())
}

#[test]
fn quiet_says_nothing_of_what_is_in_order() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    assert_eq!(said(&tree.run(&["--quiet"])?), "");
    Ok(())
}

#[test]
fn without_systemd_or_on_wsl_1_it_does_not_apply() -> Outcome {
    let tree = Tree::new()?;
    fs::remove_dir_all(tree.directory.path().join("run/systemd/system"))?;
    let output = tree.run(&[])?;
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("[RF19]"), "{}", said(&output));
    let tree = Tree::new()?;
    fs::remove_file(tree.directory.path().join("run/systemd/container"))?;
    tree.write("proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n")?;
    assert!(said(&tree.run(&[])?).contains("WSL 1 has no systemd"));
    Ok(())
}

#[test]
fn a_wrong_mode_and_a_stray_entry_are_told() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let uid = own().0;
    let place = tree.directory.path().join(format!("run/user/{uid}"));
    fs::set_permissions(place, fs::Permissions::from_mode(0o1777))?;
    tree.write("etc/fstab", &format!("tmpfs {POINT}/{uid} tmpfs defaults\n"))?;
    assert_eq!(
        tree.wrong(&[])?,
        (Some(1), vec!["fail runtime-dir-mode RF7".to_owned(), "warn fstab-stray RF1".to_owned()])
    );
    Ok(())
}

#[test]
fn a_left_overbus_is_nobus() -> Outcome {
    let mut tree = Tree::new()?;
    let spare = tree.directory.path().join("spare");
    tree.bus = UnixListener::bind(spare)?;
    assert_eq!(tree.wrong(&[])?, (Some(1), vec!["fail bus RF13".to_owned()]));
    Ok(())
}

#[test]
fn a_directory_that_is_a_link_is_told_and_not_followed() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let place = tree.directory.path().join(format!("run/user/{}", own().0));
    fs::rename(&place, tree.directory.path().join("elsewhere"))?;
    symlink(tree.directory.path().join("elsewhere"), &place)?;
    let (code, told) = tree.wrong(&[])?;
    assert_eq!((code, told.first().map(String::as_str)), (Some(1), Some("fail runtime-dir-type RF17")));
    Ok(())
}

#[test]
fn a_switch_that_drops_the_mount_is_warned_of_before() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let line = format!("tmpfs {POINT}/{} tmpfs defaults\n", own().0);
    tree.write("etc/fstab", &line)?;
    tree.write("nix/var/nix/profiles/system/etc/fstab", "")?;
    tree.write("next/etc/fstab", &line)?;
    let cause = "warn fstab-stray RF1".to_owned();
    assert_eq!(tree.wrong(&[])?, (Some(1), vec![cause.clone(), "fail next-system RF1".to_owned()]));
    assert_eq!(tree.wrong(&["--next", "/next"])?, (Some(0), vec![cause]));
    Ok(())
}

#[test]
fn a_stale_override_is_told_with_its_line() -> Outcome {
    let tree = Tree::new()?;
    tree.write(
        "etc/systemd/system/user-runtime-dir@.service.d/overrides.conf",
        "[Unit]\nConditionPathExists=!/run/user/%i\n",
    )?;
    let output = tree.run(&[])?;
    assert!(
        said(&output).contains("line 2 of /etc/systemd/system/user-runtime-dir@.service.d/overrides.conf")
    );
    Ok(())
}

#[test]
fn waiting_ends_when_it_is_good_or_the_time_is_up() -> Outcome {
    if lacks_root() {
        return Ok(());
    }
    let tree = Tree::new()?;
    let started = std::time::Instant::now();
    assert_eq!(tree.run(&["--wait", "30"])?.status.code(), Some(0));
    assert!(started.elapsed().as_secs() < 10);
    let place = tree.directory.path().join(format!("run/user/{}", own().0));
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
    let child = tree.command(&["--wait", "30"]).stdout(std::process::Stdio::piped()).spawn()?;
    std::thread::sleep(std::time::Duration::from_millis(300));
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700))?;
    assert_eq!(child.wait_with_output()?.status.code(), Some(0));
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
    assert_eq!(tree.run(&["--wait", "1"])?.status.code(), Some(1));
    Ok(())
}

#[test]
fn an_unreadable_mount_table_is_said_and_nothing_is_guessed() -> Outcome {
    let tree = Tree::new()?;
    tree.write("proc/self/mountinfo", "nonsense\n")?;
    let output = tree.run(&[])?;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("line 1"), "{}", said(&output));
    fs::remove_file(tree.directory.path().join("proc/self/mountinfo"))?;
    assert_eq!(tree.run(&[])?.status.code(), Some(69));
    Ok(())
}

#[test]
fn the_journal_of_systemd_gets_levels_and_no_colour() -> Outcome {
    let tree = Tree::new()?;
    tree.write("etc/fstab", &format!("tmpfs {POINT}/{} tmpfs defaults\n", own().0))?;
    let output = tree.run(&[])?;
    let text = String::from_utf8(output.stdout)?;
    assert!(!text.contains('\u{1b}'));
    assert!(
        text.lines().all(|line| ["ok    ", "warn  ", "fail  ", "skip  ", "      hint: "]
            .iter()
            .any(|start| line.starts_with(start))),
        "{text}"
    );
    Ok(())
}
