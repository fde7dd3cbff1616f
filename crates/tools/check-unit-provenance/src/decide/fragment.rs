//! Which unit file counts, and whose it is.

use nix_host::manifest::Kind;
use oneshot::{Finding, text};
use provenance::facts::{HostFacts, Memory, UnitFacts, Winner};
use provenance::standing::Standing;
use systemd::unit_path::Keeper;

use super::{Wish, cure};

/// A unit that was named and that no generation ships; where none was named, what an older generation left behind.
pub(super) fn owner(unit: &UnitFacts, wish: &Wish<'_>) -> Option<Finding> {
    let is_shipped = unit.owner.is_some_and(|kind| wish.owner.is_none_or(|owner| owner == kind));
    if is_shipped {
        return None;
    }
    let id = "unit-owner";
    if !wish.is_named {
        return left_over(unit);
    }
    let who = wish.owner.map_or("any generation".to_owned(), |kind| format!("the generation of {kind}"));
    let found = match &unit.winner {
        Some(winner) => format!("{} is {}", winner.path.display(), keeper(winner.keeper)),
        None => "there is no such file on the unit path either".to_owned(),
    };
    Some(Finding::fail(id, format!("{} is not shipped by {who}; {found}", unit.name)))
}

fn left_over(unit: &UnitFacts) -> Option<Finding> {
    let winner = unit.winner.as_ref()?;
    let is_configured = matches!(winner.keeper, Keeper::User | Keeper::Admin) && winner.place_of.is_none();
    let what = match (winner.is_dangling, winner.is_stored) {
        (true, _) => "leads to nothing",
        (false, true) => "leads into the store",
        (false, false) => return None,
    };
    let text = format!(
        "{}: {} {what}, and no current generation ships it: an older one left it",
        unit.name,
        winner.path.display()
    );
    let finding = Finding::warn("unit-owner", text).shape("PF3");
    is_configured.then(|| finding.hint(format!("if nobody wants it: {}", cure::remove(&winner.path))))
}

/// PF4 and PF6: another file than the shipped one counts.
pub(super) fn finding(host: &HostFacts, unit: &UnitFacts) -> Option<Finding> {
    let shipped = unit.files.iter().find(|file| file.kind == Kind::Unit)?;
    if let Memory::Loaded(facts) = &unit.memory
        && facts.loaded.is_transient
    {
        let text = format!(
            "{}: the manager runs a transient unit of this name, not the one of {}",
            unit.name, shipped.owner
        );
        let finding = Finding::fail("unit-fragment", text).shape("PF4");
        return Some(finding.hint(format!(
            "{} stop {} ends it",
            host.whose.systemctl(),
            text::word(&unit.name)
        )));
    }
    let winner = unit.winner.as_ref()?;
    // Another generation's own place, such as that of NixOS beneath the one of Home Manager, only counts when the
    // first is missing, which is told of the file.
    if winner.path == shipped.path || shipped.standing == Standing::Missing || is_of_template(unit, winner) {
        return None;
    }
    Some(shadowed(host, unit, winner, &shipped.path.display().to_string()))
}

fn is_of_template(unit: &UnitFacts, winner: &Winner) -> bool {
    unit.files.iter().any(|file| file.kind == Kind::Unit && file.path == winner.path)
}

fn shadowed(host: &HostFacts, unit: &UnitFacts, winner: &Winner, expected: &str) -> Finding {
    let (id, path) = ("unit-fragment", winner.path.display());
    let finding = if winner.is_mask {
        let text = format!("{}: {path} masks it, {}", unit.name, keeper(winner.keeper));
        Finding::fail(id, text).shape("PF6")
    } else {
        let text =
            format!("{}: {path} counts in place of {expected}; it is {}", unit.name, keeper(winner.keeper));
        Finding::fail(id, text).shape("PF4")
    };
    let finding = finding.compared(expected, path);
    match winner.keeper {
        Keeper::Generator => {
            finding.hint("a generator makes it at each reload: remove what it makes it from")
        }
        _ => finding
            .hint(format!("if nobody wants it: {}", cure::remove(&winner.path)))
            .hint(cure::reload(host)),
    }
}

/// Whose a directory is, in a few words.
pub(super) fn keeper(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::Control => "from systemctl set-property or edit, and stronger than the configuration",
        Keeper::Transient => "a transient unit's, made over the bus",
        Keeper::Generator => "a generator's",
        Keeper::Admin => "the administrator's",
        Keeper::User => "the user's own",
        Keeper::Runtime => "there until the next boot",
        Keeper::Vendor => "a package's",
    }
}
