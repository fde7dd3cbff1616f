//! The shipped definition of the agent, held against what a login needs (launchd.plist(5)).

use std::error::Error;
use std::path::Path;

use plist::Value;
use testbed::Outcome;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/launchd/agents/org.nixos.activation-recovery.plist");

fn read() -> Result<plist::Dictionary, Box<dyn Error>> {
    Value::from_file(FILE)?.into_dictionary().ok_or_else(|| "no dictionary".into())
}

#[test]
fn it_runs_once_at_each_login_at_the_screen() -> Outcome {
    let job = read()?;
    let text = |key: &str| job.get(key).and_then(Value::as_string);
    assert_eq!(text("Label"), Path::new(FILE).file_stem().and_then(|stem| stem.to_str()));
    assert_eq!(text("LimitLoadToSessionType"), Some("Aqua"));
    assert_eq!(job.get("RunAtLoad").and_then(Value::as_boolean), Some(true));
    // No loop: nothing starts it again.
    for key in [
        "KeepAlive",
        "StartInterval",
        "StartCalendarInterval",
        "StartOnMount",
        "WatchPaths",
        "LaunchOnlyOnce",
    ] {
        assert!(!job.contains_key(key), "{key}");
    }
    Ok(())
}

#[test]
fn nothing_in_it_needs_the_store_or_a_shared_folder() -> Outcome {
    let job = read()?;
    let words = job.get("ProgramArguments").and_then(Value::as_array).ok_or("no arguments")?;
    let words: Vec<&str> = words.iter().filter_map(Value::as_string).collect();
    assert_eq!(words, ["/usr/local/libexec/mendutils/recover-activation", "--timeout", "300"]);
    for key in
        ["StandardOutPath", "StandardErrorPath", "WorkingDirectory", "EnvironmentVariables", "UserName"]
    {
        assert!(!job.contains_key(key), "{key}");
    }
    Ok(())
}
