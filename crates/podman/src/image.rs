//! Images in the local storage.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Podman;
use crate::json::{text, texts};

/// What each of these names stands for now: name and id. A name that stands for nothing is left out. One call.
pub fn current(podman: &Podman, names: &[&str]) -> Result<BTreeMap<String, String>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let command = podman.command().args(["images", "--all", "--no-trunc", "--format", "json"]);
    let output = command.output().context("listing images")?;
    parse(&output, names).context("reading what podman images said")
}

fn parse(output: &str, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let rows: Value = serde_json::from_str(output)?;
    let mut images = BTreeMap::new();
    for row in rows.as_array().into_iter().flatten() {
        let id = text(row, "/Id").trim_start_matches("sha256:").to_owned();
        let own = texts(row, "/Names").into_iter().filter(|name| names.contains(&name.as_str()));
        images.extend(own.map(|name| (name, id.clone())));
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_that_were_asked_for_are_told() -> Result<()> {
        let output = r#"[{"Id":"sha256:aa","Names":["localhost/app:latest","localhost/app:2"]},{"Id":"bb","Names":null},
                        {"Id":"cc","Names":["localhost/other:latest"]}]"#;
        let found = parse(output, &["localhost/app:latest", "localhost/gone:1"])?;
        assert_eq!(found, BTreeMap::from([("localhost/app:latest".to_owned(), "aa".to_owned())]));
        assert!(parse("null", &["x"])?.is_empty() && parse("", &["x"]).is_err());
        Ok(())
    }
}
