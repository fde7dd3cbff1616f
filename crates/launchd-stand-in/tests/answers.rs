//! The stand-in as a program sees it: through its processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use launchd_stand_in::{Launchd, Outcome, run, trials};

const PATH: &str = "/Library/LaunchDaemons/org.nixos.x.plist";

fn main() -> ExitCode {
    run(trials![
        a_job_is_loaded_started_and_taken_down,
        definitions_are_judged_by_owner_form_and_content,
        overrides_have_two_spellings_and_keep_a_job_from_loading,
        a_domain_of_a_screen_is_there_only_after_a_login,
        failures_are_as_the_test_wants_them,
        users_are_changed_on_the_way_to_a_program,
    ])
}

fn tell(tree: &Path, line: &str) -> Result<(i32, String), Box<dyn std::error::Error>> {
    let (tool, words) = line.split_once(' ').unwrap_or((line, ""));
    let tool = launchd_stand_in::TOOLS
        .iter()
        .find(|path| path.ends_with(&format!("/{tool}")))
        .ok_or("no such tool")?;
    let output = Command::new(tree.join(tool)).args(words.split(' ')).output()?;
    let said = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    Ok((output.status.code().ok_or("a signal")?, said))
}

fn tree() -> Result<(tempfile::TempDir, Launchd), Box<dyn std::error::Error>> {
    let tree = tempfile::tempdir()?;
    let launchd = Launchd::install(tree.path())?;
    fs::create_dir_all(tree.path().join("Library/LaunchDaemons"))?;
    fs::write(tree.path().join("bin/true"), "")?;
    fs::set_permissions(tree.path().join("bin/true"), fs::Permissions::from_mode(0o755))?;
    define(
        tree.path(),
        "<key>Label</key><string>org.nixos.x</string><key>Program</key><string>/bin/true</string><key>RunAtLoad</key><true/>",
    )?;
    Ok((tree, launchd))
}

fn define(tree: &Path, body: &str) -> Outcome {
    let path = tree.join(PATH.trim_start_matches('/'));
    fs::write(&path, format!("<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>{body}</dict></plist>"))?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o444))?)
}

fn a_job_is_loaded_started_and_taken_down() -> Outcome {
    let (tree, launchd) = tree()?;
    let code = |line: &str| tell(tree.path(), line).map(|(code, _)| code);
    let bootstrap = format!("launchctl bootstrap system {PATH}");
    assert_eq!(code("launchctl print system/org.nixos.x")?, 113);
    assert_eq!(code("launchctl bootout system/org.nixos.x")?, 3);
    assert_eq!(code("launchctl kickstart system/org.nixos.x")?, 113);
    assert_eq!(code(&bootstrap)?, 0);
    assert_eq!(code(&bootstrap)?, 37);
    let (_, said) = tell(tree.path(), "launchctl print system/org.nixos.x")?;
    assert!(said.contains("\tstate = running\n") && said.contains("\truns = 1\n"), "{said}");
    assert_eq!(code("launchctl kickstart system/org.nixos.x")?, 37);
    launchd.edit(|state| state.teardown = 300)?;
    assert_eq!(code("launchctl bootout system/org.nixos.x")?, 0);
    assert_eq!((code("launchctl bootout system/org.nixos.x")?, code(&bootstrap)?), (36, 5));
    assert_eq!(code("launchctl print system/org.nixos.x")?, 0);
    std::thread::sleep(Duration::from_millis(350));
    assert_eq!(code("launchctl print system/org.nixos.x")?, 113);
    assert_eq!(launchd.calls()?.len(), 12);
    Ok(())
}

fn definitions_are_judged_by_owner_form_and_content() -> Outcome {
    let (tree, _launchd) = tree()?;
    let code = || tell(tree.path(), &format!("launchctl bootstrap system {PATH}")).map(|(code, _)| code);
    let place = tree.path().join(PATH.trim_start_matches('/'));
    fs::set_permissions(&place, fs::Permissions::from_mode(0o664))?;
    assert_eq!(code()?, 122);
    for (body, expected) in [("<key>", 109), ("", 110), ("<key>Label</key><string>org.nixos.x</string>", 111)]
    {
        fs::set_permissions(&place, fs::Permissions::from_mode(0o644))?;
        define(tree.path(), body)?;
        assert_eq!(code()?, expected, "{body}");
    }
    fs::remove_file(place)?;
    assert_eq!(code()?, 108);
    Ok(())
}

fn overrides_have_two_spellings_and_keep_a_job_from_loading() -> Outcome {
    let (tree, launchd) = tree()?;
    assert_eq!(tell(tree.path(), "launchctl disable system/org.nixos.x")?.0, 0);
    for (macos, word) in [(12, "true"), (13, "disabled")] {
        launchd.edit(|state| state.macos = macos)?;
        let (_, said) = tell(tree.path(), "launchctl print-disabled system")?;
        assert!(said.contains(&format!("\"org.nixos.x\" => {word}\n")), "{said}");
    }
    let bootstrap = format!("launchctl bootstrap system {PATH}");
    assert_eq!(tell(tree.path(), &bootstrap)?.0, 119);
    assert_eq!(tell(tree.path(), "launchctl enable system/org.nixos.x")?.0, 0);
    assert_eq!(tell(tree.path(), &bootstrap)?.0, 0);
    Ok(())
}

fn a_domain_of_a_screen_is_there_only_after_a_login() -> Outcome {
    let (tree, launchd) = tree()?;
    assert_eq!(tell(tree.path(), "launchctl print gui/501")?.0, 125);
    assert_eq!(tell(tree.path(), &format!("launchctl bootstrap gui/501 {PATH}"))?.0, 125);
    launchd.edit(|state| {
        state.domains.entry("gui/501".to_owned()).or_default();
        state.session = "Aqua".to_owned();
    })?;
    assert_eq!(tell(tree.path(), "launchctl print gui/501")?.0, 0);
    assert_eq!(tell(tree.path(), "launchctl managername")?, (0, "Aqua\n".to_owned()));
    Ok(())
}

fn failures_are_as_the_test_wants_them() -> Outcome {
    let (tree, launchd) = tree()?;
    let bootstrap = format!("launchctl bootstrap system {PATH}");
    launchd.edit(|state| {
        state.codes.insert("managername".to_owned(), (42, "odd\n".to_owned()));
        state.garbage.insert("print system".to_owned(), "###".to_owned());
        state.storms.insert("org.nixos.x".to_owned(), 1);
        state.disallowed.insert("org.nixos.y".to_owned());
    })?;
    assert_eq!(tell(tree.path(), "launchctl managername")?, (42, "odd\n".to_owned()));
    assert_eq!(tell(tree.path(), "launchctl print system")?, (0, "###".to_owned()));
    assert_eq!((tell(tree.path(), &bootstrap)?.0, tell(tree.path(), &bootstrap)?.0), (5, 0));
    assert_eq!(launchd.job("org.nixos.x")?.map(|job| job.runs), Some(0));
    let (_, said) = tell(tree.path(), "sfltool dumpbtm")?;
    assert!(
        said.contains("[enabled, disallowed, visible, notified]") && said.contains("16.org.nixos.y"),
        "{said}"
    );
    Ok(())
}

fn users_are_changed_on_the_way_to_a_program() -> Outcome {
    let (tree, launchd) = tree()?;
    let line = "launchctl asuser 501 /usr/bin/sudo -n -u #501 /usr/bin/osascript -e x";
    launchd.edit(|state| state.osascript = 7)?;
    assert_eq!(tell(tree.path(), line)?.0, 7);
    assert_eq!(launchd.calls()?.last().map(String::as_str), Some("osascript -e x"));
    launchd.edit(|state| state.sudo_asks = true)?;
    assert_eq!(tell(tree.path(), line)?, (1, "sudo: a password is required\n".to_owned()));
    assert_eq!(tell(tree.path(), "apfs.util -t")?.0, 253);
    Ok(())
}
