//! Small trees, in the shapes that the real fixes and mistakes have (NixOS-WSL 562aa05, 5d76001, WSL#8918).

use super::*;

const UNIT: &str = "user-runtime-dir@.service";

/// The file as systemd 252 ships it, shortened.
const VENDOR: &str = "[Unit]\nDescription=User Runtime Directory /run/user/%i\nAfter=dbus.service\n\n[Service]\n\
ExecStart=/lib/systemd/systemd-user-runtime-dir start %i\nExecStop=/lib/systemd/systemd-user-runtime-dir stop %i\n\
Type=oneshot\nRemainAfterExit=yes\n";

struct Tree {
    directory: tempfile::TempDir,
    root: Root,
}

impl Tree {
    fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let root = Root::new(directory.path());
        let tree = Self { directory, root };
        tree.write(&format!("/usr/lib/systemd/system/{UNIT}"), VENDOR)?;
        Ok(tree)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(self.directory.path()))?;
        Ok(fs::write(path, text)?)
    }

    fn link(&self, path: &str, target: &str) -> Result<()> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(self.directory.path()))?;
        Ok(std::os::unix::fs::symlink(target, path)?)
    }

    fn overrides(&self) -> Result<Overrides> {
        overrides(&self.root, UNIT, "1000")
    }

    fn read(&self) -> Result<UnitFiles> {
        read(&self.root, "user-runtime-dir@1000.service")
    }
}

fn told(overrides: &Overrides) -> Vec<String> {
    overrides.settings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_vendors_own_file_is_no_override() -> Result<()> {
    let tree = Tree::new()?;
    assert_eq!(tree.overrides()?, Overrides::default());
    assert_eq!(tree.read()?.effective("Service", "ExecStart").len(), 1);
    Ok(())
}

#[test]
fn a_condition_of_a_template_drop_in_is_told_with_its_line() -> Result<()> {
    let tree = Tree::new()?;
    tree.write(
        "/etc/systemd/system/user-runtime-dir@.service.d/overrides.conf",
        "[Unit]\n# NixOS-WSL, 2024-04\nConditionPathExists=!/run/user/%i\n",
    )?;
    assert_eq!(
        told(&tree.overrides()?),
        [
            "/etc/systemd/system/user-runtime-dir@.service.d/overrides.conf:3: ConditionPathExists=!/run/user/%i"
        ]
    );
    Ok(())
}

#[test]
fn a_drop_in_of_the_instance_a_prefix_and_the_type_apply() -> Result<()> {
    let tree = Tree::new()?;
    tree.write("/run/systemd/system/user-runtime-dir@1000.service.d/30-a.conf", "[Service]\nNice=1\n")?;
    tree.write("/etc/systemd/system/user-@.service.d/20-b.conf", "[Service]\nNice=2\n")?;
    tree.write("/etc/systemd/system/service.d/10-c.conf", "[Service]\nNice=3\n")?;
    tree.write("/etc/systemd/system/user-runtime-dir@1001.service.d/40-d.conf", "[Service]\nNice=4\n")?;
    tree.write("/etc/systemd/system/user-runtime-dir@1000.service.d/50-e.txt", "[Service]\nNice=5\n")?;
    let values: Vec<_> = tree.overrides()?.settings.into_iter().map(|set| set.value).collect();
    assert_eq!(values, ["3", "2", "1"]);
    Ok(())
}

#[test]
fn an_exec_start_that_replaces_systemds_own_is_what_counts() -> Result<()> {
    let tree = Tree::new()?;
    tree.write(
        "/etc/systemd/system/user-runtime-dir@.service.d/10-wsl.conf",
        "[Service]\nExecStart=\nExecStart=true\n",
    )?;
    let files = tree.read()?;
    let values: Vec<_> =
        files.effective("Service", "ExecStart").iter().map(|set| set.value.clone()).collect();
    assert_eq!(values, ["true"]);
    Ok(())
}

#[test]
fn one_empty_condition_drops_those_of_every_kind() -> Result<()> {
    let tree = Tree::new()?;
    let directory = "/etc/systemd/system/user-runtime-dir@.service.d";
    tree.write(&format!("{directory}/10-a.conf"), "[Unit]\nConditionPathIsMountPoint=!/run/user/%i\n")?;
    tree.write(&format!("{directory}/20-b.conf"), "[Unit]\nConditionPathExists=\n")?;
    assert!(tree.read()?.effective("Unit", "ConditionPathIsMountPoint").is_empty());
    assert_eq!(tree.overrides()?, Overrides::default());
    Ok(())
}

#[test]
fn a_drop_in_in_etc_hides_one_with_its_name_below_usr_and_a_mask_hides_it_whole() -> Result<()> {
    let tree = Tree::new()?;
    tree.write("/usr/lib/systemd/system/user-runtime-dir@.service.d/10-a.conf", "[Service]\nNice=1\n")?;
    tree.write("/usr/lib/systemd/system/user-runtime-dir@.service.d/20-b.conf", "[Service]\nNice=2\n")?;
    tree.write("/etc/systemd/system/user-runtime-dir@.service.d/10-a.conf", "[Service]\nNice=7\n")?;
    tree.link("/etc/systemd/system/user-runtime-dir@.service.d/20-b.conf", "/dev/null")?;
    let values: Vec<_> = tree.overrides()?.settings.into_iter().map(|set| set.value).collect();
    assert_eq!(values, ["7"]);
    Ok(())
}

#[test]
fn a_mask_is_a_link_to_the_null_device_or_an_empty_file() -> Result<()> {
    let tree = Tree::new()?;
    tree.link(&format!("/etc/systemd/system/{UNIT}"), "/dev/null")?;
    assert_eq!(tree.overrides()?.mask, Some(PathBuf::from(format!("/etc/systemd/system/{UNIT}"))));
    let tree = Tree::new()?;
    tree.write("/run/systemd/system/user-runtime-dir@1000.service", "")?;
    let files = tree.read()?;
    assert!(files.is_masked && files.settings.is_empty(), "{files:?}");
    assert_eq!((files.exec_start(), tree.overrides()?.settings.len()), (None, 0));
    Ok(())
}

#[test]
fn a_fragment_in_etc_is_told_because_it_replaces_the_vendors() -> Result<()> {
    let tree = Tree::new()?;
    tree.write(&format!("/etc/systemd/system/{UNIT}"), "[Service]\nExecStart=/opt/wrapper %i\n")?;
    assert_eq!(told(&tree.overrides()?).len(), 1);
    assert!(!tree.overrides()?.settings.is_empty());
    Ok(())
}

#[test]
fn a_dangling_link_counts_as_no_file() -> Result<()> {
    let tree = Tree::new()?;
    tree.link(&format!("/etc/systemd/system/{UNIT}"), "/gone")?;
    assert_eq!(tree.read()?.fragment, Some(PathBuf::from(format!("/usr/lib/systemd/system/{UNIT}"))));
    Ok(())
}

#[test]
fn a_drop_in_for_the_whole_type_loses_against_one_of_its_name_for_the_unit() -> Result<()> {
    let tree = Tree::new()?;
    tree.write("/etc/systemd/system/service.d/10.conf", "[Service]\nUser=type\n")?;
    tree.write(&format!("/usr/lib/systemd/system/{UNIT}.d/10.conf"), "[Service]\nUser=unit\n")?;
    let read = tree.read()?;
    let users: Vec<_> = read.effective("Service", "User").iter().map(|set| set.value.as_str()).collect();
    assert_eq!(users, ["unit"]);
    Ok(())
}

#[test]
fn a_file_that_is_no_unit_file_by_its_length_is_told_and_not_read() -> Result<()> {
    let tree = Tree::new()?;
    let drop_in = format!("/etc/systemd/system/{UNIT}.d/10.conf");
    tree.write(&drop_in, "[Service]\n")?;
    tree.read()?;
    fs::File::options().write(true).open(tree.root.join(&drop_in))?.set_len(2 << 20)?;
    assert!(tree.read().is_err_and(|error| format!("{error:#}").ends_with("more than 1048576 bytes")));
    Ok(())
}
