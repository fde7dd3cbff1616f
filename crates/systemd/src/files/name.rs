//! Names of units: instances, templates, and the names whose drop-in directories apply.

/// `user-runtime-dir@.service` and `1000` give `user-runtime-dir@1000.service`; a name that is no template stays.
pub(super) fn instantiate(template: &str, instance: &str) -> String {
    match template.split_once("@.") {
        Some((prefix, suffix)) => format!("{prefix}@{instance}.{suffix}"),
        None => template.to_owned(),
    }
}

/// The template of an instance, `None` when the name is none.
#[must_use]
pub fn template(unit: &str) -> Option<String> {
    let (stem, suffix) = unit.rsplit_once('.')?;
    let (prefix, instance) = stem.split_once('@')?;
    (!instance.is_empty()).then(|| format!("{prefix}@.{suffix}"))
}

/// The type of a unit, such as `service`.
pub(crate) fn kind(unit: &str) -> Option<&str> {
    unit.rsplit_once('.').map(|(_, suffix)| suffix)
}

/// The names whose `.d` directories apply to this unit more than to its whole type, the most telling first: the unit,
/// its template, then both for each shorter dash prefix (`unit_file_find_dirs()` in systemd's src/shared/dropin.c).
pub(crate) fn specific_names(unit: &str) -> Vec<String> {
    let mut names = vec![unit.to_owned()];
    names.extend(template(unit));
    let Some((stem, suffix)) = unit.rsplit_once('.') else { return names };
    let (mut prefix, instance) = match stem.split_once('@') {
        Some((prefix, instance)) => (prefix, Some(instance)),
        None => (stem, None),
    };
    // `foo-` stands for "all that begin with foo-", so a dash at the very end was looked at already.
    while let Some((shorter, _)) = prefix.trim_end_matches('-').rsplit_once('-') {
        prefix = shorter;
        match instance {
            Some("") => names.push(format!("{prefix}-@.{suffix}")),
            Some(instance) => {
                names.push(format!("{prefix}-@{instance}.{suffix}"));
                names.push(format!("{prefix}-@.{suffix}"));
            }
            None => names.push(format!("{prefix}-.{suffix}")),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_of_a_dashed_template_has_all_its_directories() {
        assert_eq!(
            specific_names("user-runtime-dir@1000.service"),
            [
                "user-runtime-dir@1000.service",
                "user-runtime-dir@.service",
                "user-runtime-@1000.service",
                "user-runtime-@.service",
                "user-@1000.service",
                "user-@.service",
            ]
        );
    }

    #[test]
    fn a_slice_is_no_instance() {
        assert_eq!(specific_names("user-1000.slice"), ["user-1000.slice", "user-.slice"]);
        assert_eq!((specific_names("-.mount"), kind("-.mount")), (vec!["-.mount".to_owned()], Some("mount")));
        assert_eq!((specific_names("odd"), kind("odd")), (vec!["odd".to_owned()], None));
    }

    #[test]
    fn a_template_takes_an_instance_and_gives_it_back() {
        assert_eq!(instantiate("user@.service", "1000"), "user@1000.service");
        assert_eq!(instantiate("dbus.service", "1000"), "dbus.service");
        assert_eq!(template("user@1000.service").as_deref(), Some("user@.service"));
        assert_eq!(template("user@.service"), None);
        assert_eq!(template("dbus.service"), None);
        assert_eq!(template("getty@tty1.x.service").as_deref(), Some("getty@.service"));
    }
}
