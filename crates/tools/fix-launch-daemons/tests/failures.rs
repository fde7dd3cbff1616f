//! The real program on the tree of a Mac, whose launchd is played: failure shapes, codes, and answers that say nothing.

mod mac;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use launchd::Class;
use launchd_stand_in::{Outcome, run, trials};
use mac::{Mac, PLACE, RUNS, SYSTEM, Told, finding, plist};

const X: &str = "org.nixos.x";
const Y: &str = "org.nixos.y";

fn main() -> ExitCode {
    run(trials![
        lf2_a_disabled_job_is_enabled_whatever_the_spelling_and_the_code,
        lf2_a_loaded_job_that_is_disabled_is_enabled_for_the_next_boot,
        lf2_an_override_that_comes_back_is_told,
        lf3_what_macos_blocks_is_told_and_not_tried_again,
        lf4_without_the_volume_nothing_is_loaded,
        lf5_a_job_whose_program_is_gone_is_told,
        lf5_a_job_of_a_collected_system_is_loaded_anew,
        lf5_a_program_that_came_late_is_started_again,
        lf6_a_job_in_the_penalty_box_is_loaded_anew,
        lf6_a_sick_job_is_given_up_after_one_attempt,
        lf7_a_program_that_may_not_be_executed_is_told,
        lf8_a_run_that_failed_is_told_and_nothing_is_done,
        lf14_agents_without_a_session_of_their_own_are_skipped,
        storms_pass_and_a_lasting_one_is_told,
        what_does_not_start_by_itself_is_started,
        every_code_of_a_refusal_is_told_and_none_is_a_success,
        a_code_of_no_table_is_told_with_its_words,
        answers_that_say_nothing_are_unknown,
        a_launchctl_that_hangs_is_bounded,
        a_job_that_does_not_end_is_left_to_the_next_run,
        hostile_definitions_never_break_the_run,
        a_place_that_is_taken_is_left_as_it_is,
        a_job_whose_new_definition_cannot_be_written_comes_back,
        a_system_domain_that_is_not_there_is_no_missing_session,
    ])
}

/// One that is wanted and installed, and not loaded.
fn unloaded() -> Result<Mac, Box<dyn std::error::Error>> {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install(X)?;
    Ok(mac)
}

fn disable(mac: &Mac) -> Outcome {
    Ok(mac.launchd.edit(|state| {
        if let Some(system) = state.domains.get_mut("system") {
            system.disabled.insert(X.to_owned(), true);
        }
    })?)
}

fn has(told: &Told, words: &[&str]) {
    let said = told.words(X);
    for word in words {
        assert!(said.contains(word), "{word} is missing in {said}");
    }
}

/// A second run ends as the first did, and changes nothing.
fn stays(mac: &Mac, told: &Told, arguments: &[&str]) -> Outcome {
    let before = (mac.files()?, mac.launchd.state()?.domains);
    let again = mac.json(arguments)?;
    assert_eq!((again.exit, again.about(X)?), (told.exit, told.about(X)?));
    assert_eq!((again.steps().len(), mac.files()?, mac.launchd.state()?.domains), (0, before.0, before.1));
    Ok(())
}

fn lf2_a_disabled_job_is_enabled_whatever_the_spelling_and_the_code() -> Outcome {
    for (macos, code) in [(12, 5), (15, 119), (26, 5)] {
        let mac = unloaded()?;
        disable(&mac)?;
        mac.launchd.edit(|state| (state.macos, state.disabled_code) = (macos, code))?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.steps()), (Some(0), vec!["enable".to_owned(), "bootstrap".to_owned()]));
        assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF2"));
        mac.runs_new(X)?;
        mac.is_settled(&[])?;
    }
    Ok(())
}

fn lf2_a_loaded_job_that_is_disabled_is_enabled_for_the_next_boot() -> Outcome {
    let mac = Mac::with_job(X)?;
    disable(&mac)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["enable".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF2"));
    mac.is_settled(&[])
}

fn lf2_an_override_that_comes_back_is_told() -> Outcome {
    let mac = unloaded()?;
    disable(&mac)?;
    // launchctl says that it was done.
    mac.launchd.edit(|state| {
        state.garbage.insert("enable".to_owned(), String::new());
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(3), finding("job-enabled", "fail", "LF2")));
    Ok(())
}

fn lf3_what_macos_blocks_is_told_and_not_tried_again() -> Outcome {
    for code in [5, 161, 0] {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.disallowed.insert(X.to_owned());
            state.disallowed_code = code;
        })?;
        let started = Instant::now();
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-allowed", "fail", "LF3")), "{code}");
        has(&told, &["System Settings > General > Login Items & Extensions", "switch \\\"sh\\\" on"]);
        // One attempt, and none to start it.
        assert_eq!(mac.changes()?, [format!("bootstrap system /{PLACE}/{X}.plist")]);
        assert!(started.elapsed() < Duration::from_secs(4));
        stays(&mac, &told, &[])?;
    }
    Ok(())
}

fn lf4_without_the_volume_nothing_is_loaded() -> Outcome {
    let mac = Mac::new()?;
    mac.tree.write(&format!("definitions/{X}.plist"), &plist(X, "/nix/store/gone/bin/x", RUNS))?;
    fs::remove_dir_all(mac.tree.path("nix"))?;
    mac.tree.folder("nix")?;
    let told = mac.json(&["--directory", "/definitions"])?;
    assert_eq!((told.exit, told.about(X)?), (Some(75), finding("job-program", "fail", "LF4")));
    assert_eq!(told.steps(), ["install-plist"]);
    assert!(mac.changes()?.is_empty());
    stays(&mac, &told, &["--directory", "/definitions"])
}

fn lf5_a_job_whose_program_is_gone_is_told() -> Outcome {
    let mac = unloaded()?;
    fs::remove_file(mac.tree.path("bin/new"))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(78), finding("job-program", "fail", "LF5")));
    // It would only be put into the penalty box.
    assert!(mac.changes()?.is_empty());
    stays(&mac, &told, &[])
}

fn lf5_a_job_of_a_collected_system_is_loaded_anew() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    fs::remove_file(mac.tree.path("bin/old"))?;
    mac.load(X)?;
    // The file is the new one; what is loaded is the old one.
    fs::remove_file(mac.place(X))?;
    mac.install(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootout".to_owned(), "bootstrap".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF5"));
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

fn lf5_a_program_that_came_late_is_started_again() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 127);
    })?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.ends.clear())?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["kickstart".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF5"));
    mac.is_settled(&[])?;
    // One that stays away is told.
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 127);
    })?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-ended", "fail", "LF5")));
    Ok(())
}

fn lf6_a_job_in_the_penalty_box_is_loaded_anew() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.sick.insert(X.to_owned(), 1);
    })?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.teardown = 400)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(0), vec!["bootout".to_owned(), "bootstrap".to_owned()]));
    assert_eq!(told.about(X)?, finding("job-loaded", "ok", "LF6"));
    mac.is_settled(&[])
}

fn lf6_a_sick_job_is_given_up_after_one_attempt() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.sick.insert(X.to_owned(), 100);
    })?;
    mac.load(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-started", "fail", "LF6")));
    assert_eq!(mac.changes()?.len(), 2);
    Ok(())
}

fn lf7_a_program_that_may_not_be_executed_is_told() -> Outcome {
    let mac = unloaded()?;
    mac.launchd.edit(|state| {
        state.ends.insert(X.to_owned(), 126);
    })?;
    mac.load(X)?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-ended", "fail", "LF7")));
    has(&told, &["Privacy & Security > Full Disk Access"]);
    stays(&mac, &told, &[])?;
    let mac = unloaded()?;
    fs::set_permissions(mac.tree.path("bin/new"), fs::Permissions::from_mode(0o644))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(78), finding("job-program", "fail", "LF7")));
    stays(&mac, &told, &[])
}

fn lf8_a_run_that_failed_is_told_and_nothing_is_done() -> Outcome {
    for (code, exit, status) in
        [(1, 0, "warn"), (2, 0, "warn"), (-9, 0, "warn"), (13, 1, "fail"), (78, 1, "fail")]
    {
        let mac = unloaded()?;
        mac.launchd.edit(|state| {
            state.ends.insert(X.to_owned(), code);
        })?;
        mac.load(X)?;
        let told = mac.json(&[])?;
        assert_eq!((told.exit, told.about(X)?), (Some(exit), finding("job-ended", status, "-")), "{code}");
        assert!(mac.changes()?.is_empty());
        stays(&mac, &told, &[])?;
    }
    Ok(())
}

fn lf14_agents_without_a_session_of_their_own_are_skipped() -> Outcome {
    let mac = Mac::new()?;
    let path = format!("{SYSTEM}/Library/LaunchAgents/{X}.plist");
    mac.tree.write(&path, &plist(X, "/bin/new", RUNS))?;
    mac.launchd.edit(|state| {
        state.domains.entry("user/501".to_owned()).or_default();
        // It was there when it was listed, and the user has logged out since.
        state
            .codes
            .insert("bootstrap".to_owned(), (125, "Domain does not support specified action\n".to_owned()));
        state.domains.entry("gui/501".to_owned()).or_default();
    })?;
    let told = mac.json(&["--agents", "--domain", "gui/501"])?;
    assert_eq!(told.exit, Some(0), "{:#}", told.object);
    let told = mac.json(&["--agents", "--domain", "user/501"])?;
    assert_eq!((told.exit, told.about(X)?), (Some(0), finding("launchd-domain", "skip", "-")));
    Ok(())
}

fn storms_pass_and_a_lasting_one_is_told() -> Outcome {
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

fn what_does_not_start_by_itself_is_started() -> Outcome {
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

fn every_code_of_a_refusal_is_told_and_none_is_a_success() -> Outcome {
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

fn a_code_of_no_table_is_told_with_its_words() -> Outcome {
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

fn answers_that_say_nothing_are_unknown() -> Outcome {
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

fn a_launchctl_that_hangs_is_bounded() -> Outcome {
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

fn a_job_that_does_not_end_is_left_to_the_next_run() -> Outcome {
    let mac = unloaded()?;
    mac.install_old(X)?;
    mac.load(X)?;
    mac.launchd.edit(|state| state.teardown = 2500)?;
    let told = mac.json(&["--timeout", "1"])?;
    assert_eq!((told.exit, told.steps()), (Some(4), vec!["bootout".to_owned()]));
    // It was asked to end; the next run sees that, waits for it and goes on.
    let ran = mac.run(&[])?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    mac.runs_new(X)?;
    mac.is_settled(&[])
}

fn hostile_definitions_never_break_the_run() -> Outcome {
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

fn a_place_that_is_taken_is_left_as_it_is() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    fs::create_dir(mac.place(X))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.about(X)?), (Some(1), finding("job-plist", "fail", "-")));
    stays(&mac, &told, &[])
}

fn a_job_whose_new_definition_cannot_be_written_comes_back() -> Outcome {
    let mac = Mac::new()?;
    mac.want(X, RUNS)?;
    mac.install_old(X)?;
    mac.load(X)?;
    // What stands in the way of the temporary name cannot be removed.
    mac.tree.folder(&format!("{PLACE}/.fix-launch-daemons.new/full"))?;
    let told = mac.json(&[])?;
    assert_eq!((told.exit, told.steps()), (Some(1), vec!["bootout".to_owned()]), "{:#}", told.object);
    has(&told, &["removing what an earlier run has left"]);
    let job = mac.launchd.job(X)?.ok_or("it is lost")?;
    assert_eq!((job.program.as_str(), job.pid.is_some()), ("/bin/old", true));
    Ok(())
}

fn a_system_domain_that_is_not_there_is_no_missing_session() -> Outcome {
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
