//! What a project is to have, from its configuration and from what the caller says of it. Pure.

use std::collections::BTreeSet;

use anyhow::Result;
use oneshot::text::quoted;
use oneshot::{Exit, refuse};
use podman::compose::Config;

use crate::judge::Expected;

/// Every service with a container to have. `optional` and `ends` are the caller's; a name that is no service of this run
/// (one whose profile is off is none either) is refused with 78.
pub fn expected(config: &Config, optional: &[String], ends: &[String]) -> Result<Vec<Expected>> {
    let unknown: Vec<String> = optional
        .iter()
        .chain(ends)
        .filter(|name| !config.services.contains_key(*name))
        .map(|name| quoted(name))
        .collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = config.services.keys().map(String::as_str).collect();
        let text = format!("the project has no service {}; it has {}", unknown.join(", "), known.join(", "));
        return Err(refuse(Exit::Config, text));
    }
    let completing: BTreeSet<&str> = config.to_complete();
    let services = config.services.iter().filter(|(_, service)| service.replicas > 0);
    Ok(services
        .map(|(name, service)| Expected {
            service: name.clone(),
            replicas: usize::try_from(service.replicas).unwrap_or(usize::MAX),
            ends: completing.contains(name.as_str()) || ends.contains(name),
            optional: optional.contains(name),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_waited_for_ends_and_one_scaled_to_nothing_is_not_expected() -> Result<()> {
        let config = podman::compose::parse(
            "services:\n  init: {}\n  job: {}\n  off: {scale: 0}\n  web:\n    scale: 2\n    depends_on:\n      init: \
             {condition: service_completed_successfully}\n",
        )?;
        let found = expected(&config, &["web".to_owned()], &["job".to_owned()])?;
        let told: Vec<_> =
            found.iter().map(|one| (one.service.as_str(), one.replicas, one.ends, one.optional)).collect();
        assert_eq!(told, [("init", 1, true, false), ("job", 1, true, false), ("web", 2, false, true)]);
        let error = expected(&config, &["wbe".to_owned()], &[]).unwrap_err();
        assert_eq!(oneshot::exit::of(&error), Exit::Config);
        Ok(())
    }
}
