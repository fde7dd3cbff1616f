//! What launchctl may answer: every code, answers that say nothing, none at all; and what definitions may hold.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use launchd::Class;
use launchd_stand_in::Outcome;

use crate::tree::{Mac, PLACE, RUNS, SYSTEM, X, Y, disable, finding, has, plist, stays, unloaded};

pub(crate) fn storms_pass_and_a_lasting_one_is_told() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.storms.insert(X.to_owned(), 4);
    })?;
    let told = mac.json(&[])?;
    assert_eq!(
        (told.exit, told.about(X)?),
        (Some(0), finding("job-loaded", "ok", "LF1")),
        "{:#}",
        told.object
    );
    mac.runs_new(X)?;
    mac.is_settled(&[])?;
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.storms.insert(X.to_owned(), 100);
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-loaded", "fail", "LF1")));
    has(&told, &["exit 5", "Bootstrap failed: 5: Input/output error"]);
    assert_eq!(mac.changes()?.len(), 10);
    Ok(())
}

pub(crate) fn what_does_not_start_by_itself_is_started() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.storms.insert(X.to_owned(), 0);
    })?;
    mac.load(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["kickstart".to_owned()]));
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

pub(crate) fn every_code_of_a_refusal_is_told_and_none_is_a_success() -> Outcome {
    for (code, class, text) in launchd::code::TABLE {
        if class == Class::Done {
            continue;
        }
        let mac = unloaded()?;
        mac.want(Y, RUNS)?;
        mac.install(Y)?;
        let bootstrap = format!("bootstrap system /{PLACE}/{X}.plist");
        let number = u8::try_from(code)?;
        mac.launchd.edit(|state| {
            state.codes.insert(bootstrap.clone(), (number, format!("words of {code}\n")));
        })?;
        let told = mac.json(&["--timeout", "2"])?;
        let (_, status, _) = told.about(X)?;
        let is_of_another_session = class == Class::SessionType;
        assert_eq!(
            (told.exit == Some(0), status == "skip"),
            (is_of_another_session, is_of_another_session),
            "{code} {text}"
        );
        assert!(mac.launchd.job(X)?.is_none());
        let exit = match class {
            Class::Permission => 77,
            Class::Definition => 78,
            // Tried again until the time is up.
            Class::Transient | Class::Ambiguous | Class::AlreadyLoaded => 4,
            Class::SessionType => 0,
            Class::Disabled => 3,
            _ => 1,
        };
        assert_eq!(told.exit, Some(exit), "{code} {text}: {}", told.words(X));
        if matches!(
            class,
            Class::Permission
                | Class::Definition
                | Class::Ownership
                | Class::Host
                | Class::Request
                | Class::NotLoaded
                | Class::NoDomain
        ) {
            has(&told, &[&format!("exit {code}, {text}"), &format!("words of {code}")]);
        }
        // One that takes all the time leaves none for the others; any other one does not hold them up.
        if exit != 4 {
            mac.runs_new(Y)?;
        }
    }
    Ok(())
}

pub(crate) fn a_code_of_no_table_is_told_with_its_words() -> Outcome {
    for (call, is_loaded) in [("bootstrap", false), ("bootout", true), ("kickstart", true), ("enable", true)]
    {
        let mac = unloaded()?;
        match call {
            "bootout" => {
                mac.install_old(X)?;
                mac.load(X)?;
            }
            "kickstart" => {
                mac.launchd.edit(|state| {
                    state.storms.insert(X.to_owned(), 0);
                })?;
                mac.load(X)?;
            }
            "enable" => {
                mac.load(X)?;
                disable(&mac)?;
            }
            _ => {}
        }
        mac.launchd.edit(|state| {
            state.codes.insert(call.to_owned(), (99, "a thing nobody\u{1b}[31m has\nseen\n".to_owned()));
        })?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.steps().len()), (Some(1), 0), "{call}: {:#}", told.object);
        has(&told, &["exit 99, which is in no table", "a thing nobody"]);
        assert!(!told.words(X).contains('\u{1b}') && !mac.run(&[])?.said().contains('\u{1b}'));
        assert_eq!(mac.launchd.job(X)?.is_some(), is_loaded, "{call}");
    }
    Ok(())
}

pub(crate) fn answers_that_say_nothing_are_unknown() -> Outcome {
    for (call, text) in [
        ("print system", "\u{0}\u{1}###"),
        ("print system", "system = {\n\tservices = {\n\t\tone two\n\t}\n}\n"),
        ("print-disabled", "disabled services = {\n\t\"org.nixos.x\" => maybe\n}\n"),
        ("print", ""),
    ] {
        let mac = Mac::with_job(X)?;
        mac.launchd.edit(|state| {
            state.garbage.insert(call.to_owned(), text.to_owned());
        })?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.steps().len()), (Some(1), 0), "{call}: {:#}", told.object);
        assert!(told.object.to_string().contains("launchd-answer"), "{call}");
        assert!(mac.changes()?.is_empty(), "{call}");
    }
    // Where only the list cannot be read, each job is asked for.
    let mac = Mac::with_job(X)?;
    mac.want(Y, RUNS)?;
    mac.launchd.edit(|state| {
        state.garbage.insert("print system".to_owned(), "another shape\n".to_owned());
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-loaded", "ok", "-")));
    mac.runs_new(Y)
}

pub(crate) fn a_launchctl_that_hangs_is_bounded() -> Outcome {
    for call in ["print", "print-disabled", "bootstrap"] {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.hangs.insert(call.to_owned());
        })?;
        let started = Instant::now();
        let ran = mac.run(&["--timeout", "1"])?;
        assert_eq!(ran.code(), Some(4), "{call}: {}", ran.said());
        assert!(started.elapsed() < Duration::from_secs(10), "{call}");
        mac.launchd.edit(|state| state.hangs.clear())?;
        assert_eq!(mac.run(&[])?.code(), Some(0), "{call}");
        mac.is_settled(&[])?;
    }
    Ok(())
}

pub(crate) fn hostile_definitions_never_break_the_run() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    let at = |name: &str| format!("{SYSTEM}/{PLACE}/{name}");
    let definitions = [
        ("newline.plist", plist("org.nixos\n.y", "/bin/new", RUNS)),
        ("path.plist", plist("../../etc/passwd", "/bin/new", RUNS)),
        ("option.plist", plist("-k", "/bin/new", RUNS)),
        (
            "large.plist",
            plist(
                "org.nixos.large",
                "/bin/new",
                &format!("<key>A</key><string>{}</string>", "x".repeat(1 << 20)),
            ),
        ),
        (
            "deep.plist",
            plist("org.nixos.deep", "/bin/new", &format!("<key>A</key>{}", "<array>".repeat(60_000))),
        ),
        ("text.plist", "no property list".to_owned()),
        ("empty.plist", String::new()),
        ("twice.plist", plist(X, "/bin/old", RUNS)),
        (
            "no-program.plist",
            "<plist><dict><key>Label</key><string>org.nixos.none</string></dict></plist>".to_owned(),
        ),
        ("relative.plist", plist("org.nixos.relative", "bin/new", RUNS)),
        (".hidden.plist", "passed over".to_owned()),
        ("README", "passed over".to_owned()),
    ];
    for (name, text) in &definitions {
        mac.tree.write(&at(name), text)?;
    }
    fs::write(mac.tree.path(at("binary.plist")), b"bplist00\xff\x00\xfe")?;
    fs::create_dir(mac.tree.path(at("folder.plist")))?;
    symlink("/nowhere", mac.tree.path(at("dangling.plist")))?;
    symlink("loop.plist", mac.tree.path(at("loop.plist")))?;
    symlink("/etc/shadow", mac.tree.path(at("secret.plist")))?;
    mac.tree.write("etc/shadow", "root:secret\n")?;
    nix::unistd::mkfifo(&mac.tree.path(at("pipe.plist")), nix::sys::stat::Mode::S_IRWXU)?;
    let told = mac.json(&[])?;
    assert_eq!(told.exit, Some(78));
    mac.runs_new(X)?;
    let bad = told.findings().iter().filter(|it| it.get("id").is_some_and(|id| id == "job-plist")).count();
    assert_eq!(bad, 16, "{:#}", told.object);
    assert!(!told.object.to_string().contains("secret\\n"));
    for name in fs::read_dir(mac.tree.path(PLACE))? {
        let name = name?.file_name();
        let expected = ["org.nixos.x.plist", "no-program.plist", "relative.plist"];
        assert!(expected.iter().any(|it| name == **it), "{name:?}");
    }
    // No line of a message begins with what a definition says.
    let ran = mac.run(&[])?;
    assert!(ran.said().lines().all(|line| line.starts_with("fix-launch-daemons: ")), "{}", ran.said());
    assert!(mac.changes()?.is_empty());
    Ok(())
}

pub(crate) fn a_place_that_is_taken_is_left_as_it_is() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    fs::create_dir(mac.place(X))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-plist", "fail", "-")));
    stays(&mac, &told, &[])
}

pub(crate) fn a_system_domain_that_is_not_there_is_no_missing_session() -> Outcome {
    for code in [112, 113, 125] {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.codes.insert("print system".to_owned(), (code, "odd\n".to_owned()));
            state.codes.insert(format!("print system/{X}"), (112, "odd\n".to_owned()));
        })?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.about(X)?), (Some(1), finding("launchd-answer", "fail", "-")), "{code}");
        assert!(mac.changes()?.is_empty());
    }
    Ok(())
}
