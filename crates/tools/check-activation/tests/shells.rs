//! What `--shell` prints, in real shells: bash, fish and zsh, at a terminal and without one.
//!
//! The paths of the lines are turned into those of a tree, and the program there runs the real one on the tree; all else is
//! as it is printed. script(1) gives the terminal.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use testbed::{Outcome, Program, Tree};

const SYSTEM: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
const LIBEXEC: &str = "usr/local/libexec/mendutils";
const STAMP: &str = "home/Library/Caches/mendutils-activation";
const WARNING: &str = "the system of the profile does not run: /run/current-system is missing [LF1]";

/// A shell, and the lines for it.
struct Shell {
    name: &'static str,
    path: PathBuf,
    /// What makes it read no file of the host.
    bare: &'static [&'static str],
}

/// All that the host has.
fn shells() -> Vec<Shell> {
    let all: [(&str, &[&str]); 3] =
        [("bash", &["--norc", "--noprofile"]), ("fish", &["-N"]), ("zsh", &["-f"])];
    let found =
        all.into_iter().filter_map(|(name, bare)| Some(Shell { name, path: testbed::find(name)?, bare }));
    if testbed::find("script").is_some() { found.collect() } else { Vec::new() }
}

/// A Mac with the lines in it.
struct Host {
    tree: Tree,
    environment: Vec<(&'static str, String)>,
}

impl Host {
    /// Without the link: the system did not come up.
    fn broken() -> Result<Self, Box<dyn Error>> {
        let tree = Tree::new()?;
        tree.write("System/Library/CoreServices/SystemVersion.plist", "")?;
        tree.write("proc/stat", "btime 1700000000\n")?;
        tree.write("proc/sys/kernel/random/boot_id", "first\n")?;
        tree.write(&format!("{SYSTEM}/systemConfig"), &format!("/{SYSTEM}"))?;
        for folder in ["private/var/run", "nix/var/nix/profiles", "home/Library/Caches", LIBEXEC] {
            tree.folder(folder)?;
        }
        // Both as a shell sees them, which knows of no tree, and as the program does.
        symlink(format!("../../../../{SYSTEM}"), tree.path("nix/var/nix/profiles/system"))?;
        symlink("private/var/run", tree.path("run"))?;
        let host = Self { tree, environment: Vec::new() };
        let real = env!("CARGO_BIN_EXE_check-activation");
        let root = host.tree.root().display().to_string();
        host.program(
            "check-activation",
            &format!("echo ran >>{root}/ran; exec {real} --root {root} \"$@\""),
        )?;
        host.program("recover-activation", "echo \"recovers: $*\"")?;
        Ok(host)
    }

    fn healthy() -> Result<Self, Box<dyn Error>> {
        let host = Self::broken()?;
        host.come_up()?;
        Ok(host)
    }

    fn come_up(&self) -> Outcome {
        Ok(symlink(format!("../../../{SYSTEM}"), self.tree.path("private/var/run/current-system"))?)
    }

    fn program(&self, name: &str, text: &str) -> Outcome {
        let path = format!("{LIBEXEC}/{name}");
        self.tree.write(&path, &format!("#!/bin/sh\n{text}\n"))?;
        Ok(fs::set_permissions(self.tree.path(path), fs::Permissions::from_mode(0o755))?)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// The file with the lines for a shell.
    fn lines(&self, shell: &Shell) -> Result<PathBuf, Box<dyn Error>> {
        let printed = Program::new(env!("CARGO_BIN_EXE_check-activation")).run(&["--shell", shell.name])?;
        assert_eq!(printed.code(), Some(0), "{}", printed.said());
        let mut text = printed.answer();
        for path in ["/run/current-system", "/nix/var/nix/profiles/system", "/usr/local/libexec/mendutils"] {
            assert!(text.contains(path), "no {path}");
            text = text.replace(path, &self.tree.path(path.trim_start_matches('/')).display().to_string());
        }
        let path = self.tree.path(format!("lines.{}", shell.name));
        fs::write(&path, text)?;
        Ok(path)
    }

    /// Has an interactive shell run commands after `LINES`, which stands for reading them, at a terminal.
    fn at_terminal(&self, shell: &Shell, commands: &str) -> Result<String, Box<dyn Error>> {
        let file = self.script(shell, commands)?;
        let words = [&[shell.path.to_str().ok_or("path")?], shell.bare, &["-i", "-c"]].concat().join(" ");
        let line = format!("{words} '. {}'", file.display());
        self.run(Command::new("/usr/bin/script").args(["-qec", &line, "/dev/null"]))
    }

    /// The same without a terminal.
    fn through_pipes(
        &self,
        shell: &Shell,
        is_interactive: bool,
        commands: &str,
    ) -> Result<String, Box<dyn Error>> {
        let file = self.script(shell, commands)?;
        let mut command = Command::new(&shell.path);
        command.args(shell.bare).args(is_interactive.then_some("-i"));
        self.run(command.arg("-c").arg(format!(". {}", file.display())))
    }

    fn script(&self, shell: &Shell, commands: &str) -> Result<PathBuf, Box<dyn Error>> {
        let lines = format!(". {}", self.lines(shell)?.display());
        let path = self.tree.path(format!("script.{}", shell.name));
        fs::write(&path, commands.replace("LINES", &lines) + "\n")?;
        Ok(path)
    }

    fn run(&self, command: &mut Command) -> Result<String, Box<dyn Error>> {
        command.env_clear().env("SHELL", "/bin/sh").env("TERM", "dumb").env("PATH", "/usr/bin:/bin");
        command.env("HOME", self.tree.path("home")).env("LC_ALL", "C.UTF-8");
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        let output = command.stdin(std::process::Stdio::null()).output()?;
        let said = [output.stdout, output.stderr].concat();
        // A bash without a terminal to control says so, whatever it reads.
        let noise = ["no job control in this shell", "cannot set terminal process group"];
        let said = String::from_utf8_lossy(&said).replace('\r', "");
        Ok(said
            .lines()
            .filter(|line| !noise.iter().any(|it| line.contains(it)))
            .fold(String::new(), |text, line| text + line + "\n"))
    }

    /// How often the program was run.
    fn runs(&self) -> usize {
        fs::read_to_string(self.tree.path("ran")).unwrap_or_default().lines().count()
    }
}

/// A case in every shell, each on a host of its own.
fn in_each(host: fn() -> Result<Host, Box<dyn Error>>, case: impl Fn(&Shell, Host) -> Outcome) -> Outcome {
    for shell in shells() {
        case(&shell, host()?).map_err(|error| format!("{}: {error}", shell.name))?;
    }
    Ok(())
}

#[test]
fn nothing_is_started_and_nothing_said_while_the_system_runs() -> Outcome {
    in_each(Host::healthy, |shell, host| {
        assert_eq!(host.at_terminal(shell, "LINES\necho alive")?, "alive\n", "{}", shell.name);
        assert_eq!(host.runs(), 0, "{}", shell.name);
        Ok(())
    })
}

#[test]
fn what_is_wrong_is_said_with_what_mends_it_once_a_boot() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let said = host.at_terminal(shell, "LINES\necho alive")?;
        let expected =
            format!("check-activation: {WARNING}\ncheck-activation: to mend it: nix-recover\nalive\n");
        assert_eq!(said, expected, "{}", shell.name);
        assert_eq!(fs::read_to_string(host.tree.path(STAMP))?, "first LF1\n");
        // The next window of the same boot.
        assert_eq!(host.at_terminal(shell, "LINES\necho alive")?, "alive\n", "{}", shell.name);
        host.tree.write("proc/sys/kernel/random/boot_id", "second\n")?;
        assert!(host.at_terminal(shell, "LINES")?.contains(WARNING), "{}", shell.name);
        assert_eq!(fs::read_to_string(host.tree.path(STAMP))?, "second LF1\n");
        assert_eq!(host.runs(), 3);
        Ok(())
    })
}

#[test]
fn stale_and_dangling_links_are_seen_too() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let link = host.tree.path("private/var/run/current-system");
        symlink("/nix/store/gone", &link)?;
        assert!(host.at_terminal(shell, "LINES")?.contains("[LF12]"), "{}", shell.name);
        fs::remove_file(&link)?;
        let other = "nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";
        host.tree.folder(other)?;
        // It is there for the shell too.
        symlink(format!("../../../{other}"), &link)?;
        assert!(link.is_dir());
        assert!(host.at_terminal(shell, "LINES")?.contains("[LF10]"), "{}", shell.name);
        Ok(())
    })
}

#[test]
fn what_a_shell_starts_does_not_ask_again() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let child = [&[shell.path.to_str().ok_or("path")?], shell.bare, &["-i", "-c"]].concat().join(" ");
        let said = host.at_terminal(shell, &format!("LINES\n{child} 'LINES; echo child'"))?;
        assert_eq!(said.matches(WARNING).count(), 1, "{}: {said}", shell.name);
        assert!(said.contains("child"), "{}: {said}", shell.name);
        assert_eq!(host.runs(), 1, "{}", shell.name);
        Ok(())
    })
}

#[test]
fn nobody_is_told_without_a_terminal_or_in_a_script() -> Outcome {
    in_each(Host::broken, |shell, host| {
        for is_interactive in [true, false] {
            assert_eq!(
                host.through_pipes(shell, is_interactive, "LINES\necho alive")?,
                "alive\n",
                "{}",
                shell.name
            );
        }
        assert_eq!(host.runs(), 0, "{}", shell.name);
        // A script defines nothing.
        let said =
            host.through_pipes(shell, false, "LINES\ntype nix-recover >/dev/null 2>&1 || echo none")?;
        assert_eq!(said, "none\n", "{}", shell.name);
        Ok(())
    })
}

#[test]
fn nix_recover_is_there_where_the_path_has_none() -> Outcome {
    in_each(Host::healthy, |shell, host| {
        assert_eq!(
            host.at_terminal(shell, "LINES\nnix-recover a 'b c'")?,
            "recovers: --ask a b c\n",
            "{}",
            shell.name
        );
        let own = host.tree.path("own");
        host.tree.write("own/nix-recover", "#!/bin/sh\necho own\n")?;
        fs::set_permissions(own.join("nix-recover"), fs::Permissions::from_mode(0o755))?;
        let host = host.with("PATH", format!("{}:/usr/bin:/bin", own.display()));
        assert_eq!(host.at_terminal(shell, "LINES\nnix-recover")?, "own\n", "{}", shell.name);
        Ok(())
    })
}

#[test]
fn strict_shells_live_on() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let strictest: &[&str] = match shell.name {
            "bash" => &[
                "set -eu",
                "set -euC -o pipefail",
                "set -o posix; set -eu",
                "set -eE; trap 'echo trapped' ERR",
            ],
            "zsh" => &[
                "set -eu",
                "setopt err_return no_unset no_clobber warn_create_global ksh_arrays sh_word_split",
                "setopt null_glob posix_builtins posix_identifiers no_function_argzero glob_subst",
                "emulate sh; set -eu",
                "emulate ksh; set -eu",
            ],
            _ => &["set -e PATH", "set -g fish_trace ''"],
        };
        for strict in strictest {
            let _ = fs::remove_file(host.tree.path(STAMP));
            let said = host.at_terminal(shell, &format!("{strict}\nLINES\necho alive"))?;
            let lines: Vec<_> = said.lines().collect();
            assert_eq!((lines.len(), lines.last()), (3, Some(&"alive")), "{} {strict}: {said}", shell.name);
            // And with a stamp that is read and written over.
            host.tree.write(STAMP, "zero LF1\n")?;
            let said = host.at_terminal(shell, &format!("{strict}\nLINES\necho alive"))?;
            assert_eq!(said.lines().count(), 3, "{} {strict}: {said}", shell.name);
            assert_eq!(fs::read_to_string(host.tree.path(STAMP))?, "first LF1\n");
        }
        Ok(())
    })
}

#[test]
fn no_program_of_the_path_is_run() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let hostile = host.tree.path("hostile");
        for name in
            ["check-activation", "[", "test", "printf", "read", "type", "cat", "mkdir", "recover-activation"]
        {
            let path = format!("hostile/{name}");
            host.tree
                .write(&path, &format!("#!/bin/sh\necho {name} >>{}/fell\n", host.tree.root().display()))?;
            fs::set_permissions(host.tree.path(path), fs::Permissions::from_mode(0o755))?;
        }
        let host = host.with("PATH", hostile.display().to_string());
        assert!(host.at_terminal(shell, "LINES")?.contains(WARNING), "{}", shell.name);
        assert!(
            !host.tree.path("fell").exists(),
            "{}: {}",
            shell.name,
            fs::read_to_string(host.tree.path("fell"))?
        );
        Ok(())
    })
}

#[test]
fn without_a_path_or_a_home_it_is_said_all_the_same() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let host = host.with("PATH", "").with("HOME", "/nowhere");
        let unset = if shell.name == "fish" { "set -e HOME" } else { "unset HOME" };
        let said = host.at_terminal(shell, &format!("{unset}\nLINES\necho alive"))?;
        assert!(said.contains(WARNING) && said.ends_with("alive\n"), "{}: {said}", shell.name);
        Ok(())
    })
}

#[test]
fn without_the_program_nothing_is_said() -> Outcome {
    in_each(Host::broken, |shell, host| {
        fs::remove_file(host.tree.path(format!("{LIBEXEC}/check-activation")))?;
        assert_eq!(host.at_terminal(shell, "LINES\necho alive")?, "alive\n", "{}", shell.name);
        Ok(())
    })
}

#[test]
fn a_stamp_is_written_only_where_nobody_else_can_write() -> Outcome {
    in_each(Host::broken, |shell, host| {
        let stamp = host.tree.path(STAMP);
        let says = |host: &Host| -> Outcome {
            assert!(host.at_terminal(shell, "LINES")?.contains(WARNING), "{}", shell.name);
            Ok(())
        };
        // A link is neither followed nor replaced.
        symlink(host.tree.path("victim"), &stamp)?;
        host.tree.write("victim", "precious\n")?;
        says(&host)?;
        assert_eq!(fs::read_to_string(host.tree.path("victim"))?, "precious\n", "{}", shell.name);
        fs::remove_file(&stamp)?;
        // A pipe holds nobody up.
        assert!(Command::new("/usr/bin/mkfifo").arg(&stamp).status()?.success());
        says(&host)?;
        fs::remove_file(&stamp)?;
        // A folder like /tmp is passed over.
        let shared = Path::new("home/Library/Caches");
        fs::set_permissions(host.tree.path(shared), fs::Permissions::from_mode(0o1777))?;
        says(&host)?;
        assert!(!stamp.exists(), "{}", shell.name);
        // The runtime directory goes first.
        host.tree.folder("runtime")?;
        let runtime = host.tree.path("runtime").display().to_string();
        let host = host.with("XDG_RUNTIME_DIR", runtime);
        says(&host)?;
        assert_eq!(fs::read_to_string(host.tree.path("runtime/mendutils-activation"))?, "first LF1\n");
        Ok(())
    })
}
