//! Trees with what nix-darwin and Home Manager write.

use std::os::unix::fs::symlink;

use oneshot::Root;

use super::*;

const ACTIVATE: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system/activate";
const HOME: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-activation-tim";
const INNER: &str = "/nix/store/cccccccccccccccccccccccccccccccc-home-manager-generation/activate";

/// As both projects have it, but for their messages.
const CHECK: &str = "  tccutil reset SystemPolicyAppBundles > /dev/null\n";

struct Tree(tempfile::TempDir);

impl Tree {
    /// An activation that runs Home Manager's as the third script of a chain.
    fn new(own: &str, inner: &str) -> Result<Self> {
        let tree = Self(tempfile::tempdir()?);
        tree.write(ACTIVATE, &format!("#!/usr/bin/env -i bash\n{own}\nsudo -u tim --set-home {HOME}\n"))?;
        tree.write(HOME, &format!("#!/bin/sh\nexec {INNER} --driver-version 1\n"))?;
        tree.write(INNER, &format!("#!/bin/sh\n{inner}\n# {ACTIVATE}\necho {ACTIVATE}\n"))?;
        Ok(tree)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::create_dir_all(self.at(path).parent().context("no parent")?)?;
        Ok(fs::write(self.at(path), text)?)
    }

    fn grants(&self) -> Result<Grants> {
        read(&Resolver::new(&Root::new(self.0.path())), Path::new(ACTIVATE))
    }

    fn is_safe(&self) -> Result<bool> {
        Ok(matches!(self.grants()?, Grants::Safe(_)))
    }
}

#[test]
fn without_such_a_command_nothing_is_at_risk() -> Result<()> {
    assert!(Tree::new("echo", "echo")?.is_safe()?);
    Ok(())
}

#[test]
fn with_it_the_applications_decide() -> Result<()> {
    let own = format!("for appBundle in /Applications/Nix\\ Apps/*.app; do\n{CHECK}");
    let tree = Tree::new(&own, "echo")?;
    assert!(tree.is_safe()?);
    fs::create_dir_all(tree.at("/Applications/Nix Apps"))?;
    tree.write("/Applications/Nix Apps/readme", "")?;
    assert!(tree.is_safe()?);
    fs::create_dir(tree.at("/Applications/Nix Apps/kitty.app"))?;
    let Grants::AtRisk(reason) = tree.grants()? else { anyhow::bail!("safe") };
    assert_eq!(reason, "it would touch /Applications/Nix Apps/kitty.app");
    Ok(())
}

#[test]
fn home_managers_check_is_found_behind_two_others() -> Result<()> {
    let inner = format!("for appBundle in 'Applications/Home Manager Apps/'*.app; do\n{CHECK}");
    let tree = Tree::new("echo", &inner)?;
    fs::create_dir_all(tree.at("/Users/tim/Applications"))?;
    symlink("/nix/store/x", tree.at("/Users/tim/Applications/Home Manager Apps"))?;
    assert!(tree.is_safe()?, "a folder that is a link is not touched");
    fs::remove_file(tree.at("/Users/tim/Applications/Home Manager Apps"))?;
    fs::create_dir_all(tree.at("/Users/tim/Applications/Home Manager Apps/a.app"))?;
    assert!(!tree.is_safe()?);
    Ok(())
}

#[test]
fn what_is_not_understood_is_at_risk() -> Result<()> {
    let tree = Tree::new("echo", "tccutil reset SystemPolicySysAdminFiles > /dev/null")?;
    let Grants::AtRisk(reason) = tree.grants()? else { anyhow::bail!("safe") };
    assert!(reason.contains(INNER) && reason.contains("SystemPolicySysAdminFiles"), "{reason}");
    Ok(())
}

#[test]
fn executables_and_circles_are_passed_over() -> Result<()> {
    let tree = Tree::new("echo", "echo")?;
    fs::write(tree.at(HOME), b"\x7fELF\0tccutil reset All")?;
    assert!(tree.is_safe()?);
    Ok(())
}
