//! What is wrong with a file, and what is not.

use super::*;
use oneshot::Root;
use std::fs;

const TARGET: Option<&str> = Some("private/var/run");

fn manifest(text: &str) -> Manifest {
    let lines = Lines { entries: parse(text), is_ended: text.ends_with('\n'), mode: 0o644, uid: 0 };
    Manifest { path: FILE.into(), content: Ok(lines) }
}

fn found(manifests: &[Manifest]) -> Vec<Fault> {
    faults(manifests, "run", TARGET).into_iter().map(|(_, fault)| fault).collect()
}

#[test]
fn each_cause_is_told_precisely() {
    let good = "# mine\n\nnix\nrun\tprivate/var/run\n";
    for (text, expected) in [
        (good, vec![]),
        ("run\t/private/var/run/\n", vec![]),
        ("nix\n", vec![Fault::NotDeclared]),
        ("", vec![Fault::NotDeclared]),
        ("#run\tprivate/var/run\n", vec![Fault::NotDeclared]),
        ("running\tprivate/var/run\n", vec![Fault::NotDeclared]),
        ("nix\nrun private/var/run\n", vec![Fault::NoTab(2)]),
        ("run\n", vec![Fault::Other(1, None)]),
        ("run\t\n", vec![Fault::Other(1, None)]),
        ("run\tvar/run\n", vec![Fault::Other(1, Some("var/run".into()))]),
        ("run\tprivate/var/run\nnix\nrun\tprivate/var/run\n", vec![Fault::Twice(vec![1, 3])]),
        ("nix\nrun\tprivate/var/run", vec![Fault::NotEnded]),
    ] {
        assert_eq!(found(&[manifest(text)]), expected, "{text:?}");
    }
}

#[test]
fn mode_owner_and_a_second_file_count_too() {
    let good = manifest("run\tprivate/var/run\n");
    let with = |mode, uid| {
        let content = good.content.clone().map(|lines| Lines { mode, uid, ..lines });
        Manifest { content, ..good.clone() }
    };
    assert_eq!(found(&[with(0o600, 0)]), [Fault::Mode(0o600)]);
    assert_eq!(found(&[with(0o644, 501)]), [Fault::Owner(501)]);
    assert_eq!(found(&[good.clone(), good.clone()]), [Fault::Twice(Vec::new())]);
    let missing = Manifest { path: FILE.into(), content: Err(Fault::NoFile) };
    assert_eq!(found(std::slice::from_ref(&missing)), [Fault::NoFile]);
    assert_eq!(found(&[missing, good]), []);
}

#[test]
fn a_folder_is_made_of_a_line_with_one_column() {
    let nix = manifest("nix\n");
    assert_eq!(faults(std::slice::from_ref(&nix), "nix", None), []);
    assert_eq!(faults(&[nix], "run", TARGET), [(PathBuf::from(FILE), Fault::NotDeclared)]);
}

#[test]
fn the_files_are_read_through_the_link_that_etc_is() -> Result<()> {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let tree = tempfile::tempdir()?;
    fs::create_dir_all(tree.path().join("private/etc/synthetic.d"))?;
    symlink("private/etc", tree.path().join("etc"))?;
    let root = Root::new(tree.path());
    let read = || read(&Resolver::new(&root));
    assert_eq!(read()?, [Manifest { path: FILE.into(), content: Err(Fault::NoFile) }]);
    let file = tree.path().join("private/etc/synthetic.conf");
    fs::write(&file, "run\tprivate/var/run\n")?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    fs::write(tree.path().join("private/etc/synthetic.d/nix"), "nix\n")?;
    let manifests = read()?;
    assert_eq!(manifests.len(), 2);
    assert!(found(&manifests).contains(&Fault::Mode(0o600)));
    fs::write(&file, "x".repeat(1 << 20))?;
    assert_eq!(found(&read()?), [Fault::TooLong]);
    Ok(())
}
