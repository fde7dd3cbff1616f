//! The NixOS and Home Manager modules, evaluated, their units as systemd understands them, and the install step of the Nix
//! package. Nothing is built.
//!
//! The cases of the modules stand in nix/checks/cases, and a trial's name says what they were evaluated with:
//! `with_real_nixos` where `MENDUTILS_NIXPKGS` names a nixpkgs (and `MENDUTILS_NIXOS_WSL` a NixOS-WSL, else its
//! options are stubs), `with_real_home_manager` and `with_real_nix_darwin` where `MENDUTILS_HOME_MANAGER` and
//! `MENDUTILS_NIX_DARWIN` name one too, `with_stubbed_…` elsewhere: nixpkgs' own `lib.evalModules` on stubbed options.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use lab::Release;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

#[path = "nix/install.rs"]
mod install;
#[path = "nix/outside.rs"]
mod outside;
#[path = "nix/units.rs"]
mod units;
#[path = "nix/world.rs"]
mod world;

use world::World;

fn main() -> ExitCode {
    let mut trials = vec![
        trial(
            "install::units_name_the_programs_of_the_package",
            install::units_name_the_programs_of_the_package,
        ),
        trial(
            "install::only_the_program_of_an_exec_line_changes",
            install::only_the_program_of_an_exec_line_changes,
        ),
        trial("install::an_unknown_program_is_refused", install::an_unknown_program_is_refused),
        trial(
            "install::the_provider_of_the_host_stays_as_it_is",
            install::the_provider_of_the_host_stays_as_it_is,
        ),
        trial(
            "install::a_program_outside_of_the_package_is_refused",
            install::a_program_outside_of_the_package_is_refused,
        ),
        trial(
            "outside::programs_are_copies_that_stay_current",
            outside::programs_are_copies_that_stay_current,
        ),
        trial(
            "outside::a_folder_that_others_can_change_is_refused",
            outside::a_folder_that_others_can_change_is_refused,
        ),
        trial(
            "outside::a_rule_that_visudo_refuses_changes_nothing",
            outside::a_rule_that_visudo_refuses_changes_nothing,
        ),
        trial(
            "outside::a_hook_is_one_line_in_a_file_that_stays",
            outside::a_hook_is_one_line_in_a_file_that_stays,
        ),
        trial(
            "outside::the_name_for_people_leads_to_the_program",
            outside::the_name_for_people_leads_to_the_program,
        ),
    ];
    let mut with = String::from("without_nix");
    match World::find() {
        Err(need) => trials.push(trial("modules_are_evaluated", move || lab::skip(&need))),
        Ok(world) => {
            with = format!("{}_and_{}", world.name("module"), world.name("home"));
            for group in ["module", "home", "darwin"] {
                match cases(&world, group) {
                    Ok(cases) => trials.extend(cases),
                    Err(error) => {
                        trials.push(trial(&format!("{group}::is_evaluated"), move || bail!("{error:#}")));
                    }
                }
            }
        }
    }
    lab::trials()
        .and(trials)
        .on_each(&format!("units::{with}::systemd_has_nothing_to_say_of_them"), units::verify)
        .on_each(&format!("units::{with}::the_program_is_given_what_was_written"), units::arguments)
        .with_programs()
        .with_podman()
        .on(
            &[Release::TRIXIE, Release::FORKY],
            &format!("units::{with}::a_stack_is_started_verified_stopped_and_fails"),
            units::stack,
        )
        .run()
}

fn trial(name: &str, case: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || case().map_err(|error| Failed::from(format!("{error:#}"))))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cases of one file of nix/checks.
fn cases(world: &World, group: &'static str) -> Result<Vec<Trial>> {
    let names: Vec<String> =
        serde_json::from_value(world.evaluate("results.nix", &format!("{group}.names"))?)?;
    ensure!(!names.is_empty(), "nix/checks has no case");
    // All at once where that works: one evaluation shares most of the work.
    let results = world.evaluate("results.nix", &format!("{group}.cases")).unwrap_or_default();
    Ok(names
        .into_iter()
        .map(|case| {
            let result = results.get(&case).cloned();
            let world = world.clone();
            trial(&format!("{group}::{}::{case}", world.name(group)), move || match result {
                Some(result) => verdict(&result),
                None => verdict(&world.evaluate("results.nix", &format!("{group}.cases.{case}"))?),
            })
        })
        .collect())
}

fn verdict(result: &Value) -> Result<()> {
    let said = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    ensure!(
        result.get("passed").and_then(Value::as_bool) == Some(true),
        "\n  is:        {}\n  should be: {}",
        said("expr"),
        said("expected")
    );
    Ok(())
}
