//! The real binary: arguments, words, exit codes, and that it sleeps.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testbed::{Outcome, Program, Ran, Tree};

/// Sooner than the look that is taken without an event.
const SOON: Duration = Duration::from_secs(10);

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_wait-for-path"))
}

/// A run that goes on.
struct Waiting(Child);

impl Waiting {
    /// On a tree, once it has said that it waits.
    fn on(tree: &Tree, arguments: &[&str]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut command = program().command();
        command.arg("--root").arg(tree.root()).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut first = [0; 1];
        child.stderr.as_mut().ok_or("no standard error")?.read_exact(&mut first)?;
        // What it says first is one line, written at once.
        thread::sleep(Duration::from_millis(50));
        Ok(Self(child))
    }

    fn pid(&self) -> Result<Pid, Box<dyn std::error::Error>> {
        Ok(Pid::from_raw(self.0.id().try_into()?))
    }

    /// How it ended, and what it said but for the first letter.
    fn ends(self) -> Result<Output, Box<dyn std::error::Error>> {
        let started = Instant::now();
        let output = self.0.wait_with_output()?;
        assert!(started.elapsed() < SOON, "{output:?}");
        Ok(output)
    }
}

#[test]
fn bad_arguments_are_wrong_usage() -> Outcome {
    let table: &[&[&str]] = &[
        &[],
        &["relative"],
        &["./relative"],
        &[""],
        &["/", "--"],
        &["--timeout", "-1", "/"],
        &["--timeout", "soon", "/"],
        &["--timeout", "", "/"],
        &["--mounted", "/"],
        &["--", "true"],
    ];
    for arguments in table {
        let ran = program().run(arguments)?;
        let expected = if *arguments == ["/", "--"] { 0 } else { 2 };
        assert_eq!(ran.code(), Some(expected), "{arguments:?}: {}", ran.said());
        assert!(ran.answer().is_empty(), "{arguments:?}");
    }
    assert!(program().run(&["nix/store"])?.said().contains("the path is not absolute"));
    Ok(())
}

#[test]
fn what_is_there_costs_not_a_word() -> Outcome {
    let tree = Tree::new()?;
    tree.write("a/b", "")?;
    let ran = program().run_on(&tree, &["/a/b", "/a", "/"])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    let path = tree.path("a/b");
    assert_eq!(program().run(&[&path.to_string_lossy(), "--timeout", "infinity"])?.code(), Some(0));
    let ran = program().run_on(&tree, &["-v", "/a/b"])?;
    assert_eq!(ran.said(), "wait-for-path: /a/b is there\n");
    Ok(())
}

#[test]
fn at_the_deadline_each_path_is_told_with_the_component_from_which_on_it_is_missing() -> Outcome {
    let tree = Tree::new()?;
    tree.write("nix/file", "")?;
    let started = Instant::now();
    let ran = program().run_on(&tree, &["--timeout", "1", "/nix/store/x", "/nix", "/nix/file/x"])?;
    assert!(started.elapsed() >= Duration::from_secs(1) && started.elapsed() < SOON);
    assert_eq!((ran.code(), ran.answer().as_str()), (Some(4), ""));
    let lines: Vec<String> = ran.said().lines().map(str::to_owned).collect();
    let missing = "/nix/store/x is missing from /nix/store on";
    let no_folder = "/nix/file/x is missing: /nix/file is no folder";
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0], format!("wait-for-path: waiting 1 s at most: {missing}; {no_folder}"));
    assert!(lines[1].starts_with(&format!("wait-for-path: {missing}, after 1.")), "{lines:?}");
    assert!(lines[2].starts_with(&format!("wait-for-path: {no_folder}, after 1.")), "{lines:?}");
    Ok(())
}

#[test]
fn a_timeout_of_0_looks_once() -> Outcome {
    let tree = Tree::new()?;
    let ran = program().run_on(&tree, &["--timeout", "0", "/x", "--", "/bin/echo", "no"])?;
    assert_eq!((ran.code(), ran.said().lines().count()), (Some(4), 1), "{}", ran.said());
    Ok(())
}

#[test]
fn it_says_what_it_waits_for_and_how_long_it_took_and_nothing_in_between() -> Outcome {
    let tree = Tree::new()?;
    let waiting = Waiting::on(&tree, &["/a/b/c"])?;
    tree.folder("a/b")?;
    thread::sleep(Duration::from_millis(100));
    tree.folder("a/b/c")?;
    let output = waiting.ends()?;
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr)?;
    let (start, end) = said.split_once('\n').ok_or("no line")?;
    assert_eq!(start, "ait-for-path: waiting 300 s at most: /a/b/c is missing from /a on");
    assert!(end.starts_with("wait-for-path: /a/b/c is there after 0."), "{end}");
    assert_eq!(end.lines().count(), 1, "{end}");
    Ok(())
}

#[test]
fn quiet_leaves_only_the_failure() -> Outcome {
    let tree = Tree::new()?;
    let ran = program().run_on(&tree, &["--quiet", "--timeout", "1", "/x"])?;
    assert_eq!((ran.code(), ran.said().lines().count()), (Some(4), 1), "{}", ran.said());
    Ok(())
}

#[test]
fn infinity_is_waited_for_without_an_end() -> Outcome {
    let tree = Tree::new()?;
    let waiting = Waiting::on(&tree, &["--timeout", "infinity", "/y"])?;
    tree.write("y", "")?;
    let output = waiting.ends()?;
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr)?;
    assert!(said.starts_with("ait-for-path: waiting without an end: /y is missing"), "{said}");
    Ok(())
}

#[test]
fn in_the_journal_its_lines_have_levels_and_no_name() -> Outcome {
    let tree = Tree::new()?;
    let journal = fs::File::create(tree.path("journal"))?;
    let about = journal.metadata()?;
    let mut command = program().command();
    command.arg("--root").arg(tree.root()).args(["--timeout", "1", "/x"]).stderr(journal);
    let status = command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino())).status()?;
    assert_eq!(status.code(), Some(4));
    let said = fs::read_to_string(tree.path("journal"))?;
    let levels: Vec<&str> = said.lines().filter_map(|line| line.get(..5)).collect();
    assert_eq!(levels, ["<6>wa", "<3>/x"], "{said}");
    Ok(())
}

#[test]
fn json_is_one_object_and_no_word_besides() -> Outcome {
    let tree = Tree::new()?;
    tree.folder("a")?;
    let ran = program().run_on(&tree, &["--json", "--timeout", "1", "/a", "/a/b"])?;
    assert!(ran.0.stderr.is_empty());
    let object = ran.json()?;
    assert_eq!((&object["status"], &object["exit"]), (&"undecided".into(), &4.into()));
    let finding = &object["findings"][0];
    assert_eq!((&finding["id"], &finding["subject"]), (&"path".into(), &"/a/b".into()));
    assert_eq!((&finding["expected"], &finding["actual"]), (&"there".into(), &"missing from /a/b on".into()));
    let object = program().run_on(&tree, &["--json", "/a"])?.json()?;
    assert_eq!((&object["status"], &object["findings"][0]["status"]), (&"ok".into(), &"ok".into()));
    let object = program().run_on(&tree, &["--json", "/", "--", "/no/such/program"])?.json()?;
    assert_eq!((&object["status"], &object["exit"]), (&"unavailable".into(), &69.into()));
    let ran = program().run_on(&tree, &["--json", "/", "--", "/bin/echo", "its own"])?;
    assert_eq!(ran.answer(), "its own\n", "standard output is the command's");
    Ok(())
}

#[test]
fn a_bare_folder_is_not_mounted() -> Outcome {
    let tree = Tree::new()?;
    tree.folder("nix/store")?;
    let ran = program().run_on(&tree, &["--mounted", "--timeout", "0", "/nix/store"])?;
    assert_eq!(ran.code(), Some(4));
    assert!(ran.said().contains("/nix/store is there, but not on a mount of its own"), "{}", ran.said());
    assert!(ran.said().contains("hint: df "), "{}", ran.said());
    if cfg!(target_os = "linux") {
        assert_eq!(program().run(&["--mounted", "/proc/self/status", "--timeout", "0"])?.code(), Some(0));
    }
    Ok(())
}

#[test]
fn what_cannot_be_looked_at_is_an_error_at_once() -> Outcome {
    let tree = Tree::new()?;
    std::os::unix::fs::symlink("loop", tree.path("loop"))?;
    let long = format!("/{}", "x".repeat(300));
    for path in ["/loop", "/loop/x", &long] {
        let ran = program().run_on(&tree, &[path])?;
        assert_eq!((ran.code(), ran.said().lines().count()), (Some(78), 1), "{}", ran.said());
        assert!(ran.said().contains("looking at"), "{}", ran.said());
    }
    Ok(())
}

#[test]
fn a_folder_that_may_not_be_searched_is_no_permission_at_once() -> Outcome {
    if testbed::lacks_root() {
        return Ok(());
    }
    let folder = as_somebody()?;
    mode(&folder.path("secret"), 0o700)?;
    let path = folder.path("secret/deeper/x");
    let output = somebodys(&folder).arg(&path).output()?;
    let ran = Ran(output);
    assert_eq!(ran.code(), Some(77), "{}", ran.said());
    assert!(ran.said().contains("secret/deeper: Permission denied"), "{}", ran.said());
    Ok(())
}

/// Whose limits nobody else uses: a user has 128 instances of inotify, and those of root are the host's.
const SOMEBODY: u32 = 54_321;

/// A folder that everybody may read, with a copy of the program.
fn as_somebody() -> Result<Tree, Box<dyn std::error::Error>> {
    let tree = Tree::new()?;
    fs::copy(program().command().get_program(), tree.path("program"))?;
    mode(tree.root(), 0o755)?;
    tree.folder("secret")?;
    Ok(tree)
}

fn somebodys(tree: &Tree) -> std::process::Command {
    let mut command = std::process::Command::new(tree.path("program"));
    command.uid(SOMEBODY).gid(SOMEBODY).env_clear();
    command
}

fn mode(path: &Path, mode: u32) -> Outcome {
    Ok(fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?)
}

/// More waits than a user may have instances of inotify: those that get none look every second.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_waits_at_once_all_end_with_and_without_inotify() -> Outcome {
    const WAITS: usize = 1000;
    if testbed::lacks_root() {
        return Ok(());
    }
    let tree = as_somebody()?;
    let path = tree.path("a/b");
    let mut waits = Vec::new();
    for _ in 0..WAITS {
        let mut command = somebodys(&tree);
        waits.push(command.arg("--quiet").arg(&path).stdin(Stdio::null()).spawn()?);
    }
    let listens = |child: &Child| {
        let open = fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
        let open: Vec<_> = open.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
        let has = |what: &str| open.iter().any(|link| link.to_string_lossy().contains(what));
        has("mountinfo").then(|| has("inotify"))
    };
    let deadline = Instant::now() + SOON;
    while waits.iter().any(|child| listens(child).is_none()) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(200));
    let with = waits.iter().filter(|child| listens(child) == Some(true)).count();
    let most: usize = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances")?.trim().parse()?;
    tree.folder("a/b")?;
    let made = Instant::now();
    for child in &mut waits {
        assert_eq!(child.wait()?.code(), Some(0));
    }
    assert!(made.elapsed() < SOON, "{:?} until the last had seen it", made.elapsed());
    // Both kinds were there, unless the limit is larger.
    assert!(with > 0 && with <= WAITS.min(most), "{with} had inotify, of {most} that a user may have");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn while_nothing_happens_it_does_not_wake_up() -> Outcome {
    let tree = Tree::new()?;
    tree.folder("a")?;
    for arguments in [&["/a/b/c", "/x"][..], &["--mounted", "--timeout", "infinity", "/a"]] {
        let waiting = Waiting::on(&tree, arguments)?;
        let status = || fs::read_to_string(format!("/proc/{}/status", waiting.0.id()));
        let switches = |status: &str| {
            let of_both = status.lines().filter(|line| line.contains("ctxt_switches"));
            of_both.map(str::to_owned).collect::<Vec<_>>()
        };
        let before = status()?;
        assert!(before.contains("State:\tS"), "{before}");
        thread::sleep(Duration::from_secs(4));
        assert_eq!(switches(&status()?), switches(&before), "{arguments:?}");
        assert_eq!(switches(&before).len(), 2);
        kill(waiting.pid()?, Signal::SIGKILL)?;
        waiting.ends()?;
    }
    Ok(())
}

#[test]
fn a_signal_ends_a_wait_as_it_ends_any_program() -> Outcome {
    let tree = Tree::new()?;
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let waiting = Waiting::on(&tree, &["/x", "--", "/bin/echo", "no"])?;
        kill(waiting.pid()?, signal)?;
        let output = waiting.ends()?;
        assert_eq!(output.status.signal(), Some(signal as i32), "{output:?}");
        assert!(output.stdout.is_empty());
    }
    Ok(())
}
