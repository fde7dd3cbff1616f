//! What counts as static, and what is shipped.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use xtask::distribution::{self, Request};
use xtask::{executable, programs};

/// `LC_LOAD_DYLIB` and `LC_CODE_SIGNATURE` of `<mach-o/loader.h>`.
const LOAD_DYLIB: u32 = 0xc;
const LC_CODE_SIGNATURE: u32 = 0x1d;

/// Builds a program of C; `None` where there is no compiler that can.
fn compiled(folder: &Path, arguments: &[&str]) -> Result<Option<PathBuf>> {
    let (source, program) = (folder.join("a.c"), folder.join("a"));
    fs::write(&source, "int main(void) { return 0; }\n")?;
    let output = Command::new("cc").args(arguments).arg("-o").arg(&program).arg(&source).output();
    Ok(output.is_ok_and(|output| output.status.success()).then_some(program))
}

fn xtask(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output()?)
}

fn check(path: &Path) -> Result<(Option<i32>, String)> {
    let output = xtask(&["static-check", path.to_str().context("no text")?])?;
    Ok((output.status.code(), String::from_utf8(output.stderr)?))
}

#[cfg(target_os = "linux")]
#[test]
fn a_dynamic_program_is_refused_with_the_file_and_the_libraries() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let Some(program) = compiled(folder.path(), &["-no-pie"])? else { return lab::skip("cc") };
    let (code, said) = check(&program)?;
    assert_eq!(code, Some(1));
    for part in [program.to_str().context("no text")?, "is started by /lib", "needs libc.so"] {
        ensure!(said.contains(part), "no {part:?} in {said}");
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn this_test_itself_is_dynamic() -> Result<()> {
    let reasons = executable::reasons(&std::env::current_exe()?)?;
    assert_eq!(reasons.is_empty(), cfg!(target_feature = "crt-static"), "{reasons:?}");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_static_program_is_accepted_position_independent_or_not() -> Result<()> {
    for arguments in [["-static"], ["-static-pie"]] {
        let folder = tempfile::tempdir()?;
        let Some(program) = compiled(folder.path(), &arguments)? else {
            return lab::skip("cc and a static libc");
        };
        assert_eq!(check(&program)?, (Some(0), String::new()), "{arguments:?}");
    }
    Ok(())
}

#[test]
fn what_is_no_executable_is_an_error() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("text");
    for text in ["", "#!/bin/sh\nexit 0\n", "\u{7f}ELF\u{2}\u{1}\u{1}"] {
        fs::write(&path, text)?;
        let (code, said) = check(&path)?;
        ensure!(code == Some(1) && said.contains("parsing"), "{text:?}: {said}");
    }
    let (code, said) = check(&folder.path().join("missing"))?;
    ensure!(code == Some(1) && said.contains("reading"), "{said}");
    Ok(())
}

/// A Mach-O executable of nothing but load commands.
fn macho(libraries: &[&str], is_signed: bool) -> Vec<u8> {
    let word = |value: usize| u32::try_from(value).unwrap_or_default().to_le_bytes();
    let mut commands = Vec::new();
    for library in libraries {
        let mut name = library.as_bytes().to_vec();
        name.resize((name.len() / 8 + 1) * 8, 0);
        // The name stands 24 bytes in, behind three numbers of which nothing depends.
        for number in [LOAD_DYLIB.to_le_bytes(), word(24 + name.len()), word(24), [0; 4], [0; 4], [0; 4]] {
            commands.extend(number);
        }
        commands.extend(name);
    }
    // The place and the size of a signature, which nothing looks at.
    if is_signed {
        for number in [LC_CODE_SIGNATURE.to_le_bytes(), word(16), [0; 4], [0; 4]] {
            commands.extend(number);
        }
    }
    let mut file = Vec::new();
    // MH_MAGIC_64, CPU_TYPE_ARM64, CPU_SUBTYPE_ALL, MH_EXECUTE
    for number in [0xfeed_facf_u32, 0x0100_000c, 0, 2] {
        file.extend(number.to_le_bytes());
    }
    let count = libraries.len() + usize::from(is_signed);
    for number in [word(count), word(commands.len()), [0; 4], [0; 4]] {
        file.extend(number);
    }
    file.extend(commands);
    file
}

#[test]
fn on_macos_only_libraries_of_the_system_are_accepted() -> Result<()> {
    let system = macho(&["/usr/lib/libSystem.B.dylib", "/usr/lib/libiconv.2.dylib"], true);
    assert_eq!(executable::of(&system)?, Vec::<String>::new());
    for foreign in [
        "/opt/homebrew/lib/libz.dylib",
        "@rpath/libz.dylib",
        "/usr/lib/../local/libz.dylib",
        "/nix/store/x/libz",
    ] {
        let reasons = executable::of(&macho(&["/usr/lib/libSystem.B.dylib", foreign], true))?;
        assert_eq!(reasons, [format!("needs {foreign}")]);
    }
    assert_eq!(executable::of(&macho(&["/usr/lib/libSystem.B.dylib"], false))?, ["is not signed"]);
    Ok(())
}

/// A folder with something static under the name of each program.
fn static_programs(folder: &Path) -> Result<bool> {
    let Some(program) = compiled(folder, &["-static"])? else { return Ok(false) };
    for name in programs::names() {
        fs::copy(&program, folder.join(name))?;
    }
    Ok(true)
}

fn request(programs: &Path, folder: &Path) -> Request {
    Request {
        target: "x86_64-unknown-linux-musl".to_owned(),
        programs: Some(programs.to_owned()),
        folder: folder.to_owned(),
    }
}

#[test]
fn the_archive_has_all_that_belongs_to_a_program_and_is_the_same_twice() -> Result<()> {
    let folder = tempfile::tempdir()?;
    if !static_programs(folder.path())? {
        return lab::skip("cc and a static libc");
    }
    let path = distribution::make(&request(folder.path(), &folder.path().join("one")))?;
    let bytes = fs::read(&path)?;
    let again = fs::read(distribution::make(&request(folder.path(), &folder.path().join("two")))?)?;
    ensure!(bytes == again, "two runs made two archives");

    let top = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".tar.gz"));
    let top = top.context("no .tar.gz")?.to_owned();
    let mut found = Vec::new();
    for entry in tar::Archive::new(GzDecoder::new(bytes.as_slice())).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let name = name.strip_prefix(&format!("{top}/")).context("beside the folder")?.to_owned();
        let mode = entry.header().mode()?;
        assert_eq!(mode, if name.starts_with("bin/") { 0o755 } else { 0o644 }, "{name}");
        let mut text = Vec::new();
        entry.read_to_end(&mut text)?;
        ensure!(!text.is_empty(), "{name} is empty");
        found.push(name);
    }
    ensure!(found.is_sorted(), "{found:?}");
    for name in programs::names() {
        for file in [
            format!("bin/{name}"),
            format!("share/man/man8/{name}.8"),
            format!("share/bash-completion/completions/{name}"),
            format!("share/zsh/site-functions/_{name}"),
            format!("share/fish/vendor_completions.d/{name}.fish"),
        ] {
            ensure!(found.contains(&file), "no {file} in {found:?}");
        }
    }
    for file in [
        "lib/systemd/system/user-runtime-dir@.service.d/50-mendutils.conf",
        "lib/systemd/system/fix-linger@.service",
        "share/doc/mendutils/LICENSE",
    ] {
        ensure!(found.iter().any(|found| found == file), "no {file} in {found:?}");
    }
    Ok(())
}

/// The plists beside the programs.
fn definitions(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension() {
            _ if path.is_dir() => definitions(&path, found)?,
            Some(end) if end == "plist" => {
                let name = path.file_name().and_then(|name| name.to_str()).context("no text")?;
                found.push(name.to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn a_macos_archive_has_definitions_of_jobs_and_the_programs_that_they_name() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for name in programs::names() {
        fs::write(folder.path().join(name), macho(&["/usr/lib/libSystem.B.dylib"], true))?;
    }
    let mut request = request(folder.path(), folder.path());
    request.target = "aarch64-apple-darwin".to_owned();
    let bytes = fs::read(distribution::make(&request)?)?;
    let (mut found, mut plists) = (Vec::new(), String::new());
    for entry in tar::Archive::new(GzDecoder::new(bytes.as_slice())).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        ensure!(!name.contains("lib/systemd") && !name.contains("/bin/"), "{name}");
        if name.ends_with(".plist") {
            assert_eq!(entry.header().mode()?, 0o644, "{name}");
            entry.read_to_string(&mut plists)?;
        }
        found.push(name.split_once('/').context("no folder")?.1.to_owned());
    }
    ensure!(found.contains(&"Library/LaunchDaemons/org.nixos.boot-activation.plist".to_owned()), "{found:?}");
    // Each stands in one of the folders from which they are taken.
    let mut sources = Vec::new();
    for name in programs::names() {
        let launchd = programs::sources(name).join("launchd");
        if launchd.exists() {
            definitions(&launchd, &mut sources)?;
        }
    }
    for name in sources {
        let is_job =
            |file: &String| file.starts_with("Library/Launch") && file.ends_with(&format!("/{name}"));
        ensure!(found.iter().any(is_job), "{name} is not in {found:?}");
    }
    // What they start is where they say, once it is unpacked.
    let named = plists.split("<string>/usr/local/").skip(1).filter_map(|rest| rest.split('<').next());
    let named: Vec<&str> = named.collect();
    ensure!(!named.is_empty(), "no program in {plists}");
    for name in named {
        ensure!(found.iter().any(|file| file == name), "no {name} in {found:?}");
    }
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_dynamic_program_is_not_shipped() -> Result<()> {
    let folder = tempfile::tempdir()?;
    if !static_programs(folder.path())? {
        return lab::skip("cc and a static libc");
    }
    let Some(dynamic) = compiled(folder.path(), &[])? else { return lab::skip("cc") };
    let name = programs::names().pop().context("no program")?;
    fs::copy(dynamic, folder.path().join(name))?;
    let out = folder.path().join("out");
    let error = distribution::make(&request(folder.path(), &out)).err().context("it was shipped")?;
    let error = format!("{error:#}");
    ensure!(error.contains(name) && error.contains("needs libc.so"), "{error}");
    ensure!(!out.exists(), "something was written");
    Ok(())
}

#[test]
fn a_target_without_a_standard_library_exits_69_and_says_what_to_install() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().to_str().context("no text")?;
    // A tier 2 target that nobody runs this on.
    let output = xtask(&["dist", "--target", "i586-unknown-linux-musl", out])?;
    let said = String::from_utf8(output.stderr)?;
    if output.status.code() == Some(0) {
        return lab::skip("a target that is not installed");
    }
    ensure!(output.status.code() == Some(69), "{said}");
    for part in ["rustup target add i586-unknown-linux-musl", "--bin"] {
        ensure!(said.contains(part), "no {part:?} in {said}");
    }
    Ok(())
}

#[test]
fn programs_built_elsewhere_belong_to_one_target() -> Result<()> {
    let output = xtask(&["dist", "--target", "a", "--target", "b", "--bin", "/tmp", "/tmp/out"])?;
    assert_eq!(output.status.code(), Some(2));
    Ok(())
}
