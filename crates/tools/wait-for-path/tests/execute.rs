//! The command after `--`: it has everything as if it had been executed without this program.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use testbed::{Outcome, Program, Ran, Tree};

fn waits(arguments: &[&str]) -> Command {
    let mut command = Program::new(env!("CARGO_BIN_EXE_wait-for-path")).command();
    command.args(arguments);
    command
}

fn ran(command: &mut Command) -> Result<Ran, Box<dyn std::error::Error>> {
    Ok(Ran(command.output()?))
}

#[test]
fn it_has_the_arguments_the_environment_and_the_folder_and_its_exit_code_counts() -> Outcome {
    let tree = Tree::new()?;
    let script = "printf '<%s>' \"$0\" \"$@\"; env | sort | tr '\\n' ';'; pwd -P; exit 42";
    let sh = ["/", "--", "/bin/sh", "-c", script, "name", "", "a b", "--timeout", "*", "--"];
    let mut command = waits(&sh);
    command.env("ONE", "1").env("PATH", "/usr/bin:/bin").env("MORE", "a\nb").current_dir(tree.root());
    let through = ran(&mut command)?;
    assert_eq!(through.code(), Some(42), "{}", through.said());
    let mut direct = Command::new("/bin/sh");
    direct.args(&sh[3..]).env_clear();
    direct.env("ONE", "1").env("PATH", "/usr/bin:/bin").env("MORE", "a\nb").current_dir(tree.root());
    assert_eq!(through.answer(), ran(&mut direct)?.answer());
    assert!(through.answer().starts_with("<name><><a b><--timeout><*><-->"), "{}", through.answer());
    assert!(through.0.stderr.is_empty());
    Ok(())
}

#[test]
fn it_is_the_same_process_and_inherits_what_is_open() -> Outcome {
    let tree = Tree::new()?;
    tree.write("file", "what is in it")?;
    let file = fs::File::open(tree.path("file"))?;
    let number = file.as_raw_fd();
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()))?;
    let script = format!("echo $$; ls /dev/fd | grep -c .; cat <&{number}");
    let direct = ran(Command::new("/bin/sh").args(["-c", &script]))?;
    let child = waits(&["/", "--", "/bin/sh", "-c", &script])
        .env("PATH", "/usr/bin:/bin")
        .stdout(Stdio::piped())
        .spawn()?;
    let pid = child.id().to_string();
    let answer = String::from_utf8(child.wait_with_output()?.stdout)?;
    let mut lines = answer.lines();
    assert_eq!(lines.next(), Some(pid.as_str()));
    assert_eq!(lines.next(), direct.answer().lines().nth(1), "as many descriptors");
    // The offset is shared, and the first of the two has read to the end.
    assert!(direct.answer().ends_with("what is in it"));
    assert_eq!(lines.next(), None);
    Ok(())
}

/// `SigBlk` and `SigIgn` of what is executed, after a parent that blocks and ignores.
#[cfg(target_os = "linux")]
#[test]
fn it_has_the_blocked_and_ignored_signals_of_the_caller() -> Outcome {
    let grep = ["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"];
    let through: Vec<&str> = ["/", "--"].iter().chain(&grep).copied().collect();
    for is_ignored in [false, true] {
        let prepare = move || {
            let handler = if is_ignored { SigHandler::SigIgn } else { SigHandler::SigDfl };
            for one in [Signal::SIGPIPE, Signal::SIGUSR1] {
                // SAFETY: neither is a function.
                #[expect(unsafe_code, reason = "before execve")]
                unsafe { signal(one, handler) }?;
            }
            let blocked: SigSet = [Signal::SIGUSR2, Signal::SIGTERM].into_iter().collect();
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
            Ok(())
        };
        let mut commands = [waits(&through), Command::new(grep[0])];
        commands[1].args(&grep[1..]);
        let mut answers = Vec::new();
        for command in &mut commands {
            // SAFETY: it makes system calls only, which is all that may be done between fork and execve.
            #[expect(unsafe_code, reason = "between fork and execve")]
            unsafe {
                command.pre_exec(prepare);
            }
            answers.push(ran(command)?.answer());
        }
        assert_eq!(answers[0], answers[1], "SIGPIPE ignored: {is_ignored}");
        let pipe = u64::from_str_radix(answers[0].trim().rsplit('\t').next().unwrap_or_default(), 16)?;
        assert_eq!(pipe & 0x1000 != 0, is_ignored, "{answers:?}");
    }
    Ok(())
}

#[test]
fn a_name_without_a_slash_is_looked_for_in_path() -> Outcome {
    let tree = Tree::new()?;
    for (path, text, mode) in
        [("one/app", "#!/bin/sh\necho one", 0o644), ("two/app", "#!/bin/sh\necho two", 0o755)]
    {
        tree.write(path, text)?;
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode))?;
    }
    let folders = format!("{0}/none:{0}/one:{0}/two", tree.root().display());
    let found = ran(waits(&["/", "--", "app"]).env("PATH", &folders))?;
    // The first one may not be executed, and the search goes on.
    assert_eq!((found.code(), found.said().as_str()), (Some(0), "two\n"));
    let here = ran(waits(&["/", "--", "app"]).env("PATH", "").current_dir(tree.path("two")))?;
    assert_eq!(here.answer(), "two\n");
    let denied = ran(waits(&["/", "--", "app"]).env("PATH", tree.path("one")))?;
    assert_eq!(denied.code(), Some(77), "{}", denied.said());
    let absent = ran(waits(&["/", "--", "app"]).env("PATH", tree.path("none")))?;
    assert_eq!(absent.code(), Some(69), "{}", absent.said());
    assert!(absent.said().contains("\"app\": it is in no folder of PATH"), "{}", absent.said());
    assert_eq!(ran(waits(&["/", "--", "true"]).env_remove("PATH"))?.code(), Some(0));
    Ok(())
}

#[test]
fn what_cannot_be_executed_is_named_with_its_exit_code() -> Outcome {
    let tree = Tree::new()?;
    for (path, text) in [("bare", "echo no shell"), ("loader", "#!/no/such/loader\n"), ("plain", "")] {
        tree.write(path, text)?;
        let mode = if path == "plain" { 0o644 } else { 0o755 };
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode))?;
    }
    for (path, code, words) in [
        ("gone", 69, "it is not there"),
        ("loader", 69, "what interprets or loads it is not there"),
        ("plain", 77, "it may not be executed"),
        ("", 77, "it may not be executed"),
        ("bare", 78, "a script begins with #!"),
    ] {
        let program = tree.path(path);
        let ran = ran(waits(&["/", "--"]).arg(&program).stdout(Stdio::piped()))?;
        assert_eq!(ran.code(), Some(code), "{path}: {}", ran.said());
        assert!(ran.said().contains(words) && ran.said().lines().count() == 1, "{}", ran.said());
        assert!(ran.said().contains(&*program.to_string_lossy()), "{}", ran.said());
    }
    Ok(())
}

#[test]
fn it_is_executed_only_when_the_paths_are_there() -> Outcome {
    let tree = Tree::new()?;
    let mark = tree.path("mark");
    let late = tree.path("late/app");
    let mut command = waits(&["--timeout", "60"]);
    command.arg(&late).arg("--").arg(&late).arg(&mark).stderr(Stdio::null());
    let mut child = command.spawn()?;
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(child.try_wait()?.is_none() && !mark.exists());
    // The program itself is what comes late.
    tree.write("new/app", "#!/bin/sh\n: >\"$1\"\n")?;
    fs::set_permissions(tree.path("new/app"), fs::Permissions::from_mode(0o755))?;
    fs::rename(tree.path("new"), tree.path("late"))?;
    assert_eq!(child.wait()?.code(), Some(0));
    assert!(mark.exists());
    Ok(())
}
