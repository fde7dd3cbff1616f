use super::*;
use crate::gather::{Person, Request, gather};
use crate::job::{Copy, Fault, Program};
use crate::shape::Shape;
use anyhow::Result;
use nix_host::volume;
use oneshot::Root;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

const SYSTEM: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-darwin-system-26.05";
const ETC: &str = "/nix/store/cccccccccccccccccccccccccccccccc-etc/etc";
const JOB: &str = "/Library/LaunchDaemons/org.nixos.activate-system.plist";

/// A Mac in order, for which launchd is not asked.
struct Mac(tempfile::TempDir);

impl Mac {
    fn new() -> Result<Self> {
        let mac = Self(tempfile::tempdir()?);
        mac.write("/System/Library/CoreServices/SystemVersion.plist", "")?;
        mac.write(&format!("{SYSTEM}/systemConfig"), SYSTEM)?;
        mac.write(&format!("{SYSTEM}{JOB}"), &plist("org.nixos.activate-system", "/bin/sh"))?;
        mac.write(JOB, &plist("org.nixos.activate-system", "/bin/sh"))?;
        mac.write("/bin/sh", "")?;
        fs::set_permissions(mac.at("/bin/sh"), fs::Permissions::from_mode(0o755))?;
        mac.folder(ETC)?;
        mac.folder("/private/var/run")?;
        mac.folder("/nix/var/nix/profiles")?;
        mac.folder("/nix/var/nix/gcroots")?;
        mac.folder("/etc")?;
        symlink("zshenv", mac.at(&format!("{ETC}/zshrc")))?;
        for (link, to) in [
            (format!("{SYSTEM}/etc").as_str(), ETC),
            ("/nix/var/nix/profiles/system", SYSTEM),
            ("/nix/var/nix/gcroots/current-system", "/run/current-system"),
            ("/run", "private/var/run"),
            ("/run/current-system", SYSTEM),
            ("/etc/static", ETC),
            ("/etc/zshrc", "/etc/static/zshrc"),
        ] {
            symlink(to, mac.at(link))?;
        }
        Ok(mac)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn folder(&self, path: &str) -> Result<()> {
        Ok(fs::create_dir_all(self.at(path))?)
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, text)?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o644))?)
    }

    fn troubles(&self) -> Result<Vec<Trouble>> {
        let root = Root::new(self.0.path());
        let shell = Some(PathBuf::from("/run/current-system/sw/bin/zsh"));
        let person = Person { uid: 501, home: Some("/Users/tim".into()), shell };
        let facts = gather(&Request { root: &root, person: Some(&person), launchctl: None })?;
        Ok(judge(&facts))
    }

    fn shapes(&self) -> Result<Vec<Option<Shape>>> {
        Ok(self.troubles()?.iter().map(Trouble::shape).collect())
    }

    /// Gives the system the login shell.
    fn shell(self) -> Result<Self> {
        self.write(&format!("{SYSTEM}/sw/bin/zsh"), "")?;
        Ok(self)
    }
}

fn plist(label: &str, program: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>Label</key><string>{label}</string>\
         <key>ProgramArguments</key><array><string>{program}</string></array>\
         <key>RunAtLoad</key><true/></dict></plist>"
    )
}

#[test]
fn a_mac_in_order_has_no_trouble() -> Result<()> {
    assert_eq!(Mac::new()?.shell()?.troubles()?, []);
    Ok(())
}

#[test]
fn each_shape_that_files_tell_is_named() -> Result<()> {
    let shapes = |break_it: &dyn Fn(&Mac) -> Result<()>| -> Result<Vec<Option<Shape>>> {
        let mac = Mac::new()?.shell()?;
        break_it(&mac)?;
        mac.shapes()
    };
    assert_eq!(
        shapes(&|mac| Ok(fs::remove_file(mac.at("/run/current-system"))?))?,
        [Some(Shape::NotLoaded), Some(Shape::Shell)]
    );
    assert_eq!(
        shapes(&|mac| {
            fs::remove_file(mac.at("/run/current-system"))?;
            Ok(symlink("/nix/store/gone", mac.at("/run/current-system"))?)
        })?,
        [Some(Shape::Dangling), Some(Shape::Shell)]
    );
    assert_eq!(
        shapes(&|mac| {
            fs::remove_file(mac.at("/etc/zshrc"))?;
            mac.write("/etc/zshrc", "Apple's")
        })?,
        [Some(Shape::EtcReplaced)]
    );
    assert_eq!(
        shapes(&|mac| {
            fs::remove_file(mac.at("/etc/static"))?;
            Ok(symlink("/nix", mac.at("/etc/static"))?)
        })?,
        [Some(Shape::ChecksFailed)]
    );
    assert_eq!(
        shapes(&|mac| {
            fs::remove_file(mac.at("/run"))?;
            mac.folder("/run")
        })?,
        [Some(Shape::Run), Some(Shape::NotLoaded), Some(Shape::Shell)]
    );
    assert_eq!(shapes(&|mac| Ok(fs::remove_file(mac.at("/nix/var/nix/gcroots/current-system"))?))?, [None]);
    Ok(())
}

#[test]
fn while_the_store_is_away_that_alone_is_wrong_and_the_shell() -> Result<()> {
    let mac = Mac::new()?;
    fs::remove_dir_all(mac.at("/nix"))?;
    mac.folder("/nix")?;
    mac.write("/etc/synthetic.conf", "nix\nrun\tprivate/var/run\n")?;
    let troubles = mac.troubles()?;
    assert!(
        matches!(troubles.as_slice(), [Trouble::Volume(volume::Standing::Away), Trouble::Shell { .. }]),
        "{troubles:?}"
    );
    Ok(())
}

#[test]
fn definitions_are_held_to_those_of_the_system() -> Result<()> {
    let fault = |break_it: &dyn Fn(&Mac) -> Result<()>| -> Result<Option<Fault>> {
        let mac = Mac::new()?.shell()?;
        break_it(&mac)?;
        Ok(mac.troubles()?.into_iter().find_map(|trouble| match trouble {
            Trouble::Job(_, fault) => Some(fault),
            _ => None,
        }))
    };
    let copy = |copy| Some(Fault::Copy(copy));
    assert_eq!(fault(&|mac| Ok(fs::remove_file(mac.at(JOB))?))?, copy(Copy::Missing));
    assert_eq!(fault(&|mac| mac.write(JOB, &plist("a", "/bin/sh")))?, copy(Copy::Differs));
    assert_eq!(
        fault(&|mac| {
            fs::remove_file(mac.at(JOB))?;
            Ok(symlink(format!("{SYSTEM}{JOB}"), mac.at(JOB))?)
        })?,
        copy(Copy::NotAFile(nix_host::link::Kind::Link))
    );
    // A file that is only read need not be executable.
    let conf = "/nix/store/dddddddddddddddddddddddddddddddd-conf";
    let reads = format!("/bin/sh</string><string>{conf}");
    assert_eq!(
        fault(&|mac| {
            mac.write(conf, "")?;
            mac.write(JOB, &plist("a", &reads))?;
            mac.write(&format!("{SYSTEM}{JOB}"), &plist("a", &reads))
        })?,
        None
    );
    let gone = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-gone/bin/x";
    let wrapped = format!(
        "/bin/sh</string><string>-c</string><string>/bin/wait4path /nix/store &amp;&amp; exec {gone}"
    );
    assert_eq!(
        fault(&|mac| {
            mac.write(JOB, &plist("a", &wrapped))?;
            mac.write(&format!("{SYSTEM}{JOB}"), &plist("a", &wrapped))
        })?,
        Some(Fault::Program(Program::Missing(gone.into())))
    );
    Ok(())
}

#[test]
fn own_jobs_are_due_where_the_own_programs_are() -> Result<()> {
    let mac = Mac::new()?.shell()?;
    let program = format!("{}/fix-current-system", crate::own::PROGRAMS);
    mac.write(&program, "")?;
    fs::set_permissions(mac.at(&program), fs::Permissions::from_mode(0o755))?;
    let faults = |mac: &Mac| -> Result<Vec<(String, Fault)>> {
        Ok(mac
            .troubles()?
            .into_iter()
            .filter_map(|trouble| match trouble {
                Trouble::Job(job, fault) => Some((job.label, fault)),
                _ => None,
            })
            .collect())
    };
    assert_eq!(faults(&mac)?, [(crate::own::BOOT.to_owned(), Fault::Copy(Copy::Missing))]);
    let installed = format!("/Library/LaunchDaemons/{}.plist", crate::own::BOOT);
    mac.write(&installed, &plist(crate::own::BOOT, &program))?;
    assert_eq!(faults(&mac)?, []);
    let inside = format!("{SYSTEM}/sw/bin/zsh");
    mac.write(&installed, &plist(crate::own::BOOT, &inside))?;
    let fault = Fault::Program(Program::InStore(inside.into()));
    assert_eq!(faults(&mac)?, [(crate::own::BOOT.to_owned(), fault)]);
    Ok(())
}
