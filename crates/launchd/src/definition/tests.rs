use super::*;
use plist::{Dictionary, Value};

fn xml(body: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>{body}</dict></plist>")
}

const JOB: &str = "<key>Label</key><string>org.nixos.x</string>\
    <key>ProgramArguments</key><array><string>/bin/sh</string><string>-c</string><string>a &amp;&amp; b</string></array>\
    <key>EnvironmentVariables</key><dict><key>Label</key><string>wrong</string></dict>\
    <key>RunAtLoad</key><true/><key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\
    <key>LimitLoadToSessionType</key><string>Background</string><key>StartInterval</key><integer>30</integer>\
    <key>StandardErrorPath</key><string>/var/log/x.log</string><key>StartOnMount</key><integer>1</integer>";

fn refused(bytes: &[u8]) -> String {
    Definition::parse(bytes).map_or_else(|error| format!("{error:#}"), |definition| format!("{definition:?}"))
}

/// The same property list in its binary form.
fn binary(xml: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Value::from_reader(Cursor::new(xml))?.to_writer_binary(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn xml_and_binary_say_the_same() -> Result<()> {
    let text = xml(JOB);
    let job = Definition::parse(text.as_bytes())?;
    assert_eq!(job, Definition::parse(&binary(&text)?)?);
    assert_eq!((job.label.as_str(), job.executable()), ("org.nixos.x", Some("/bin/sh")));
    assert_eq!(job.arguments, ["/bin/sh", "-c", "a && b"]);
    assert_eq!(job.keep_alive, KeepAlive::SuccessfulExit(false));
    assert!(job.starts_at_once() && job.start_on_mount && !job.disabled && !job.launch_only_once);
    assert!(job.is_for("Background") && !job.is_for("Aqua"));
    assert_eq!((job.start_interval, job.standard_error.as_deref()), (Some(30), Some("/var/log/x.log")));
    Ok(())
}

#[test]
fn keep_alive_is_a_word_or_conditions() -> Result<()> {
    let of = |value: &str| -> Result<KeepAlive> {
        let text = xml(&format!("<key>Label</key><string>x</string><key>KeepAlive</key>{value}"));
        Ok(Definition::parse(text.as_bytes())?.keep_alive)
    };
    assert_eq!(of("<true/>")?, KeepAlive::Always);
    assert_eq!(of("<false/>")?, KeepAlive::No);
    assert_eq!(of("<dict/>")?, KeepAlive::No);
    assert_eq!(of("<dict><key>SuccessfulExit</key><true/></dict>")?, KeepAlive::SuccessfulExit(true));
    let several =
        "<dict><key>PathState</key><dict><key>/a</key><true/></dict><key>SuccessfulExit</key><true/></dict>";
    assert_eq!(of(several)?, KeepAlive::Conditional);
    Ok(())
}

#[test]
fn a_label_that_is_none_is_refused() {
    for label in ["", "a/b", "../x", "a\nb", "-k", " a", "a\u{1b}[31m", "a\"b", &"x".repeat(256)] {
        let text = xml(&format!("<key>Label</key><string>{}</string>", label.replace('"', "&quot;")));
        let said = refused(text.as_bytes());
        assert!(said.contains("Label") && !said.contains('\n'), "{label:?}: {said}");
    }
    assert!(refused(xml("").as_bytes()).contains("no Label"));
    assert!(refused(xml("<key>Label</key><integer>5</integer>").as_bytes()).contains("Label is no string"));
}

#[test]
fn what_is_no_dictionary_of_a_property_list_is_refused_wherever_it_is_cut() -> Result<()> {
    let text = xml(JOB);
    for whole in [text.trim_end_matches("</plist>").as_bytes().to_vec(), binary(&text)?] {
        for cut in 0..whole.len() {
            assert!(Definition::parse(whole.get(..cut).unwrap_or_default()).is_err(), "{cut}");
        }
        // Nor does a flipped byte end in anything but an answer.
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0xff;
            }
            let _ = Definition::parse(&bytes);
        }
    }
    for bytes in [&b"\x00\x01\xff"[..], b"<plist><array/></plist>", b"bplist00", b"{ Label = ", b"<plist>"] {
        assert!(Definition::parse(bytes).is_err(), "{bytes:?}");
    }
    Ok(())
}

#[test]
fn a_list_that_nests_deep_or_refers_to_itself_again_and_again_takes_no_more_than_its_share() -> Result<()> {
    let deep = xml(&format!("<key>x</key>{}{}", "<array>".repeat(100_000), "</array>".repeat(100_000)));
    assert!(refused(deep.as_bytes()).contains("too many parts"));
    assert!(refused(&bomb()).contains("too many parts"));
    let long = "y".repeat(128 * 1024 + 1);
    let arguments = Value::Array(vec![Value::String(long); 9]);
    let root: Dictionary = [("ProgramArguments".to_owned(), arguments)].into_iter().collect();
    let mut bytes = Vec::new();
    // Equal strings are written once and referred to.
    Value::Dictionary(root).to_writer_binary(&mut bytes)?;
    assert!(bytes.len() < 200_000 && refused(&bytes).contains("too much text"), "{}", bytes.len());
    Ok(())
}

/// `{ "x": [ [ [ … ], [ … ] ], … ] }`: sixty arrays, each of which names the next one twice.
fn bomb() -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    let mut put = |object: &[u8]| {
        offsets.push(u8::try_from(bytes.len()).unwrap_or_default());
        bytes.extend_from_slice(object);
    };
    put(&[0xd1, 1, 2]);
    put(b"\x51x");
    for next in 3..50 {
        put(&[0xa2, next, next]);
    }
    put(b"\x51y");
    let table = u8::try_from(bytes.len()).unwrap_or_default();
    let count = u8::try_from(offsets.len()).unwrap_or_default();
    bytes.extend(offsets);
    bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    for number in [count, 0, table] {
        bytes.extend([0, 0, 0, 0, 0, 0, 0, number]);
    }
    bytes
}

#[test]
fn only_a_regular_file_of_a_sensible_length_is_read() -> Result<()> {
    let tree = tempfile::tempdir()?;
    let path = tree.path().join("x.plist");
    assert_eq!(bytes(&path)?, None);
    std::fs::write(&path, "x")?;
    assert_eq!(bytes(&path)?, Some(b"x".to_vec()));
    std::fs::write(&path, vec![b' '; 1024 * 1024])?;
    assert!(format!("{:#}", bytes(&path).unwrap_err()).contains("longer than"));
    assert!(bytes(tree.path()).is_err());
    let pipe = tree.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU)?;
    assert!(bytes(&pipe).is_err());
    Ok(())
}
