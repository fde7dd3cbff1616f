//! Paths that lead somewhere, nowhere, and too far.

use super::*;
use anyhow::{Result, bail};
use std::os::unix::fs::symlink;

fn tree() -> Result<(tempfile::TempDir, Root)> {
    let tree = tempfile::tempdir()?;
    fs::create_dir_all(tree.path().join("store/a/etc"))?;
    fs::write(tree.path().join("store/a/etc/x"), "x")?;
    fs::create_dir(tree.path().join("etc"))?;
    let root = Root::new(tree.path());
    Ok((tree, root))
}

fn found(resolver: &Resolver<'_>, path: &str) -> Result<PathBuf> {
    match resolver.follow(Path::new(path)) {
        Place::Found(found) => Ok(found.path),
        other => bail!("{path}: {other:?}"),
    }
}

#[test]
fn an_absolute_link_stays_below_the_root() -> Result<()> {
    let (tree, root) = tree()?;
    symlink("/store/a/etc", tree.path().join("etc/static"))?;
    symlink("static/x", tree.path().join("etc/x"))?;
    symlink("../../../../store/../store/a/etc/x", tree.path().join("etc/up"))?;
    let resolver = Resolver::new(&root);
    for path in ["/etc/x", "/etc/static/x", "/etc/up", "/etc/../etc/./x"] {
        assert_eq!(found(&resolver, path)?, Path::new("/store/a/etc/x"), "{path}");
    }
    assert_eq!(found(&resolver, "/")?, Path::new("/"));
    assert_eq!(resolver.place(Path::new("/etc/static/new")), Some(PathBuf::from("/store/a/etc/new")));
    Ok(())
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_ends() -> Result<()> {
    let (tree, root) = tree()?;
    symlink("/store/gone/x", tree.path().join("etc/x"))?;
    symlink("/etc/b", tree.path().join("etc/a"))?;
    symlink("a", tree.path().join("etc/b"))?;
    symlink("/dev/null", tree.path().join("etc/masked"))?;
    symlink("masked", tree.path().join("etc/also"))?;
    let resolver = Resolver::new(&root);
    let end = |path: &str| resolver.follow(Path::new(path));
    assert!(matches!(end("/etc/x"), Place::Missing(at) if at == Path::new("/store/gone")));
    assert!(matches!(end("/store/a/etc/x/y"), Place::Missing(_)));
    assert!(matches!(end("/etc/a"), Place::Loop(_)));
    assert!(matches!(end("/etc/a/b/c"), Place::Loop(_)));
    assert!(matches!(end("/etc/also"), Place::Null));
    assert_eq!(resolver.place(Path::new("/nothing/x")), None);
    Ok(())
}

#[test]
fn the_youngest_link_on_the_way_is_known() -> Result<()> {
    let (tree, root) = tree()?;
    symlink("/store/a", tree.path().join("etc/link"))?;
    let link = changed(&fs::symlink_metadata(tree.path().join("etc/link"))?);
    let resolver = Resolver::new(&root);
    let Place::Found(found) = resolver.follow(Path::new("/etc/link/etc/x")) else { bail!("not found") };
    assert_eq!(found.youngest_link, Some(link));
    let resolver = Resolver::new(&root).unchanging(Path::new("/store"));
    let Place::Found(found) = resolver.follow(Path::new("/etc/link/etc/x")) else { bail!("not found") };
    assert_eq!(found.changed(), link);
    Ok(())
}
/// Links that each climb and descend in most of the 4096 bytes that the text of a link may have.
#[test]
fn a_user_cannot_lead_it_into_the_depth() -> Result<()> {
    let (tree, root) = tree()?;
    let climbs = |by: usize, to: &str| format!("/etc/{}{to}", "../etc/".repeat(by));
    symlink(climbs(500, "l1"), tree.path().join("etc/l0"))?;
    for number in 1..30 {
        symlink(climbs(500, &format!("l{}", number + 1)), tree.path().join(format!("etc/l{number}")))?;
    }
    symlink("/store/a/etc/x", tree.path().join("etc/l30"))?;
    let resolver = Resolver::new(&root);
    let far = resolver.follow(Path::new("/etc/l0"));
    assert!(matches!(&far, Place::Unreadable(_, reason) if reason.to_string().contains("parts")), "{far:?}");
    assert_eq!(found(&resolver, "/etc/l30")?, Path::new("/store/a/etc/x"));
    let deep = Path::new("/etc").join("d/".repeat(100_000)).join("x");
    assert!(matches!(resolver.follow(&deep), Place::Missing(at) if at == Path::new("/etc/d")));
    assert_eq!(resolver.place(&deep), None);
    Ok(())
}

/// As many links as the kernel follows, with what is remembered of the folders on the way as without.
#[test]
fn it_follows_as_many_links_as_the_kernel() -> Result<()> {
    let (tree, root) = tree()?;
    symlink("../store/a/etc", tree.path().join("etc/d0"))?;
    for number in 1..=45 {
        symlink(format!("d{}", number - 1), tree.path().join(format!("etc/d{number}")))?;
    }
    let fresh = |path: &str| Resolver::new(&root).follow(Path::new(path));
    let known = Resolver::new(&root);
    for number in 0..=45 {
        let path = format!("/etc/d{number}/x");
        let by_kernel = fs::metadata(root.join(&path)).is_ok();
        for place in [fresh(&path), known.follow(Path::new(&path))] {
            let is_followed = match place {
                Place::Found(_) => true,
                Place::Loop(_) => false,
                other => bail!("{path}: {other:?}"),
            };
            assert_eq!(is_followed, by_kernel, "{path}");
        }
    }
    Ok(())
}

#[test]
fn the_folders_on_the_way_are_those_of_the_links_too() -> Result<()> {
    let (tree, root) = tree()?;
    symlink("/store/a/etc", tree.path().join("etc/static"))?;
    let resolver = Resolver::new(&root).noting();
    assert!(matches!(resolver.follow(Path::new("/etc/static/new/x")), Place::Missing(_)));
    let passed: Vec<PathBuf> = resolver.passed().into_iter().collect();
    assert_eq!(passed, ["/", "/etc", "/store", "/store/a", "/store/a/etc"].map(PathBuf::from));
    Ok(())
}
