//! What is kept of a run.

use super::*;

const LOG: [&str; 2] = ["--log-file", "/var/log/nix-boot-activation.log"];
const FILE: &str = "var/log/nix-boot-activation.log";

#[test]
fn the_log_has_the_lines_of_standard_error_with_their_time() -> Outcome {
    for json in [&[][..], &["--json"]] {
        let host = Host::mac()?;
        let arguments: Vec<&str> = LOG.iter().chain(json).copied().collect();
        let ran = host.run(&arguments)?;
        assert_eq!(ran.code(), Some(0), "{}", ran.said());
        let log = fs::read_to_string(host.path(FILE))?;
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 2, "{log}");
        assert_eq!(ran.0.stderr.is_empty(), !json.is_empty(), "{}", ran.said());
        for line in &lines {
            let (time, text) = line.split_once(' ').ok_or("no time")?;
            assert!(time.len() == 20 && time.ends_with('Z'), "{line}");
            let text = text.strip_prefix("notice ").ok_or("no level")?;
            assert!(
                !json.is_empty() || ran.said().contains(&format!("fix-current-system: {text}\n")),
                "{text}"
            );
        }
        let mode = fs::metadata(host.path(FILE))?.permissions().mode() & 0o777;
        assert_eq!(mode & !0o644, 0);
        // A run that has nothing to do adds nothing.
        assert_eq!(host.run(&arguments)?.code(), Some(0));
        assert_eq!(fs::read_to_string(host.path(FILE))?, log);
    }
    Ok(())
}

#[test]
fn the_log_has_errors_too_and_does_not_grow_for_ever() -> Outcome {
    let host = Host::mac()?;
    fs::write(host.path(IN_A).join("systemConfig"), "garbage")?;
    host.write(FILE, &"x".repeat(300 * 1024))?;
    for _ in 0..3 {
        assert_eq!(host.run(&LOG)?.code(), Some(78));
    }
    let log = fs::read_to_string(host.path(FILE))?;
    assert!(log.len() < 8192 && log.matches("no store path").count() == 3, "{log}");
    assert!(log.lines().all(|line| line.contains("Z error ")), "{log}");
    let old = host.path(format!("{FILE}.old"));
    assert_eq!(fs::metadata(&old)?.len(), 300 * 1024);
    Ok(())
}

#[test]
fn a_log_that_cannot_be_kept_does_not_keep_the_link_from_being_made() -> Outcome {
    let host = Host::mac()?;
    host.write("victim", "")?;
    host.folder("var/log")?;
    symlink(host.path("victim"), host.path(FILE))?;
    let ran = host.run(&LOG)?;
    assert_eq!(ran.code(), Some(0), "{}", ran.said());
    assert!(ran.said().contains("nothing is kept of this run"), "{}", ran.said());
    assert_eq!(fs::read(host.path("victim"))?, b"");
    assert_eq!(host.reads(LINK).as_deref(), Some(Path::new(A)));
    Ok(())
}
