//! The store comes late, or not at all.

use std::io::Read as _;
use std::process::{Child, Stdio};

use super::*;

/// A Mac whose store is a volume that is not mounted, and a launchctl that writes down its calls and ends with this code.
fn away(code: u8) -> Result<Host, Box<dyn Error>> {
    let host = Host::mac()?;
    fs::write(host.path("etc/synthetic.conf"), "nix\nrun\tprivate/var/run\n")?;
    let calls = host.path("calls");
    let script =
        format!("#!/bin/sh\necho \"$LC_ALL $*\" >> {}\necho no such >&2\nexit {code}\n", calls.display());
    host.write("bin/launchctl", &script)?;
    fs::set_permissions(host.path("bin/launchctl"), fs::Permissions::from_mode(0o755))?;
    Ok(host)
}

fn start(host: &Host, arguments: &[&str]) -> std::io::Result<Child> {
    program().command().arg("--root").arg(host.root()).args(arguments).stderr(Stdio::piped()).spawn()
}

#[test]
fn lf4_a_bare_folder_is_not_the_store_and_launchd_is_asked_for_it() -> Outcome {
    let host = away(0)?;
    let ran = host.run(&["--timeout", "1"])?;
    assert_eq!(ran.code(), Some(4), "{}", ran.said());
    let said = ran.said();
    for word in
        ["not on a mount of its own", "/etc/synthetic.conf, line 1", "determinate-nixd init", "Login Items"]
    {
        assert!(said.contains(word), "no {word} in {said}");
    }
    assert_eq!(fs::read_to_string(host.path("calls"))?, "C kickstart system/systems.determinate.nix-store\n");
    assert_eq!(host.reads(LINK), None);
    let object = host.run(&["--timeout", "0", "--json"])?.json()?;
    assert_eq!((&object["status"], &object["findings"][0]["shape"]), (&"undecided".into(), &"LF4".into()));
    assert_eq!(object["steps"][0]["kind"], "kickstart");
    Ok(())
}

#[test]
fn the_daemon_of_each_installer_is_asked_in_turn_and_the_words_are_kept() -> Outcome {
    let host = away(113)?;
    let ran = host.run(&["--timeout", "0"])?;
    assert_eq!(ran.code(), Some(4));
    let calls = fs::read_to_string(host.path("calls"))?;
    assert_eq!(
        calls,
        "C kickstart system/systems.determinate.nix-store\nC kickstart system/org.nixos.darwin-store\n"
    );
    for word in ["systems.determinate.nix-store", "org.nixos.darwin-store", "113", "no such"] {
        assert!(ran.said().contains(word), "no {word} in {}", ran.said());
    }
    // One that is at work already is asked as well as it can be.
    let host = away(37)?;
    host.run(&["--timeout", "0"])?;
    assert_eq!(fs::read_to_string(host.path("calls"))?.lines().count(), 1);
    Ok(())
}

#[test]
fn a_dry_run_neither_waits_nor_asks() -> Outcome {
    let host = away(0)?;
    let before = host.listing()?;
    let ran = host.run(&["--dry-run", "--timeout", "60"])?;
    assert_eq!(ran.code(), Some(4), "{}", ran.said());
    assert_eq!(host.listing()?, before);
    Ok(())
}

#[test]
fn a_store_that_comes_while_it_is_waited_for_is_linked() -> Outcome {
    let host = Host::mac()?;
    fs::rename(host.path("nix"), host.path("away"))?;
    let mut run = start(&host, &["--timeout", "60"])?;
    let mut words = run.stderr.take().ok_or("no words")?;
    let mut said = vec![0; 20];
    words.read_exact(&mut said)?;
    assert_eq!(host.reads(LINK), None);
    fs::rename(host.path("away"), host.path("nix"))?;
    words.read_to_end(&mut said)?;
    let said = String::from_utf8(said)?;
    assert_eq!(run.wait()?.code(), Some(0), "{said}");
    assert!(said.contains("waiting 60 s at most: /nix/store is missing"), "{said}");
    assert!(said.contains("/nix/store is there after "), "{said}");
    host.is_good(LINK)
}

#[test]
fn without_a_store_it_gives_up_and_says_what_it_waited_for() -> Outcome {
    let host = Host::nixos()?;
    fs::remove_dir_all(host.path("nix"))?;
    let ran = host.run(&["--timeout", "0"])?;
    assert_eq!(ran.code(), Some(4), "{}", ran.said());
    assert!(ran.said().contains("/nix/store is missing"), "{}", ran.said());
    Ok(())
}
