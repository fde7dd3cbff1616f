//! What is wrong with the system, its store and its files.

use super::jobs::at_the_screen;
use super::*;

pub(crate) fn lf4_a_volume_that_is_away_is_the_cause_of_all() -> Outcome {
    let mac = Mac::new()?;
    fs::remove_dir_all(mac.tree.path("nix"))?;
    mac.tree.folder("nix")?;
    mac.write("etc/synthetic.conf", "nix\nrun\tprivate/var/run\n")?;
    at_the_screen(&mac)?;
    mac.write("var/log/determinate-nix-init.log", "a password is wanted\n")?;
    let told = mac.told(&[])?;
    let wrong = [("store-volume", "fail", "LF4"), ("login-shell", "fail", "LF13")];
    // Without root it is the test's own user whose shell counts, and who is not in the tree.
    told.is(1, if testbed::own().0 == 0 { &wrong } else { &wrong[..1] })?;
    told.says("store-volume", &["nix-recover", "says of this boot: a password is wanted"])?;
    told.says("current-system", &["cannot be judged while the store is away"])
}

pub(crate) fn lf8_failed_checks_with_a_right_link_are_a_warning() -> Outcome {
    let mac = Mac::new()?;
    mac.ended(ACTIVATE, 1)?;
    let told = mac.told(&[])?;
    told.is(0, &[("job-ended", "warn", "LF8")])?;
    told.says("job-ended", &["harmless for the link", "App Management", "darwin-rebuild activate"])?;
    // Without the link the same exit is a failure.
    mac.remove(CURRENT)?;
    mac.told(&[])?.is(1, &[("current-system", "fail", "LF1"), ("job-ended", "fail", "-")])?;
    // Of another daemon it is its own affair.
    let mac = Mac::new()?;
    mac.ended(X, 1)?;
    mac.told(&[])?.is(0, &[("job-ended", "warn", "-")])
}

pub(crate) fn lf8_files_of_another_system_are_a_failure() -> Outcome {
    let mac = Mac::new()?;
    mac.link("etc/static", &format!("/{OTHER}"))?;
    mac.told(&[])?.is(1, &[("etc-static", "fail", "LF8")])
}

pub(crate) fn lf9_files_that_an_upgrade_replaced_are_listed() -> Outcome {
    let mac = Mac::new()?;
    mac.write("etc/zshrc", "Apple's")?;
    let told = mac.told(&[])?;
    told.is(1, &[("etc-files", "fail", "LF9")])?;
    told.says("etc-files", &["/etc/zshrc", "sudo mv /etc/zshrc /etc/zshrc.before-nix-darwin"])?;
    mac.remove("etc/zshrc")?;
    mac.told(&[])?.is(0, &[("etc-files", "warn", "-")])
}

pub(crate) fn lf10_a_link_to_another_system_is_stale() -> Outcome {
    let mac = Mac::new()?;
    mac.link(CURRENT, &format!("/{OTHER}"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF10")])?;
    told.says("current-system", &[OTHER, "darwin-rebuild activate"])
}

pub(crate) fn lf11_run_is_judged_with_its_manifest() -> Outcome {
    let mac = Mac::new()?;
    mac.remove("run")?;
    mac.write("etc/synthetic.conf", "run private/var/run\n")?;
    let told = mac.told(&["--offline"])?;
    told.is(1, &[("run-folder", "fail", "LF11"), ("current-system", "fail", "LF11")])?;
    told.says("run-folder", &["/etc/synthetic.conf", "line 1", "apfs.util -t", "253"])
}

pub(crate) fn lf12_a_link_that_leads_nowhere_is_dangling() -> Outcome {
    let mac = Mac::new()?;
    mac.link(CURRENT, "/nix/store/ffffffffffffffffffffffffffffffff-gone")?;
    let told = mac.told(&[])?;
    told.is(1, &[("current-system", "fail", "LF12")])?;
    told.says("current-system", &["collected", "fix-current-system"])
}

pub(crate) fn lf13_a_login_shell_that_cannot_be_reached_is_told() -> Outcome {
    if testbed::lacks_root() {
        return Ok(());
    }
    let mac = Mac::new()?;
    at_the_screen(&mac)?;
    mac.told(&[])?.is(0, &[])?;
    mac.remove(&format!("{SYSTEM}/sw/bin/zsh"))?;
    let told = mac.told(&[])?;
    told.is(1, &[("login-shell", "fail", "LF13")])?;
    told.says("login-shell", &["chsh -s /bin/zsh"])
}
