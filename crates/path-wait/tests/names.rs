//! Real waits for names that appear, on the file system that the host has for temporary files. Without an event a look is
//! taken after 30 s, so a wait that ends sooner was told. Each has a root of its own, above which nothing is listened to:
//! what other tests make beside it would wake it otherwise.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use oneshot::{Deadline, Root};
use path_wait::{Outcome, Wanted, Why, wait};

/// Longer than any test may last, and longer than the pause after which a look is taken without an event.
const DEADLINE: Duration = Duration::from_secs(100);

/// Sooner than that look, with room for a host that is busy.
const SOON: Duration = Duration::from_secs(10);

fn wanted(paths: &[&str]) -> Vec<Wanted> {
    paths.iter().map(|path| Wanted { path: PathBuf::from(path), mounted: false }).collect()
}

/// Waits for all paths in one thread and makes them in another, once the first one really waits.
fn comes(root: &Root, paths: &[&str], make: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = wanted(paths);
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let waiter = scope.spawn(move || {
            let mut say = |_: &[path_wait::Missing]| {
                let _ = tell.send(());
            };
            wait(root, &wanted, Some(Deadline::after(DEADLINE)), &mut say)
        });
        told.recv_timeout(SOON).context("it does not wait")?;
        make()?;
        let made = Instant::now();
        let outcome = waiter.join().map_err(|_| anyhow::anyhow!("the waiter has died"))??;
        ensure!(outcome == Outcome::There, "{outcome:?}");
        ensure!(made.elapsed() < SOON, "nobody told: {:?} until it was seen", made.elapsed());
        Ok(())
    })
}

fn tree() -> Result<(tempfile::TempDir, Root, PathBuf)> {
    let tree = tempfile::tempdir()?;
    let (root, path) = (Root::new(tree.path()), tree.path().to_owned());
    Ok((tree, root, path))
}

/// Enough for the waiter to have gone back to sleep.
fn moment() {
    thread::sleep(Duration::from_millis(20));
}

#[test]
fn a_path_that_is_made_one_level_at_a_time() -> Result<()> {
    let (_tree, root, top) = tree()?;
    comes(&root, &["/a/b/c/d/e"], || {
        for level in ["a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e"] {
            fs::create_dir(top.join(level))?;
            moment();
        }
        Ok(())
    })
}

/// The maker and the waiter race from the start: whatever the waiter has seen, the rest must reach it.
#[test]
fn a_path_that_is_made_while_the_wait_begins_is_never_lost() -> Result<()> {
    let (_tree, root, _) = tree()?;
    for round in 0..400_u32 {
        let name = format!("/{round}/a/b/c/d");
        let path = root.join(&name);
        let started = Instant::now();
        let outcome = thread::scope(|scope| {
            scope.spawn(|| {
                for level in path.ancestors().take(5).collect::<Vec<_>>().into_iter().rev() {
                    for _ in 0..round % 7 * 40 {
                        std::hint::spin_loop();
                    }
                    fs::create_dir(level).ok();
                }
            });
            wait(&root, &wanted(&[&name]), Some(Deadline::after(DEADLINE)), &mut |_| ())
        })?;
        ensure!(outcome == Outcome::There && started.elapsed() < SOON, "round {round}: {outcome:?}");
    }
    Ok(())
}

#[test]
fn a_path_that_is_renamed_into_its_place_with_all_that_is_in_it() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::create_dir_all(top.join("new/b/c"))?;
    fs::write(top.join("new/b/c/d"), "")?;
    comes(&root, &["/a/b/c/d"], || Ok(fs::rename(top.join("new"), top.join("a"))?))
}

/// The end of a folder that somebody holds open is not told.
#[test]
fn a_folder_above_it_that_is_removed_and_made_anew() -> Result<()> {
    for is_held in [false, true] {
        let (_tree, root, top) = tree()?;
        fs::create_dir_all(top.join("a/b/c"))?;
        comes(&root, &["/a/b/c/d"], || {
            let held = is_held.then(|| File::open(top.join("a/b/c"))).transpose()?;
            fs::remove_dir_all(top.join("a"))?;
            moment();
            fs::create_dir_all(top.join("a/b/c"))?;
            moment();
            fs::write(top.join("a/b/c/d"), "")?;
            drop(held);
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn a_folder_above_it_that_is_exchanged_for_another() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::create_dir_all(top.join("a/b/c"))?;
    fs::create_dir_all(top.join("other/b/c"))?;
    comes(&root, &["/a/b/c/d"], || {
        fs::rename(top.join("a"), top.join("old"))?;
        fs::rename(top.join("other"), top.join("a"))?;
        moment();
        // In the old one it is of no interest.
        fs::write(top.join("old/b/c/d"), "")?;
        moment();
        Ok(fs::write(top.join("a/b/c/d"), "")?)
    })
}

#[test]
fn a_link_above_it_that_is_exchanged_for_another() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::create_dir_all(top.join("one/b"))?;
    fs::create_dir_all(top.join("two/b"))?;
    symlink("one", top.join("now"))?;
    symlink("/now", top.join("link"))?;
    comes(&root, &["/link/b/c"], || {
        symlink("two", top.join("now.new"))?;
        fs::rename(top.join("now.new"), top.join("now"))?;
        moment();
        Ok(fs::write(top.join("two/b/c"), "")?)
    })?;
    fs::remove_file(top.join("two/b/c"))?;
    fs::write(top.join("one/b/c"), "")?;
    comes(&root, &["/link/b/c"], || {
        symlink("one", top.join("now.new"))?;
        Ok(fs::rename(top.join("now.new"), top.join("now"))?)
    })
}

#[test]
fn a_link_to_nothing_waits_for_what_it_leads_to() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::create_dir(top.join("elsewhere"))?;
    symlink("/elsewhere/b", top.join("a"))?;
    comes(&root, &["/a"], || Ok(fs::write(top.join("elsewhere/b"), "")?))?;
    comes(&root, &["/c/b"], || {
        symlink("dangling", top.join("c"))?;
        moment();
        Ok(symlink("elsewhere", top.join("dangling"))?)
    })
}

#[test]
fn a_file_in_the_place_of_a_folder_is_waited_out() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::write(top.join("a"), "")?;
    comes(&root, &["/a/b"], || {
        fs::remove_file(top.join("a"))?;
        fs::create_dir(top.join("a"))?;
        moment();
        Ok(fs::write(top.join("a/b"), "")?)
    })
}

#[test]
fn several_paths_must_be_there_at_the_same_time() -> Result<()> {
    let (_tree, root, top) = tree()?;
    let (one, two) = (top.join("one"), top.join("x/two"));
    comes(&root, &["/one", "/x/two"], || {
        fs::write(&one, "")?;
        moment();
        fs::remove_file(&one)?;
        fs::create_dir(top.join("x"))?;
        fs::write(&two, "")?;
        moment();
        Ok(fs::write(&one, "")?)
    })
}

#[test]
fn at_the_deadline_each_path_that_is_missing_is_told() -> Result<()> {
    let (_tree, root, top) = tree()?;
    fs::create_dir(top.join("there"))?;
    let (started, span) = (Instant::now(), Duration::from_millis(300));
    let wanted = wanted(&["/there", "/a/b", "/there/c"]);
    let outcome = wait(&root, &wanted, Some(Deadline::after(span)), &mut |_| ())?;
    ensure!(started.elapsed() >= span && started.elapsed() < SOON);
    let Outcome::Over(missing) = outcome else { anyhow::bail!("{outcome:?}") };
    let told: Vec<String> = missing.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["/a/b is missing from /a on", "/there/c is missing from /there/c on"]);
    assert_eq!(missing[0].why, Why::From(PathBuf::from("/a")));
    Ok(())
}
