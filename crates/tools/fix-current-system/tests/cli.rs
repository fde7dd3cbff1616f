//! The real program on trees of a Mac and of NixOS.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use testbed::{Outcome, Program, Ran};

#[path = "cli/log.rs"]
mod log;
#[path = "cli/shapes.rs"]
mod shapes;
#[path = "cli/wait.rs"]
mod wait;

const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";
/// Both below the root of a tree.
const IN_A: &str = "nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
const IN_B: &str = "nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-darwin-system-26.05";
const LINK: &str = "private/var/run/current-system";
const ROOT: &str = "nix/var/nix/gcroots/current-system";

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fix-current-system"))
}

testbed::own_tree! {
    /// A host with a system profile, after a boot: nothing is linked yet.
    Host
}

impl Host {
    /// A Mac, whose /run is the link that synthetic.conf makes, and whose store is no volume.
    fn mac() -> Result<Self, Box<dyn Error>> {
        let host = Self(testbed::Tree::new()?);
        host.write("System/Library/CoreServices/SystemVersion.plist", "")?;
        host.folder("private/var/run")?;
        host.write("etc/synthetic.conf", "run\tprivate/var/run\n")?;
        symlink("private/var/run", host.path("run"))?;
        host.store(A)?;
        host.write(&format!("{IN_A}/systemConfig"), A)?;
        Ok(host)
    }

    /// NixOS, whose profile has no systemConfig.
    fn nixos() -> Result<Self, Box<dyn Error>> {
        let host = Self(testbed::Tree::new()?);
        host.write("etc/NIXOS", "")?;
        host.folder("run")?;
        host.store(A)?;
        host.write(&format!("{IN_A}/nixos-version"), "26.05")?;
        Ok(host)
    }

    /// The store with two systems, and a profile that leads to one.
    fn store(&self, system: &str) -> Outcome {
        for folder in [IN_A, IN_B, "nix/var/nix/profiles", "nix/var/nix/gcroots"] {
            self.folder(folder)?;
        }
        symlink("system-1-link", self.path("nix/var/nix/profiles/system"))?;
        Ok(symlink(system, self.path("nix/var/nix/profiles/system-1-link"))?)
    }

    fn run(&self, arguments: &[&str]) -> Result<Ran, Box<dyn Error>> {
        program().run_on(self, arguments)
    }

    fn reads(&self, path: &str) -> Option<PathBuf> {
        fs::read_link(self.path(path)).ok()
    }

    /// Both links are right, nothing is left beside them, and another run writes nothing and says nothing.
    fn is_good(&self, link: &str) -> Outcome {
        assert_eq!(self.reads(link).as_deref(), Some(Path::new(A)));
        assert_eq!(self.reads(ROOT).as_deref(), Some(Path::new("/run/current-system")));
        let before = self.listing()?;
        let again = self.run(&["--stale"])?;
        assert_eq!((again.code(), again.said().as_str()), (Some(0), ""));
        assert_eq!(self.listing()?, before);
        let beside: Vec<_> = before.iter().filter(|line| line.contains(".current-system.")).collect();
        assert!(beside.is_empty(), "{beside:?}");
        Ok(())
    }
}

#[test]
fn help_and_version_go_to_standard_output() -> Outcome {
    let help = program().run(&["--help"])?;
    assert_eq!(help.code(), Some(0));
    for option in ["--wait-for", "--timeout", "--profile", "--gc-root", "--stale", "--log-file", "--dry-run"]
    {
        assert!(help.answer().contains(option), "{option} is missing in {}", help.answer());
    }
    assert_eq!(program().run(&["--version"])?.answer(), "fix-current-system 0.1.0\n");
    Ok(())
}

#[test]
fn wrong_usage_is_2() -> Outcome {
    let host = Host::mac()?;
    for bad in [
        &["--timeout", "soon"][..],
        &["--timeout", "-1"],
        &["--stale=sometimes"],
        &["--wait-for", "nix/store"],
        &["--profile", ""],
        &["--gc-root", "/nix/../etc/passwd"],
        &["--log-file", "log"],
        &["a"],
    ] {
        assert_eq!(host.run(bad)?.code(), Some(2), "{bad:?}");
    }
    assert_eq!(host.reads(LINK), None);
    Ok(())
}

#[test]
fn a_dry_run_tells_both_links_and_writes_nothing() -> Outcome {
    let host = Host::mac()?;
    let before = host.listing()?;
    let ran = host.run(&["--dry-run", "--log-file", "/var/log/x.log"])?;
    assert_eq!(ran.code(), Some(0));
    let answer = ran.answer();
    let lines: Vec<&str> = answer.lines().collect();
    let [link, root] = lines.as_slice() else { return Err(format!("{lines:?}").into()) };
    assert_eq!(*link, format!("would link /run/current-system to {A}: it is missing (LF1)"));
    assert!(root.starts_with("would link /nix/var/nix/gcroots/current-system to /run/current-system"));
    let object = host.run(&["--dry-run", "--json"])?.json()?;
    assert_eq!(
        (&object["status"], &object["steps"][1]["kind"]),
        (&"would-change".into(), &"link-gc-root".into())
    );
    assert_eq!(host.listing()?, before);
    Ok(())
}

#[test]
fn a_profile_and_a_root_may_stand_elsewhere() -> Outcome {
    let host = Host::mac()?;
    host.folder("srv/roots")?;
    fs::rename(host.path("nix/var/nix/profiles"), host.path("srv/profiles"))?;
    let ran = host.run(&["--profile", "/srv/profiles/system", "--gc-root", "/srv/roots/now"])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(A)));
    assert_eq!(host.reads("srv/roots/now").as_deref(), Some(Path::new("/run/current-system")));
    assert_eq!(host.reads(ROOT), None);
    Ok(())
}

#[test]
fn a_second_run_at_the_same_time_is_told_to_come_back() -> Outcome {
    let host = Host::mac()?;
    let mut first = program()
        .command()
        .arg("--root")
        .arg(host.root())
        .args(["--wait-for", "/later", "--timeout", "60"])
        .stderr(std::process::Stdio::piped())
        .spawn()?;
    let mut words = first.stderr.take().ok_or("no words")?;
    // It has the lock once it says what it waits for.
    let mut byte = [0];
    std::io::Read::read_exact(&mut words, &mut byte)?;
    let second = host.run(&[])?;
    assert_eq!(second.code(), Some(75), "{}", second.said());
    assert_eq!(host.reads(LINK), None);
    fs::write(host.path("later"), "")?;
    assert_eq!(first.wait()?.code(), Some(0));
    host.is_good(LINK)
}

#[test]
fn many_runs_at_once_leave_one_good_link() -> Outcome {
    for _ in 0..10 {
        let host = Host::mac()?;
        let runs: Result<Vec<_>, _> = (0..4)
            .map(|_| {
                program().command().arg("--root").arg(host.root()).stderr(std::process::Stdio::null()).spawn()
            })
            .collect();
        let mut codes = Vec::new();
        for mut run in runs? {
            codes.push(run.wait()?.code());
        }
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 75))), "{codes:?}");
        host.is_good(LINK)?;
    }
    Ok(())
}
