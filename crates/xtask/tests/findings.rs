//! The pages of the programs keep up with the programs: finding ids, exit codes, failure shapes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use xtask::programs;

/// A program's page.
fn page(name: &str) -> Result<String> {
    let path = programs::workspace().join("docs/programs").join(format!("{name}.md"));
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The ids that stand first in a row of a table under the heading.
fn documented(page: &str, heading: &str) -> BTreeSet<String> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

/// The source of a program without comments and tests.
fn source(folder: &Path, text: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            source(&path, text)?;
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let file = fs::read_to_string(&path)?;
            let code = file.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                text.push_str(line.trim());
                text.push(' ');
            }
        }
    }
    Ok(())
}

/// The string that a text begins with, and nothing else than a string.
fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

/// What an identifier or a field is set to, wherever that is: `ID: &str = "…"`, `let id = "…"`,
/// `let (id, unit) = ("…", …)`, `Cause { id: "…", … }`, `Cause { id: ID, … }`.
fn values<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let starts = [
        format!(" {name}: &str = "),
        format!(" {name}: &'static str = "),
        format!(" {name} = "),
        format!("({name}, unit) = ("),
        format!(" {name}: "),
    ];
    let set_to = |text: &'a str| match literal(text) {
        Some(value) => vec![value],
        None => {
            let constant =
                text.split(|c: char| c != '_' && !c.is_ascii_uppercase()).next().unwrap_or_default();
            if constant.is_empty() || constant == name { Vec::new() } else { values(code, constant) }
        }
    };
    starts.iter().flat_map(|start| code.split(start.as_str()).skip(1)).flat_map(set_to).collect()
}

/// The ids of the findings that a program makes.
fn made(name: &str) -> Result<BTreeSet<String>> {
    let mut code = String::new();
    source(&programs::sources(name).join("src"), &mut code)?;
    let mut ids = BTreeSet::new();
    for call in code.split("Finding::").skip(1) {
        let Some((constructor, rest)) = call.split_once('(') else { continue };
        let id = match constructor {
            "ok" | "warn" | "fail" | "skip" => rest,
            "new" => rest.split_once(',').context("a finding without an id")?.1,
            _ => continue,
        };
        if let Some(id) = literal(id) {
            ids.insert(id.to_owned());
            continue;
        }
        let variable = id.split([',', ')']).next().unwrap_or_default().trim();
        let variable = variable.rsplit([':', '.']).next().unwrap_or_default();
        let found = values(&code, variable);
        ensure!(
            !found.is_empty(),
            "{name}: no value of {variable:?}, the id of a finding, can be seen in its source"
        );
        ids.extend(found.into_iter().map(str::to_owned));
    }
    Ok(ids)
}

#[test]
fn every_finding_is_on_the_page_and_every_one_there_can_be_made() -> Result<()> {
    for name in programs::names() {
        let (made, documented) = (made(name)?, documented(&page(name)?, "Findings"));
        let lacks: Vec<_> = made.difference(&documented).collect();
        ensure!(lacks.is_empty(), "docs/programs/{name}.md does not explain {lacks:?}");
        let dead: Vec<_> = documented.difference(&made).collect();
        ensure!(dead.is_empty(), "docs/programs/{name}.md explains {dead:?}, which {name} never says");
    }
    Ok(())
}

#[test]
fn every_kind_of_step_is_on_the_page_and_every_one_there_can_be_taken() -> Result<()> {
    for program in programs::all() {
        let documented = documented(&page(program.name)?, "Steps");
        let writes = program.command.get_arguments().any(|argument| argument.get_id() == "dry_run");
        ensure!(documented.is_empty() != writes, "{}: {documented:?}", program.name);
        let mut code = String::new();
        source(&programs::sources(program.name).join("src"), &mut code)?;
        let mut made: BTreeSet<String> =
            code.split("Record::new(").skip(1).filter_map(literal).map(str::to_owned).collect();
        // `fn kind(&self)` is a table of them.
        let kinds = code.split("fn kind(&self)").nth(1).and_then(|rest| rest.split(" } } ").next());
        let kinds = kinds.unwrap_or_default().split("=> ").skip(1).filter_map(literal);
        made.extend(kinds.map(str::to_owned));
        assert_eq!(documented, made, "{}", program.name);
    }
    Ok(())
}

#[test]
fn every_exit_code_of_the_manual_is_on_the_page() -> Result<()> {
    for program in programs::all() {
        let documented = documented(&page(program.name)?, "Exit codes");
        for (exit, _) in program.manual.exits {
            let code = exit.code().to_string();
            ensure!(
                documented.contains(&code),
                "docs/programs/{}.md does not explain exit {code}",
                program.name
            );
        }
    }
    Ok(())
}

#[test]
fn every_option_is_on_the_page() -> Result<()> {
    for program in programs::all() {
        let page = page(program.name)?;
        let common = ["help", "version", "verbose", "quiet", "json", "root"];
        for option in program.command.get_arguments().filter_map(|argument| argument.get_long()) {
            let is_known = common.contains(&option) || page.contains(&format!("--{option}"));
            ensure!(is_known, "docs/programs/{}.md does not name --{option}", program.name);
        }
    }
    Ok(())
}

/// The shapes of a family that a source names, such as `RF1`.
fn shapes(code: &str, family: &str) -> BTreeSet<String> {
    let begin = format!("\"{family}");
    let words = code.split(&begin).skip(1).filter_map(|rest| rest.split('"').next());
    words.filter(|number| number.parse::<u8>().is_ok()).map(|number| format!("{family}{number}")).collect()
}

#[test]
fn every_shape_that_is_named_is_in_the_table_of_shapes() -> Result<()> {
    let mut code = String::new();
    for facts in ["user-session", "unit-restart"] {
        source(&programs::workspace().join("crates").join(facts).join("src"), &mut code)?;
    }
    for name in programs::names() {
        source(&programs::sources(name).join("src"), &mut code)?;
    }
    for (family, most, name) in [("RF", 21, "fix-runtime-dir"), ("SF", 13, "restart-and-verify")] {
        let documented = documented(&page(name)?, "Failure shapes");
        let all: BTreeSet<String> = (1..=most).map(|number| format!("{family}{number}")).collect();
        assert_eq!(documented, all);
        let unknown: Vec<_> = shapes(&code, family).difference(&documented).cloned().collect();
        ensure!(unknown.is_empty(), "docs/programs/{name}.md does not know {unknown:?}");
    }
    Ok(())
}

#[test]
fn every_shape_of_provenance_is_in_its_table_and_named_by_the_check() -> Result<()> {
    let documented = documented(&page("check-unit-provenance")?, "Failure shapes");
    let mut code = String::new();
    source(&programs::sources("check-unit-provenance").join("src"), &mut code)?;
    assert_eq!(documented, shapes(&code, "PF"));
    assert_eq!(documented.len(), 11);
    Ok(())
}

#[test]
fn every_shape_of_jobs_is_on_the_page_of_the_program_that_mends_them() -> Result<()> {
    let mut code = String::new();
    source(&programs::sources("fix-launch-daemons").join("src"), &mut code)?;
    assert_eq!(documented(&page("fix-launch-daemons")?, "Failure shapes"), shapes(&code, "LF"));
    Ok(())
}

#[test]
fn every_dependency_has_its_reason_in_the_architecture() -> Result<()> {
    let page = fs::read_to_string(programs::workspace().join("docs/architecture.md"))?;
    let documented = documented(&page, "Dependencies");
    let manifest = fs::read_to_string(programs::workspace().join("Cargo.toml"))?;
    let section = manifest.split("[workspace.dependencies]").nth(1).context("no dependencies")?;
    let section = section.split("\n[").next().unwrap_or_default();
    let foreign = section.lines().filter(|line| line.contains(" = {") && !line.contains("path = "));
    let foreign: BTreeSet<String> =
        foreign.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(documented, foreign);
    Ok(())
}
