use super::*;
use crate::brief;
use activation::Shape;
use nix_host::etc::{self, Odd};
use nix_host::link::Kind;
use nix_host::profile::Doubt;
use nix_host::{gc_root, run_folder, system as current, volume};

/// One of each kind that the host itself can have.
fn all() -> Vec<Trouble> {
    let odd = |state| Trouble::Etc(vec![Odd { path: "/etc/zshrc".into(), state }]);
    vec![
        Trouble::Run { standing: run_folder::Standing::Missing, causes: Vec::new() },
        Trouble::Volume(volume::Standing::Away),
        Trouble::Volume(volume::Standing::NoStore),
        Trouble::Volume(volume::Standing::Removable),
        Trouble::Profile(Doubt::NoProfile("gone".into())),
        Trouble::Current(current::Standing::Missing),
        Trouble::Current(current::Standing::Dangling("gone".into())),
        Trouble::Current(current::Standing::Stale("/nix/store/x".into())),
        Trouble::Current(current::Standing::NotALink(Kind::Folder)),
        Trouble::Current(current::Standing::NoFolder("gone".into())),
        Trouble::Current(current::Standing::Unreadable("no".into())),
        Trouble::GcRoot(gc_root::Standing::Missing),
        Trouble::Static(etc::Standing::Missing),
        Trouble::Static(etc::Standing::NotALink(Kind::Folder)),
        odd(etc::State::Replaced(Kind::File)),
        odd(etc::State::Missing),
        Trouble::Unread("no".into()),
        Trouble::Shell { shell: "/nix/x".into(), reason: "gone".into() },
    ]
}

#[test]
fn every_failure_of_the_host_names_its_shape_and_a_cure() {
    for platform in [Platform::Mac, Platform::NixOs, Platform::Other] {
        for trouble in all() {
            let finding = system::finding(platform, &trouble);
            let shape = finding.as_ref().and_then(|finding| finding.shape);
            assert_eq!(shape, trouble.shape().map(Shape::name), "{trouble:?}");
            // What nobody foresaw is told with its reason alone.
            let is_foreseen = !matches!(
                trouble,
                Trouble::Unread(_)
                    | Trouble::Current(current::Standing::NoFolder(_) | current::Standing::Unreadable(_))
            );
            let hints = finding.map(|finding| finding.hint.len()).unwrap_or_default();
            assert_eq!(hints > 0, is_foreseen, "{platform:?} {trouble:?}");
        }
    }
}

#[test]
fn what_fails_on_a_mac_and_not_elsewhere_is_a_link_that_is_stale() {
    for trouble in all() {
        let is_stale = matches!(trouble, Trouble::Current(current::Standing::Stale(_)));
        let [mac, nixos] = [Platform::Mac, Platform::NixOs].map(|platform| is_failure(platform, &trouble));
        assert_eq!(mac != nixos, is_stale, "{trouble:?}");
    }
}

#[test]
fn the_first_failure_is_what_a_shell_says() {
    let said = |platform, troubles: &[Trouble]| brief::said(platform, troubles).map(|said| said.cause);
    let root = Trouble::GcRoot(gc_root::Standing::Missing);
    let (away, stale) = (
        Trouble::Volume(volume::Standing::Away),
        Trouble::Current(current::Standing::Stale("/nix/store/x".into())),
    );
    assert_eq!(said(Platform::Mac, &[]), None);
    assert_eq!(said(Platform::Mac, &[root.clone(), away, stale.clone()]), Some("LF4"));
    assert_eq!(said(Platform::Mac, &[root.clone(), stale.clone()]), Some("LF10"));
    assert_eq!(said(Platform::NixOs, &[root, stale]), None);
    let doubt = Trouble::Profile(Doubt::NoProfile("gone".into()));
    assert_eq!(said(Platform::Mac, &[doubt]), Some("system-profile"));
}

#[test]
fn a_shell_says_two_lines_and_a_command_on_every_platform() {
    for platform in [Platform::Mac, Platform::NixOs, Platform::Other] {
        let troubles = [Trouble::Current(current::Standing::Missing)];
        let lines = brief::said(platform, &troubles).map(|said| said.lines).unwrap_or_default();
        let mends = if platform == Platform::Mac { "nix-recover" } else { "sudo fix-current-system" };
        assert_eq!(lines.get(1).map(String::as_str), Some(format!("to mend it: {mends}").as_str()));
        assert_eq!(lines.len(), 2);
    }
}
