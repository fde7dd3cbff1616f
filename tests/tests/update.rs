//! `update-and-verify` with units that Quadlet made, with compose stacks, images of the local storage and of a registry.

use std::process::ExitCode;

use lab::Release;

#[path = "update/compose.rs"]
mod compose;
#[path = "update/quadlet.rs"]
mod quadlet;
#[path = "update/registry.rs"]
mod registry;
#[path = "update/table.rs"]
mod table;

/// Quadlet's `Notify=healthy` came with podman 5.
const WITH_QUADLET: [Release; 2] = [Release::TRIXIE, Release::FORKY];

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .with_podman()
        .on(&WITH_QUADLET, "auto_update_failure_is_passed_on", table::failure_is_passed_on)
        .on(&WITH_QUADLET, "every_row_of_the_table_gets_the_right_verdict", table::all)
        .on(&WITH_QUADLET, "a_container_that_auto_update_leaves_out_is_named", table::left_out)
        .on(&WITH_QUADLET, "an_update_that_never_ends_is_undecided", table::endless)
        .on(&WITH_QUADLET, "a_newer_image_of_a_registry_is_judged", registry::quadlet)
        .on(&WITH_QUADLET, "a_stack_gets_the_newer_image_of_a_registry", registry::stack)
        .once_only()
        .on(&WITH_QUADLET, "a_stack_is_renewed_by_the_reload_of_its_unit", compose::renewed)
        .run()
}
