//! Unit paths with files, drop-ins in every form, and folders that are no folders.

use super::*;
use anyhow::Result;
use oneshot::Root;

fn tree(files: &[&str]) -> Result<(tempfile::TempDir, Tree)> {
    let folder = tempfile::tempdir()?;
    for file in files {
        let path = folder.path().join(file.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, "[Unit]\n")?;
    }
    let root = Root::new(folder.path());
    let path = ["/etc/u", "/run/u", "/usr/u"].map(PathBuf::from);
    let tree = Tree::read(&Resolver::new(&root), &path);
    Ok((folder, tree))
}

fn told(tree: &Tree, names: &[&str]) -> Vec<String> {
    tree.drop_ins(names).iter().map(|one| one.path.display().to_string()).collect()
}

#[test]
fn all_four_forms_merge_by_file_name() -> Result<()> {
    let (_folder, tree) = tree(&[
        "/usr/u/a-b@.service",
        "/usr/u/a-b@1.service.d/40.conf",
        "/etc/u/a-b@.service.d/30.conf",
        "/run/u/a-.service.d/20.conf",
        "/run/u/a-@.service.d/25.conf",
        "/etc/u/service.d/10.conf",
        "/etc/u/service.d/.hidden.conf",
        "/etc/u/service.d/note.txt",
        "/etc/u/socket.d/10.conf",
    ])?;
    assert_eq!(
        told(&tree, &["a-b@1.service"]),
        [
            "/etc/u/service.d/10.conf",
            "/run/u/a-@.service.d/25.conf",
            "/etc/u/a-b@.service.d/30.conf",
            "/usr/u/a-b@1.service.d/40.conf",
        ]
    );
    assert_eq!(tree.fragment("a-b@1.service"), Some((2, PathBuf::from("/usr/u/a-b@.service"))));
    assert_eq!(tree.fragment("b.service"), None);
    Ok(())
}

#[test]
fn of_one_file_name_the_earlier_directory_wins_but_the_type_loses() -> Result<()> {
    let (_folder, tree) = tree(&[
        "/usr/u/a.service",
        "/usr/u/a.service.d/x.conf",
        "/run/u/a.service.d/x.conf",
        "/etc/u/service.d/x.conf",
    ])?;
    let merged = tree.drop_ins(&["a.service"]);
    let hides = ["/usr/u/a.service.d/x.conf", "/etc/u/service.d/x.conf"].map(PathBuf::from).to_vec();
    assert_eq!(merged, [DropIn { path: "/run/u/a.service.d/x.conf".into(), directory: 1, hides }]);
    Ok(())
}

#[test]
fn an_alias_brings_its_drop_ins() -> Result<()> {
    let (_folder, tree) = tree(&["/usr/u/a.service.d/1.conf", "/usr/u/z.service.d/0.conf"])?;
    assert_eq!(
        told(&tree, &["a.service", "z.service"]),
        ["/usr/u/z.service.d/0.conf", "/usr/u/a.service.d/1.conf"]
    );
    Ok(())
}

#[test]
fn a_directory_by_two_names_counts_once() -> Result<()> {
    let (folder, _) = tree(&["/etc/u/a.service", "/etc/u/a.service.d/1.conf", "/usr/u/a.service"])?;
    std::os::unix::fs::symlink("etc", folder.path().join("xdg"))?;
    let root = Root::new(folder.path());
    let path = ["/xdg/u", "/etc/u", "/usr/u"].map(PathBuf::from);
    let tree = Tree::read(&Resolver::new(&root), &path);
    assert_eq!(told(&tree, &["a.service"]), ["/etc/u/a.service.d/1.conf"]);
    let candidates: Vec<PathBuf> = tree.candidates("a.service").map(|(_, path)| path).collect();
    assert_eq!(candidates, ["/etc/u/a.service", "/usr/u/a.service"].map(PathBuf::from));
    assert!(tree.drop_ins(&["a.service"]).iter().all(|one| one.hides.is_empty()));
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_listed_is_known_by_its_name() -> Result<()> {
    let (folder, _) = tree(&["/etc/u/a.service", "/etc/u/b.service.d/1.conf", "/etc/u/c.service.d"])?;
    std::os::unix::fs::symlink("a.service.d", folder.path().join("etc/u/a.service.d"))?;
    std::os::unix::fs::symlink("gone", folder.path().join("etc/u/d.service.d"))?;
    let root = Root::new(folder.path());
    let tree = Tree::read(&Resolver::new(&root), &["/etc/u".into()]);
    let unreadable: Vec<&Path> = tree.unreadable.iter().map(|(path, _)| path.as_path()).collect();
    assert_eq!(unreadable, [Path::new("/etc/u/a.service.d")]);
    assert_eq!(told(&tree, &["b.service"]), ["/etc/u/b.service.d/1.conf"]);
    Ok(())
}

#[test]
fn names_that_are_no_units_and_missing_directories_are_passed_over() -> Result<()> {
    let (_folder, tree) =
        tree(&["/etc/u/a b.service", "/etc/u/README", "/etc/u/a.service", "/etc/u/.a.service.swp"])?;
    assert_eq!(tree.units().collect::<Vec<_>>(), ["a.service"]);
    let states: Vec<_> =
        tree.directories.iter().map(|one| matches!(one.state, State::Listed { .. })).collect();
    assert_eq!(states, [true, false, false]);
    Ok(())
}
