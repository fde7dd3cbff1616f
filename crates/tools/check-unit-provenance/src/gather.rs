//! Whose units, and the look at them.

use anyhow::Result;
use oneshot::{Exit, Root, refuse};
use provenance::survey::{Survey, Units, look};
use provenance::{Request, Whose, whose};

use crate::arguments::{Arguments, Owner};

/// Whose units are meant; an error text of a uid that nobody has.
pub(crate) fn whose(arguments: &Arguments, root: &Root) -> Result<Result<Whose, String>> {
    let whose = whose::choose(root, arguments.user.as_ref(), arguments.system)?;
    let is_of_home = arguments.owner == Owner::HomeManager || arguments.generation.is_some();
    if whose == Ok(Whose::System) && is_of_home {
        return Err(refuse(Exit::Config, "Home Manager ships no units of the system manager; add --user"));
    }
    Ok(whose)
}

/// Looks at everything.
pub(crate) fn gather(arguments: &Arguments, root: &Root, whose: &Whose) -> Result<Survey> {
    let units = match arguments.units.as_slice() {
        [] if arguments.all => Units::All,
        [] => Units::Shipped,
        names => Units::Named(names.iter().map(|name| name.as_str().to_owned()).collect()),
    };
    look(&Request {
        root,
        whose,
        is_offline: arguments.offline,
        units,
        owner: arguments.owner.kind(),
        generation: arguments.generation.as_deref(),
    })
}
