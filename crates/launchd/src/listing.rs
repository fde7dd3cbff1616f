//! `launchctl print DOMAIN`: all jobs of a domain at once.

use std::collections::HashMap;

use anyhow::{Result, bail};

use crate::{Domain, block, outcome::Ended};

/// The jobs that a domain has loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing(HashMap<String, Listed>);

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its process; `None` while it has none.
    pub pid: Option<u32>,
    /// How its last run ended.
    pub ended: Ended,
}

impl Listing {
    /// Reads what `print` wrote of this domain; an error where that is not a list of its services.
    pub fn parse(text: &str, domain: Domain) -> Result<Self> {
        let Some((name, _)) = block::outermost(text) else {
            bail!(
                "the answer has no such shape as launchctl's: {}",
                oneshot::text::tail(text.as_bytes(), 80)
            );
        };
        // Some releases spell the domain `com.apple.xpc.launchd.domain.system`: the end of its name has to be in there.
        let domain = domain.to_string();
        if !name.contains(domain.rsplit('/').next().unwrap_or_default()) {
            bail!("the answer is about {}", oneshot::text::quoted(name));
        }
        let Some(lines) = block::inner(text, "services") else {
            bail!("the answer has no list of services");
        };
        let rows = lines.into_iter().filter(|line| !line.is_empty());
        rows.map(row).collect::<Result<_>>().map(Self)
    }

    /// A job, if the domain has it.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&Listed> {
        self.0.get(label)
    }

    /// The labels of all jobs, in no order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// `PID STATUS LABEL`; a pid of 0 is none.
fn row(line: &str) -> Result<(String, Listed)> {
    let columns = line.split_once(char::is_whitespace).and_then(|(pid, rest)| {
        let (status, label) = rest.trim_start().split_once(char::is_whitespace)?;
        Some((if pid == "-" { 0 } else { pid.parse::<u32>().ok()? }, status, label.trim()))
    });
    let Some((pid, status, label)) = columns.filter(|(_, _, label)| !label.is_empty()) else {
        bail!("the list of services has a row {}", oneshot::text::quoted(line));
    };
    let listed = Listed { pid: (pid != 0).then_some(pid), ended: Ended::of_column(status) };
    Ok((label.to_owned(), listed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = include_str!("fixtures/print-system.txt");

    #[test]
    fn the_services_of_a_domain_are_listed() -> Result<()> {
        let listing = Listing::parse(SYSTEM, Domain::System)?;
        let runs = Listed { pid: Some(356), ended: Ended::Never };
        assert_eq!(listing.find("com.apple.runningboardd"), Some(&runs));
        let failed = Listed { pid: None, ended: Ended::Code(127) };
        assert_eq!(listing.find("org.nixos.yabai-sa"), Some(&failed));
        let pending = listing.find("org.nixos.pending").map(|listed| listed.ended.clone());
        assert_eq!(pending, Some(Ended::Unknown("(pe)".to_owned())));
        // The endpoints and unmanaged processes of a domain are no services of it.
        assert_eq!(listing.labels().count(), 6);
        assert!(listing.find("com.apple.endpoint").is_none());
        Ok(())
    }

    #[test]
    fn an_answer_of_another_shape_is_an_error() {
        let other = SYSTEM.replace("services = {", "jobs = {");
        let torn = SYSTEM.replace("\t     356      - \t", "\tabc ");
        for text in [
            "",
            "Could not find domain",
            "system = {\n}\n",
            "gui/5 = {\n\tservices = {\n\t}\n}\n",
            &other,
            &torn,
        ] {
            assert!(Listing::parse(text, Domain::System).is_err(), "{text}");
        }
        // Cut off anywhere before its end, it is no answer.
        let cut = SYSTEM.split("com.apple.runningboardd").next().unwrap_or_default();
        assert!(Listing::parse(cut, Domain::System).is_err());
    }
}
