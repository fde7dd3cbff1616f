//! Where units come from: every shape PF1 to PF11, made for real on a host laid out as Home Manager and NixOS lay theirs
//! out, and recognised without a change to anything.

use std::process::ExitCode;

#[path = "provenance/audit.rs"]
mod audit;
#[path = "provenance/field.rs"]
mod field;
#[path = "provenance/files.rs"]
mod files;
#[path = "provenance/healed.rs"]
mod healed;
#[path = "provenance/host.rs"]
mod host;
#[path = "provenance/led.rs"]
mod led;
#[path = "provenance/merged.rs"]
mod merged;
#[path = "provenance/restarted.rs"]
mod restarted;
#[path = "provenance/system.rs"]
mod system;
#[path = "provenance/vanished.rs"]
mod vanished;

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("t05_a_regular_file_in_place_of_the_link_is_found_and_healed", field::t05)
        .on_each("t06_a_stale_drop_in_is_found_with_etc_read_only", field::t06)
        .on_each("t07_what_need_daemon_reload_sees_is_found_and_cleared", field::t07)
        .on_each("pf1_whatever_is_no_link_is_found_in_its_place", files::regular)
        .on_each("pf2_a_missing_link_is_found", files::missing)
        .on_each("pf3_a_link_that_leads_elsewhere_is_found", files::links)
        .on_each("pf4_a_stronger_file_is_found", merged::shadows)
        .on_each("pf5_a_foreign_drop_in_is_found_in_each_form_and_folder", merged::drop_ins)
        .on_each("pf6_and_pf8_masks_are_found_and_are_no_reason_to_reload", files::masks)
        .on_each("pf7_what_need_daemon_reload_does_not_see_is_found", merged::unseen)
        .on_each("pf7_an_activation_without_a_reload_is_found", merged::activated)
        .on_each("pf9_folders_that_keep_a_repair_out_are_found", files::folders)
        .on_each("pf11_pointers_that_are_missing_or_disagree_are_found", files::pointers)
        .on_each("what_can_be_healed_is_healed_and_agrees_with_the_generation", healed::heals)
        .on_each("what_is_for_a_person_is_left_byte_for_byte", healed::leaves)
        .on_each("root_heals_a_users_units_and_a_reload_is_taken_once", healed::by_root)
        .on_each("root_is_not_led_out_of_a_home_by_what_its_user_runs", led::elsewhere)
        .on_each("a_reload_may_take_as_long_as_its_generators", healed::slow)
        .on_each("a_killed_repair_is_finished_and_no_unit_is_ever_missing", healed::killed)
        .on_each("the_units_of_real_packages_raise_no_alarm", field::real_units)
        .on_each("the_units_of_the_system_manager_are_judged_the_same", field::system_units)
        .on_each("five_thousand_units_cost_three_calls", field::many)
        .on_each("the_system_managers_units_are_healed_and_agree_with_the_system", system::heals)
        .on_each("the_system_managers_units_that_are_for_a_person_are_left", system::leaves)
        .on_each("the_system_managers_foreign_drop_ins_are_found_in_each_form_and_folder", system::drop_ins)
        .on_each("the_system_managers_changes_that_need_daemon_reload_does_not_see_are_found", system::unseen)
        .on_each("the_system_managers_places_that_keep_a_repair_out_are_told", system::places)
        .on_each("a_generation_that_vanishes_meanwhile_is_told", vanished::generation)
        .on_each("hostile_names_are_judged_and_healed_in_a_live_manager", vanished::names)
        .on_each("the_timers_service_heals_and_its_end_is_truthful", audit::heals)
        .on_each("the_timer_has_its_times_and_starts_the_service", audit::timer)
        .on_each("the_timers_service_heals_the_system_managers_units", audit::system)
        .on_each("restart_runs_anew_what_is_as_shipped_again", restarted::works)
        .on_each("restart_is_judged_and_not_believed", restarted::fails)
        .on_each("restart_spares_what_is_left_to_a_person", restarted::spares)
        .run()
}
