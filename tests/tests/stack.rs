//! `apply-and-verify` with real podman and the compose provider of each release.

use std::process::ExitCode;

use lab::Release;

#[path = "stack/apply.rs"]
mod apply;
#[path = "stack/declared.rs"]
mod declared;
#[path = "stack/docker.rs"]
mod docker;
#[path = "stack/missing.rs"]
mod missing;
#[path = "stack/phase.rs"]
mod phase;
#[path = "stack/shapes.rs"]
mod shapes;
#[path = "stack/ten.rs"]
mod ten;
#[path = "stack/told.rs"]
mod told;

/// Podman 5, whose providers tell their services; that of podman 4.3 knows neither profiles nor conditions.
const CURRENT: [Release; 2] = [Release::TRIXIE, Release::FORKY];

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .with_podman()
        .on(&CURRENT, "t01_a_start_without_changes_restarts_nothing", phase::t01)
        .on(&CURRENT, "t02_a_verified_restart_that_works_says_so", phase::t02)
        .on(&CURRENT, "t03_a_verified_restart_that_fails_says_so", phase::t03)
        .on(&CURRENT, "what_is_missing_is_named_before_anything_is_done", missing::all)
        .on(&CURRENT, "docker_compose_is_judged_by_the_same_rules", docker::all)
        .on(&CURRENT, "what_is_told_is_told_safely_and_once", told::all)
        .once_only()
        .on(&CURRENT, "every_shape_gets_its_code_and_its_service", shapes::all)
        .on(&[Release::FORKY], "every_failure_of_ten_services_is_told_and_nothing_is_lost", ten::failures)
        .run()
}
