//! What lies where shipped files belong.

use nix_host::manifest::Kind;
use oneshot::{Finding, Status};
use provenance::facts::{FileFacts, HostFacts, UnitFacts};
use provenance::standing::Standing;

use super::cure;

const ID: &str = "unit-file";

pub(super) fn findings(host: &HostFacts, unit: &UnitFacts) -> Vec<Finding> {
    let found = unit.files.iter().filter_map(|file| of(host, unit, file));
    found.collect()
}

fn of(host: &HostFacts, unit: &UnitFacts, file: &FileFacts) -> Option<Finding> {
    let (status, shape, what) = told(unit, file)?;
    let text = format!("{}: {} {what}", unit.name, file.path.display());
    let mut finding = Finding::new(status, ID, text).compared(file.source.display(), actual(&file.standing));
    if let Some(shape) = shape {
        finding = finding.shape(shape);
    }
    Some(with_cure(host, unit, file, finding))
}

/// How bad it is, its shape, and what the path "is".
fn told(unit: &UnitFacts, file: &FileFacts) -> Option<(Status, Option<&'static str>, String)> {
    let owner = file.owner;
    let fail = |shape, text: String| Some((Status::Fail, Some(shape), text));
    match &file.standing {
        Standing::Shipped => None,
        Standing::Missing => fail("PF2", missing(unit, file)),
        Standing::File { is_same: true } => fail(
            "PF1",
            format!(
                "is a regular file in place of the link of {owner}; it holds the same, and will not follow the next generation"
            ),
        ),
        Standing::File { is_same: false } => fail(
            "PF1",
            format!("is a regular file in place of the link of {owner}, and holds something else"),
        ),
        Standing::Folder => fail("PF1", format!("is a folder in place of the link of {owner}")),
        Standing::Special => fail("PF1", format!("is neither a file nor the link of {owner}")),
        // What pulls a unit in does so by its name, wherever it leads.
        Standing::OtherGeneration { .. }
        | Standing::Elsewhere(_)
        | Standing::Dangling(_)
        | Standing::Loop
            if file.kind == Kind::Link =>
        {
            Some((
                Status::Warn,
                Some("PF3"),
                format!("does not lead where {owner} has it; its name counts all the same"),
            ))
        }
        Standing::OtherGeneration { target, is_same: true } => {
            let text = format!(
                "leads to {}, of another generation of {owner} that ships the same and may be collected",
                target.display()
            );
            Some((Status::Warn, Some("PF3"), text))
        }
        Standing::OtherGeneration { target, is_same: false } => fail(
            "PF3",
            format!("leads to {}, which the current generation of {owner} does not ship", target.display()),
        ),
        Standing::Elsewhere(target) => {
            fail("PF3", format!("leads to {}, which is not what {owner} ships", target.display()))
        }
        Standing::Dangling(target) => fail(
            "PF3",
            format!("leads to {}, which is not there; it may have been collected", target.display()),
        ),
        Standing::Loop => fail("PF3", "leads in a circle".to_owned()),
        Standing::Masked => fail("PF6", format!("is a mask in place of what {owner} ships")),
        Standing::Collected(at) => fail(
            "PF11",
            format!("cannot be judged: the current generation of {owner} lacks {}", at.display()),
        ),
        Standing::Unreadable(reason) => {
            Some((Status::Fail, None, format!("could not be looked at: {reason}")))
        }
    }
}

fn missing(unit: &UnitFacts, file: &FileFacts) -> String {
    let owner = file.owner;
    match (file.kind, &unit.winner) {
        (Kind::Unit, Some(winner)) => {
            format!("is missing, which {owner} ships; {} counts in its place", winner.path.display())
        }
        (Kind::Link, _) => {
            let folder = file.path.parent().and_then(|folder| folder.file_stem()).unwrap_or_default();
            format!("is missing, which {owner} ships: {} does not pull it in", folder.to_string_lossy())
        }
        _ => format!("is missing, which {owner} ships"),
    }
}

fn actual(standing: &Standing) -> String {
    match standing {
        Standing::Shipped => "as shipped".to_owned(),
        Standing::Missing => "missing".to_owned(),
        Standing::File { is_same: true } => "a copy".to_owned(),
        Standing::File { is_same: false } => "a regular file".to_owned(),
        Standing::OtherGeneration { target, .. }
        | Standing::Elsewhere(target)
        | Standing::Dangling(target) => target.display().to_string(),
        Standing::Masked => "a mask".to_owned(),
        Standing::Loop => "a circle of links".to_owned(),
        Standing::Folder => "a folder".to_owned(),
        Standing::Special => "a special file".to_owned(),
        Standing::Unreadable(reason) => reason.clone(),
        Standing::Collected(at) => format!("{} is not there", at.display()),
    }
}

fn with_cure(host: &HostFacts, unit: &UnitFacts, file: &FileFacts, finding: Finding) -> Finding {
    let mend = cure::mend(host, &unit.name);
    match &file.standing {
        Standing::File { .. } | Standing::Missing => finding.fixable().hint(mend),
        Standing::OtherGeneration { .. }
        | Standing::Elsewhere(_)
        | Standing::Dangling(_)
        | Standing::Loop => finding.fixable().hint(mend),
        Standing::Folder | Standing::Special => finding.hint(format!("move it away, then {mend}")),
        Standing::Masked => {
            finding.hint(format!("if it is not wanted: {}, then {mend}", cure::remove(&file.path)))
        }
        Standing::Collected(_) => {
            finding.hint("nix-store --verify --check-contents --repair, or activate the configuration anew")
        }
        Standing::Shipped | Standing::Unreadable(_) => finding,
    }
}
