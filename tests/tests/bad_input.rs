//! Bad input and bad surroundings: a clear word, the right exit code, and nothing changed.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use lab::session::{plain, wsl};
use lab::{Output, Release, Session};

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("what_is_no_user_is_refused_and_nothing_changed", no_user)
        .on_each("a_bad_user_beside_a_good_one_is_told", beside)
        .on_each("without_root_it_says_so", no_root)
        .on_each("without_a_mount_table_it_says_so", no_mountinfo)
        .on_each("without_systemd_it_is_skipped", no_systemd)
        .on_each("without_accounts_it_says_so", no_accounts)
        .on_each("the_other_programs_refuse_what_is_no_user", others)
        .run()
}

/// Something to be mended in every place, so that a wrong reading shows.
fn broken(release: Release) -> Result<Session> {
    let session = Session::of_tim(wsl(release, false).boot()?).start()?;
    session.sh(
        "chmod 755 /run/user/1000; mkdir -p /run/user/4242 /run/user/65535 /run/user/4294967295 /run/user/0; \
                chmod 777 /run/user/4242 /run/user/65535 /run/user/4294967295",
    )?;
    Ok(session)
}

/// One run: the exit code, one line or more of words, no panic, nothing changed.
fn refused(session: &Session, command: &[&str], codes: &[i32]) -> Result<Output> {
    let before = session.snapshot()?;
    let output = session.machine.root(command).run()?;
    ensure!(codes.contains(&output.code), "expecting an exit of {codes:?} of {output}");
    ensure!(!output.stderr.trim().is_empty(), "not a word: {output}");
    ensure!(
        !output.stderr.contains("panicked") && !output.stderr.contains("Os {"),
        "for programmers: {output}"
    );
    let control = |letter: char| letter.is_control() && letter != '\n';
    ensure!(!output.stderr.contains(control), "control characters are handed on: {output:?}");
    session.unchanged(&before).with_context(|| format!("{command:?}"))?;
    Ok(output)
}

fn no_user(release: Release) -> Result<()> {
    let session = broken(release)?;
    let long = "x".repeat(5000);
    let table: &[(&str, &[i32])] = &[
        ("nobody-here", &[78]),
        (long.as_str(), &[2, 78]),
        ("tim\u{1b}[31m", &[2, 78]),
        ("tim ", &[2, 78]),
        ("TIM", &[78]),
        ("../tim", &[2, 78]),
        ("1000/../1000", &[2, 78]),
        // Numbers that systemd does not take for a uid (parse_uid).
        ("+1000", &[2, 78]),
        ("01000", &[2, 78]),
        (" 1000", &[2, 78]),
        ("1000 ", &[2, 78]),
        ("0x3e8", &[2, 78]),
        ("1e3", &[2, 78]),
        ("-1", &[2]),
        ("4294967295", &[2, 78]),
        ("65535", &[2, 78]),
        ("4294967296", &[2, 78]),
        ("99999999999999999999", &[2, 78]),
        ("", &[2]),
        // A uid, but of nobody: its group is unknown.
        ("4242", &[0]),
        ("--no-such-option", &[2]),
    ];
    for (user, codes) in table {
        let output = refused(&session, &["fix-runtime-dir", user], codes)?;
        if matches!(*codes, [0 | 78]) {
            let lines = output.stderr.lines().count();
            ensure!(lines == 1 && output.stdout.is_empty(), "not one line: {output}");
            ensure!(output.stderr.contains(*user), "the line does not name {user:?}: {output}");
        }
    }
    refused(&session, &["fix-runtime-dir"], &[2])?;
    for timeout in ["-1", "soon", ""] {
        refused(&session, &["fix-runtime-dir", "--timeout", timeout, "1000"], &[2])?;
    }
    // The same for a machine that reads: one object, and the same exit code in it.
    for (user, code) in [("nobody-here", 78), ("4242", 0)] {
        session.fix_untouched(&[user])?.exits(code)?;
    }
    // The good one is mended after all this.
    session.fix(&["1000"])?.exits(0)?.with_steps()?;
    session.is_mended()
}

fn beside(release: Release) -> Result<()> {
    let session = broken(release)?;
    let output = session.machine.root(&["fix-runtime-dir", "4242", "1000"]).ok()?;
    ensure!(output.stderr.contains("4242"), "{output}");
    session.looks("directory 700 1000 100")?;
    session.sh("chmod 755 /run/user/1000")?;
    // An unknown name is a wrong configuration, which does not harm the others' logins.
    let output = session.machine.root(&["fix-runtime-dir", "nobody-here", "1000"]).run()?.exits(78)?;
    ensure!(output.stderr.contains("nobody-here"), "{output}");
    Ok(())
}

fn no_root(release: Release) -> Result<()> {
    let session = broken(release)?;
    let before = session.snapshot()?;
    for user in ["1000", "tim", "1001"] {
        let output = session.machine.user("tim", &["fix-runtime-dir", user]).run()?.exits(77)?;
        ensure!(output.stderr.contains("root") && output.stderr.lines().count() == 1, "{output}");
    }
    let output = session.machine.user("tim", &["fix-linger", "ann"]).run()?.exits(77)?;
    ensure!(!output.stderr.is_empty(), "{output}");
    session.sh("test ! -e /var/lib/systemd/linger/ann")?;
    session.unchanged(&before)
}

fn no_mountinfo(release: Release) -> Result<()> {
    let session = broken(release)?;
    for hide in ["mount -t tmpfs tmpfs /proc", "umount -l /proc"] {
        let script = format!("{hide}; exec fix-runtime-dir 1000");
        let output = refused(&session, &["unshare", "--mount", "sh", "-euc", &script], &[1, 69])?;
        ensure!(output.stderr.contains("/proc"), "it does not say what it cannot read: {output}");
    }
    Ok(())
}

fn no_systemd(release: Release) -> Result<()> {
    let session = Session::without_wslg(plain(release, false).boot()?);
    session.sh("mkdir -m 755 /run/user/1000")?;
    let hide = "mount -t tmpfs tmpfs /run/systemd; exec fix-runtime-dir 1000";
    let command = ["unshare", "--fork", "--pid", "--mount", "--mount-proc", "sh", "-euc", hide];
    let output = refused(&session, &command, &[0])?;
    ensure!(output.stderr.lines().count() == 1 && output.stderr.contains("systemd"), "{output}");
    Ok(())
}

fn no_accounts(release: Release) -> Result<()> {
    let session = broken(release)?;
    session.sh("mv /etc/passwd /etc/passwd.away")?;
    refused(&session, &["fix-runtime-dir", "tim"], &[1, 69, 78])?;
    refused(&session, &["fix-runtime-dir", "1000"], &[0, 1, 69, 78])?;
    for text in
        ["", "tim", "tim:x:abc:100::/:/bin/sh", "\\0\\0\\0:::::::\\n", "tim:x:4294967295:100::/:/bin/sh"]
    {
        session.sh(&format!("printf '{text}' > /etc/passwd"))?;
        refused(&session, &["fix-runtime-dir", "tim"], &[1, 69, 78])?;
    }
    session.sh("mv /etc/passwd.away /etc/passwd; chmod 755 /run/user/1000")?;
    session.fix(&["tim"])?.exits(0)?.with_steps().map(drop)
}

fn others(release: Release) -> Result<()> {
    let session = broken(release)?;
    for (command, codes) in [
        (["fix-linger", "nobody-here"].as_slice(), [78].as_slice()),
        (&["fix-linger", ""], &[2]),
        (&["fix-linger"], &[2]),
        (&["fix-linger", "../../etc/passwd"], &[2, 78]),
        (&["fix-linger", "."], &[2, 78]),
        (&["check-user-session", "nobody-here"], &[78]),
        (&["check-user-session", ""], &[2]),
        (&["check-user-session", "tim", "ann"], &[2]),
        (&["check-user-session", "--wait", "soon"], &[2]),
    ] {
        refused(&session, command, codes)?;
        let linger = session.sh("ls /var/lib/systemd/linger")?;
        ensure!(linger.text() == "tim", "{command:?} has made a linger file: {linger}");
    }
    Ok(())
}
