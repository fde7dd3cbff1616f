//! Each shape in which a host can be found, and what becomes of it.

use super::*;

#[test]
fn lf1_a_missing_link_is_made_with_its_root() -> Outcome {
    let host = Host::mac()?;
    let ran = host.run(&[])?;
    assert_eq!(ran.code(), Some(0));
    assert_eq!(ran.answer(), "");
    assert_eq!(ran.said().lines().count(), 2, "{}", ran.said());
    assert!(ran.said().contains("LF1"), "{}", ran.said());
    host.is_good(LINK)
}

#[test]
fn lf12_a_link_that_leads_nowhere_is_replaced() -> Outcome {
    for target in
        ["/nix/store/cccccccccccccccccccccccccccccccc-gone", "current-system", "/etc/synthetic.conf", ""]
    {
        let host = Host::mac()?;
        if target.is_empty() {
            // No link can be empty; one to the null device leads to no system either.
            symlink("/dev/null", host.path(LINK))?;
        } else {
            symlink(target, host.path(LINK))?;
        }
        let ran = host.run(&[])?;
        assert_eq!(ran.code(), Some(0), "{target}: {}", ran.said());
        assert!(ran.said().contains("LF12"), "{}", ran.said());
        host.is_good(LINK)?;
    }
    Ok(())
}

#[test]
fn lf10_a_stale_link_is_told_and_replaced_only_when_asked() -> Outcome {
    let host = Host::mac()?;
    symlink(B, host.path(LINK))?;
    for (file, text) in [
        (format!("{IN_B}/Library/LaunchDaemons/org.nixos.old.plist"), ""),
        ("Library/LaunchDaemons/org.nixos.old.plist".to_owned(), ""),
    ] {
        host.write(&file, text)?;
    }
    let told = host.run(&[])?;
    assert_eq!(told.code(), Some(1));
    for word in [A, B, "--stale", "darwin-rebuild activate", "org.nixos.old.plist"] {
        assert!(told.said().contains(word), "no {word} in {}", told.said());
    }
    assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(B)));
    let object = host.run(&["--json"])?.json()?;
    assert_eq!(object["findings"][0]["shape"], "LF10");
    let mended = host.run(&["--stale"])?;
    assert_eq!(mended.code(), Some(0), "{}", mended.said());
    assert!(mended.said().contains("launchctl bootout system"), "{}", mended.said());
    host.is_good(LINK)
}

#[test]
fn lf10_the_boot_replaces_a_link_of_the_boot_before_and_no_younger_one() -> Outcome {
    for (started, is_replaced) in [("4000000000", true), ("1000000000", false)] {
        let host = Host::mac()?;
        host.write("proc/stat", &format!("cpu 1\nbtime {started}\n"))?;
        symlink(B, host.path(LINK))?;
        symlink("/run/current-system", host.path(ROOT))?;
        let ran = host.run(&["--stale=former-boot"])?;
        assert_eq!(ran.code(), Some(0), "{}", ran.said());
        assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(if is_replaced { A } else { B })));
        assert_eq!(ran.said().is_empty(), !is_replaced, "{}", ran.said());
    }
    Ok(())
}

#[test]
fn lf11_a_bad_synthetic_conf_is_told_precisely() -> Outcome {
    let good = "run\tprivate/var/run\n";
    let table: [(&str, u32, &str); 7] = [
        ("nix\n", 0o644, "has no line for it"),
        ("run private/var/run\n", 0o644, "no tab between the columns of line 1"),
        ("nix\nrun\tvar/run\n", 0o644, "leads to \"var/run\" in line 2"),
        ("run\tprivate/var/run\nrun\tprivate/var/run\n", 0o644, "more than once, in lines 1, 2"),
        ("run\tprivate/var/run", 0o644, "no newline at its end"),
        (good, 0o600, "has the mode 0600 instead of 0644"),
        (good, 0o644, "it was not made yet"),
    ];
    for (text, mode, cause) in table {
        let host = Host::mac()?;
        fs::remove_file(host.path("run"))?;
        fs::write(host.path("etc/synthetic.conf"), text)?;
        fs::set_permissions(host.path("etc/synthetic.conf"), fs::Permissions::from_mode(mode))?;
        let before = host.listing()?;
        let ran = host.run(&["--timeout", "0"])?;
        assert_eq!(ran.code(), Some(78), "{text:?}: {}", ran.said());
        // Who owns the file is another fault where a test is not root.
        if testbed::own().0 == 0 {
            assert!(ran.said().contains(cause), "{text:?}: {}", ran.said());
        }
        assert!(ran.said().contains("apfs.util -t"), "{}", ran.said());
        assert_eq!(host.listing()?, before, "{text:?}");
    }
    Ok(())
}

#[test]
fn a_run_that_is_no_link_on_a_mac_is_not_written_to() -> Outcome {
    for (name, make) in [
        ("folder", fs::create_dir as fn(PathBuf) -> std::io::Result<()>),
        ("link elsewhere", |path| symlink("tmp", path)),
    ] {
        let host = Host::mac()?;
        host.folder("tmp")?;
        fs::remove_file(host.path("run"))?;
        make(host.path("run"))?;
        let before = host.listing()?;
        let ran = host.run(&["--stale"])?;
        assert_eq!(ran.code(), Some(78), "{name}: {}", ran.said());
        assert_eq!(host.listing()?, before, "{name}");
    }
    Ok(())
}

#[test]
fn what_is_no_link_is_left_alone() -> Outcome {
    let host = Host::mac()?;
    host.write(&format!("{LINK}/file"), "somebody's")?;
    let ran = host.run(&["--stale"])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.said().contains("is a folder, which is not replaced"), "{}", ran.said());
    assert_eq!(fs::read_to_string(host.path(LINK).join("file"))?, "somebody's");
    Ok(())
}

#[test]
fn nixos_goes_by_the_folder_of_the_profile() -> Outcome {
    let host = Host::nixos()?;
    let ran = host.run(&[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    host.is_good("run/current-system")?;
    // An older generation was booted: that is meant.
    fs::remove_file(host.path("run/current-system"))?;
    symlink(B, host.path("run/current-system"))?;
    let ran = host.run(&[])?;
    assert_eq!((ran.code(), ran.said().as_str()), (Some(0), ""));
    assert_eq!(host.reads("run/current-system").as_deref(), Some(Path::new(B)));
    assert_eq!(host.run(&["--stale"])?.code(), Some(0));
    host.is_good("run/current-system")
}

#[test]
fn the_root_is_made_or_passed_over_and_its_failure_is_told() -> Outcome {
    for target in [A, B, "/nothing"] {
        let host = Host::mac()?;
        symlink(target, host.path(ROOT))?;
        assert_eq!(host.run(&[])?.code(), Some(0));
        host.is_good(LINK)?;
    }
    let host = Host::mac()?;
    fs::remove_dir(host.path("nix/var/nix/gcroots"))?;
    let ran = host.run(&[])?;
    assert_eq!((ran.code(), ran.said().lines().count()), (Some(0), 1), "{}", ran.said());
    assert!(!host.path("nix/var/nix/gcroots").exists());
    let host = Host::mac()?;
    host.write(&format!("{ROOT}/file"), "")?;
    let ran = host.run(&[])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.said().contains("does not keep the system from being collected"), "{}", ran.said());
    assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(A)), "the link is made all the same");
    Ok(())
}

#[test]
fn a_system_config_that_is_no_single_store_path_never_makes_a_wrong_link() -> Outcome {
    let two = format!("{A}\n{B}");
    let long = format!("{A}{}", "x".repeat(1 << 20));
    let inside = format!("{A}/etc");
    let climbs = format!("{A}/../../../etc");
    for (text, code) in [
        // White space round it is nothing wrong.
        (format!("{A}\n").as_str(), 0),
        (&format!("  {A} \n\n"), 0),
        ("", 78),
        ("\n", 78),
        (&two, 78),
        (&format!("{A}\u{0}"), 78),
        (&format!("{A}\u{1b}[31m"), 78),
        ("\u{0}\u{1}\u{2}garbage", 78),
        ("/etc", 78),
        ("nix/store/x", 78),
        ("/nix/store", 78),
        ("/nix/store/../../etc", 78),
        (&inside, 78),
        (&climbs, 78),
        ("/nix/store/cccccccccccccccccccccccccccccccc-gone", 78),
        (B, 78),
        (&long, 78),
    ] {
        let host = Host::mac()?;
        fs::write(host.path(IN_A).join("systemConfig"), text)?;
        let ran = host.run(&["--stale"])?;
        let name: String = text.chars().take(80).collect();
        assert_eq!(ran.code(), Some(code), "{name:?}: {}", ran.said());
        assert_eq!(host.reads(LINK).is_some(), code == 0, "{name:?}");
        assert_eq!(host.reads(ROOT).is_some(), code == 0, "{name:?}");
        assert!(!ran.said().contains(['\u{1b}', '\u{0}']), "{:?}", ran.said());
        assert!(ran.said().len() < 4096, "{name:?} is told in {} bytes", ran.said().len());
        if code == 0 {
            host.is_good(LINK)?;
        }
    }
    Ok(())
}

#[test]
fn a_system_config_that_is_no_file_is_not_read() -> Outcome {
    type Make = fn(&Path) -> std::io::Result<()>;
    let kinds: [(&str, Make); 3] = [
        ("a link", |path| symlink("/etc/hostname", path)),
        ("a folder", |path| fs::create_dir(path)),
        ("a socket", |path| std::os::unix::net::UnixListener::bind(path).map(drop)),
    ];
    for (name, make) in kinds {
        let host = Host::mac()?;
        let path = host.path(IN_A).join("systemConfig");
        fs::remove_file(&path)?;
        make(&path)?;
        let ran = host.run(&[])?;
        assert_eq!(ran.code(), Some(78), "{name}: {}", ran.said());
        assert_eq!(host.reads(LINK), None, "{name}");
    }
    Ok(())
}

#[test]
fn a_profile_that_leads_to_no_system_links_nothing() -> Outcome {
    for target in ["/nix/store/cccccccccccccccccccccccccccccccc-gone", "/etc", B, "system-1-link"] {
        let host = Host::mac()?;
        let link = host.path("nix/var/nix/profiles/system-1-link");
        fs::remove_file(&link)?;
        symlink(target, &link)?;
        let ran = host.run(&["--stale"])?;
        assert_eq!(ran.code(), Some(78), "{target}: {}", ran.said());
        assert_eq!(host.reads(LINK), None, "{target}");
    }
    Ok(())
}

#[test]
fn hostile_names_in_a_run_that_others_write_to_stay_as_they_are() -> Outcome {
    let host = Host::mac()?;
    host.write("victim/file", "untouched")?;
    let run = host.path("private/var/run");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777))?;
    let names = [
        ".current-system.",
        ".current-system.new",
        ".current-system.tmp",
        "current-system.new",
        ".current-system",
    ];
    for name in names {
        symlink(host.path("victim"), run.join(name))?;
    }
    for number in 0..256 {
        symlink("/victim/file", run.join(format!(".current-system.{number:016x}")))?;
    }
    let names_before = fs::read_dir(&run)?.count();
    let ran = host.run(&[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(A)));
    // The link, and the folder of the lock.
    assert_eq!(fs::read_dir(&run)?.count(), names_before + 2);
    for name in names {
        assert_eq!(fs::read_link(run.join(name))?, host.path("victim"), "{name}");
    }
    assert_eq!(fs::read_to_string(host.path("victim/file"))?, "untouched");
    assert_eq!(fs::read_dir(host.path("victim"))?.count(), 1);
    Ok(())
}

#[test]
fn a_lock_folder_that_somebody_else_made_is_not_used() -> Outcome {
    let host = Host::mac()?;
    host.folder("victim")?;
    symlink(host.path("victim"), host.path("private/var/run/mendutils"))?;
    let ran = host.run(&[])?;
    assert_eq!(ran.code(), Some(1), "{}", ran.said());
    assert!(ran.said().contains("mendutils"), "{}", ran.said());
    assert_eq!(fs::read_dir(host.path("victim"))?.count(), 0);
    assert_eq!(host.reads(LINK), None);
    Ok(())
}
