//! The shipped definition of the job, held against what a job of the boot needs (launchd.plist(5)).

use std::error::Error;
use std::path::Path;

use plist::Value;
use plist::stream::{Event, Reader};

type Outcome = Result<(), Box<dyn Error>>;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/launchd/daemons/org.nixos.boot-activation.plist");

fn read() -> Result<plist::Dictionary, Box<dyn Error>> {
    Value::from_file(FILE)?.into_dictionary().ok_or_else(|| "no dictionary".into())
}

#[test]
fn it_runs_at_boot_and_after_a_mount_and_again_after_a_failure() -> Outcome {
    let job = read()?;
    let is = |key: &str| job.get(key).and_then(Value::as_boolean);
    assert_eq!((is("RunAtLoad"), is("StartOnMount")), (Some(true), Some(true)));
    let alive = job.get("KeepAlive").and_then(Value::as_dictionary).ok_or("no KeepAlive")?;
    assert_eq!(alive.get("SuccessfulExit").and_then(Value::as_boolean), Some(false));
    assert_eq!(alive.len(), 1);
    let throttle = job.get("ThrottleInterval").and_then(Value::as_unsigned_integer);
    assert!(throttle.is_some_and(|seconds| seconds >= 10), "{throttle:?}");
    for key in ["LaunchOnlyOnce", "StartInterval", "StartCalendarInterval", "Disabled"] {
        assert!(!job.contains_key(key), "{key}");
    }
    Ok(())
}

#[test]
fn it_has_the_label_of_its_file_and_is_roots() -> Outcome {
    let job = read()?;
    let text = |key: &str| job.get(key).and_then(Value::as_string);
    assert_eq!(text("Label"), Path::new(FILE).file_stem().and_then(|stem| stem.to_str()));
    assert_eq!((text("UserName"), text("GroupName")), (Some("root"), Some("wheel")));
    let umask = job.get("Umask").and_then(Value::as_unsigned_integer);
    assert_eq!(umask, Some(0o022));
    Ok(())
}

#[test]
fn nothing_in_it_needs_the_store() -> Outcome {
    let job = read()?;
    let words: Vec<&str> = job
        .get("ProgramArguments")
        .and_then(Value::as_array)
        .ok_or("no arguments")?
        .iter()
        .filter_map(Value::as_string)
        .collect();
    assert_eq!(
        words,
        [
            "/usr/local/libexec/mendutils/fix-current-system",
            "--stale=former-boot",
            "--timeout",
            "300",
            "--log-file",
            "/var/log/nix-boot-activation.log"
        ]
    );
    // The log is bounded; launchd's own copy of the same lines would not be.
    assert!(!job.contains_key("StandardErrorPath") && !job.contains_key("StandardOutPath"));
    let mut depth = 0;
    for event in Reader::new(std::fs::File::open(FILE)?) {
        match event? {
            Event::String(text) => assert!(!text.starts_with("/nix"), "{text}"),
            Event::StartDictionary(_) => depth += 1,
            _ => {}
        }
    }
    assert_eq!(depth, 2);
    Ok(())
}

#[test]
fn the_program_takes_the_arguments_of_the_job() -> Outcome {
    use clap::Parser as _;
    use fix_current_system::arguments::Stale;
    let job = read()?;
    let words = job.get("ProgramArguments").and_then(Value::as_array).ok_or("no arguments")?;
    let parsed = fix_current_system::Arguments::try_parse_from(words.iter().filter_map(Value::as_string))?;
    assert!(parsed.stale == Stale::FormerBoot && parsed.timeout == oneshot::Limit::Seconds(300));
    assert_eq!(parsed.wait_for, Path::new("/nix/store"));
    Ok(())
}
