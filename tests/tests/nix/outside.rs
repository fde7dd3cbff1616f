//! What the nix-darwin module puts outside of the store, by the script that does it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::repository;

const FOLDER: &str = "/usr/local/libexec/mendutils";
const SUDOERS: &str = "/etc/sudoers.d/mendutils";
const RULE: &str = "%admin ALL=(root) NOPASSWD: /usr/local/libexec/mendutils/fix-current-system\n";

/// A Mac's root, as far as it matters here.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Result<Self> {
        let tree = Self(tempfile::tempdir()?);
        fs::set_permissions(tree.0.path(), fs::Permissions::from_mode(0o755))?;
        fs::create_dir_all(tree.path("/private/etc"))?;
        symlink("private/etc", tree.path("/etc"))?;
        Ok(tree)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn install(&self, what: &str, arguments: &[&str], input: &str) -> Result<Output> {
        let mut child = Command::new("bash")
            .arg(repository().join("nix/install-outside.sh"))
            .arg(what)
            .arg(self.0.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("running nix/install-outside.sh")?;
        child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
        child.wait_with_output().context("waiting for nix/install-outside.sh")
    }

    fn program(&self, name: &str, text: &str) -> Result<String> {
        let file = self.path("/store").join(name);
        fs::create_dir_all(file.parent().context("no parent")?)?;
        fs::write(&file, text)?;
        Ok(file.to_str().context("no UTF-8")?.to_owned())
    }
}

fn works(output: &Output) -> Result<()> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn refuses(output: &Output, words: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && said.contains(words), "{}: {said}", output.status);
    Ok(())
}

fn inode(path: &Path) -> Result<u64> {
    Ok(fs::symlink_metadata(path)?.ino())
}

/// Regular files, for root to change alone; and what is right is not written again.
pub(crate) fn programs_are_copies_that_stay_current() -> Result<()> {
    let tree = Tree::new()?;
    let [one, two] = [tree.program("one", "1")?, tree.program("two", "2")?];
    let install = || tree.install("programs", &[FOLDER, &one, &two], "");
    works(&install()?)?;
    let (first, second) = (tree.path(FOLDER).join("one"), tree.path(FOLDER).join("two"));
    ensure!(fs::symlink_metadata(&first)?.mode() == 0o100_555, "{:o}", fs::symlink_metadata(&first)?.mode());
    ensure!(fs::metadata(tree.path(FOLDER))?.mode() & 0o777 == 0o755, "the folder is not 0755");
    let before = (inode(&first)?, inode(&second)?);
    let again = install()?;
    works(&again)?;
    ensure!(again.stderr.is_empty() && before == (inode(&first)?, inode(&second)?), "written again");
    tree.program("one", "1 and newer")?;
    works(&install()?)?;
    ensure!(fs::read_to_string(&first)? == "1 and newer", "not renewed");
    ensure!(inode(&first)? != before.0 && inode(&second)? == before.1, "not by a rename, or not the one");
    // A link in its place would lead into a store that is not there.
    fs::remove_file(&second)?;
    symlink(&two, &second)?;
    works(&install()?)?;
    ensure!(fs::symlink_metadata(&second)?.is_file(), "it is still a link");
    fs::set_permissions(&second, fs::Permissions::from_mode(0o777))?;
    works(&install()?)?;
    ensure!(fs::metadata(&second)?.mode() & 0o777 == 0o555, "its mode was left");
    ensure!(fs::read_dir(tree.path(FOLDER))?.count() == 2, "something was left behind");
    Ok(())
}

/// Root executes what is there.
pub(crate) fn a_folder_that_others_can_change_is_refused() -> Result<()> {
    let tree = Tree::new()?;
    let one = tree.program("one", "1")?;
    fs::create_dir_all(tree.path("/usr/local"))?;
    fs::set_permissions(tree.path("/usr/local"), fs::Permissions::from_mode(0o775))?;
    refuses(&tree.install("programs", &[FOLDER, &one], "")?, "sudo chmod go-w")?;
    fs::remove_dir(tree.path("/usr/local"))?;
    symlink("/tmp", tree.path("/usr/local"))?;
    refuses(&tree.install("programs", &[FOLDER, &one], "")?, "is a link")?;
    ensure!(!tree.path(FOLDER).exists(), "something was installed");
    Ok(())
}

/// A file that sudo cannot read takes every rule away.
pub(crate) fn a_rule_that_visudo_refuses_changes_nothing() -> Result<()> {
    if Command::new("visudo").arg("-V").output().is_err() {
        return lab::skip("visudo (Debian: sudo)");
    }
    let tree = Tree::new()?;
    works(&tree.install("sudoers", &[SUDOERS], RULE)?)?;
    let file = tree.path(SUDOERS);
    ensure!(fs::read_to_string(&file)? == RULE && fs::metadata(&file)?.mode() & 0o777 == 0o440, "not there");
    refuses(&tree.install("sudoers", &[SUDOERS], "%admin ALL=(root NOPASSWD\n")?, "visudo refuses")?;
    ensure!(fs::read_to_string(&file)? == RULE, "it was changed");
    ensure!(fs::read_dir(file.parent().context("no parent")?)?.count() == 1, "something was left behind");
    works(&tree.install("sudoers", &[SUDOERS], "")?)?;
    ensure!(!file.exists(), "nobody is allowed anything, and the file is there");
    Ok(())
}

/// What is in the file is somebody else's.
pub(crate) fn a_hook_is_one_line_in_a_file_that_stays() -> Result<()> {
    let tree = Tree::new()?;
    works(&tree.install("programs", &[FOLDER], "")?)?;
    let snippet = format!("{FOLDER}/activation.zsh");
    let install = |text: &str| tree.install("hook", &[&snippet, "/etc/zlogin", ". hook"], text);
    works(&install("echo 1\n")?)?;
    let zlogin = tree.path("/etc/zlogin");
    ensure!(fs::read_to_string(&zlogin)? == ". hook\n", "not there");
    fs::write(&zlogin, "mine\n")?;
    fs::set_permissions(&zlogin, fs::Permissions::from_mode(0o640))?;
    works(&install("echo 2\n")?)?;
    ensure!(fs::read_to_string(&zlogin)? == "mine\n. hook\n", "{}", fs::read_to_string(&zlogin)?);
    ensure!(fs::metadata(&zlogin)?.mode() & 0o777 == 0o640, "its mode was changed");
    ensure!(fs::read_to_string(tree.path(&snippet))? == "echo 2\n", "the snippet was not renewed");
    let before = inode(&zlogin)?;
    works(&install("echo 2\n")?)?;
    ensure!(inode(&zlogin)? == before, "written again");
    fs::remove_file(&zlogin)?;
    symlink("/nix/store/x/zlogin", &zlogin)?;
    let output = install("echo 2\n")?;
    works(&output)?;
    ensure!(String::from_utf8_lossy(&output.stderr).contains("is a link"), "not told");
    Ok(())
}

pub(crate) fn the_name_for_people_leads_to_the_program() -> Result<()> {
    let tree = Tree::new()?;
    let install = |to: &str| tree.install("link", &["/usr/local/bin/nix-recover", to], "");
    works(&install("/old")?)?;
    works(&install("/usr/local/libexec/mendutils/recover-activation")?)?;
    let link = tree.path("/usr/local/bin/nix-recover");
    ensure!(
        fs::read_link(&link)? == Path::new("/usr/local/libexec/mendutils/recover-activation"),
        "{link:?}"
    );
    ensure!(fs::read_dir(tree.path("/usr/local/bin"))?.count() == 1, "something was left behind");
    Ok(())
}
