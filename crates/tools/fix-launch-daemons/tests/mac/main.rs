//! The real program on the tree of a Mac, whose launchd is played.

mod answers;
mod jobs;
mod runs;
mod shapes;
mod tree;

use std::process::ExitCode;

use launchd_stand_in::{run, trials};

fn main() -> ExitCode {
    run(trials![
        jobs::lf1_a_job_that_is_not_loaded_is_loaded,
        jobs::a_missing_copy_is_made_with_owner_and_mode,
        jobs::a_copy_that_others_may_write_and_a_link_are_replaced,
        jobs::a_changed_job_is_ended_waited_for_loaded_and_started,
        jobs::a_job_of_another_file_name_goes_by_its_label,
        jobs::what_the_configuration_does_not_start_is_left_alone,
        jobs::the_store_and_the_own_job_are_never_ended,
        jobs::orphans_are_told_and_taken_away_only_when_asked_for,
        jobs::agents_wait_for_a_session_and_are_never_a_failure,
        jobs::a_users_own_agents_stand_in_the_home_directory,
        runs::help_names_the_options_and_bad_ones_are_wrong_usage,
        runs::without_launchctl_it_says_so,
        runs::five_hundred_jobs_in_order_cost_two_calls,
        runs::a_dry_run_tells_the_steps_that_a_run_takes,
        runs::a_second_run_at_once_is_told_to_come_back,
        runs::killed_at_any_call_the_next_run_finishes,
        runs::a_job_that_does_not_end_is_left_to_the_next_run,
        runs::a_job_whose_new_definition_cannot_be_written_comes_back,
        runs::a_system_that_cannot_be_found_is_wrong_configuration,
        runs::advice_never_fails,
        shapes::lf2_a_disabled_job_is_enabled_whatever_the_spelling_and_the_code,
        shapes::lf2_a_loaded_job_that_is_disabled_is_enabled_for_the_next_boot,
        shapes::lf2_an_override_that_comes_back_is_told,
        shapes::lf3_what_macos_blocks_is_told_and_not_tried_again,
        shapes::lf4_without_the_volume_nothing_is_loaded,
        shapes::lf5_a_job_whose_program_is_gone_is_told,
        shapes::lf5_a_job_of_a_collected_system_is_loaded_anew,
        shapes::lf5_a_program_that_came_late_is_started_again,
        shapes::lf6_a_job_in_the_penalty_box_is_loaded_anew,
        shapes::lf6_a_sick_job_is_given_up_after_one_attempt,
        shapes::lf7_a_program_that_may_not_be_executed_is_told,
        shapes::lf8_a_run_that_failed_is_told_and_nothing_is_done,
        shapes::lf14_agents_without_a_session_of_their_own_are_skipped,
        answers::storms_pass_and_a_lasting_one_is_told,
        answers::what_does_not_start_by_itself_is_started,
        answers::every_code_of_a_refusal_is_told_and_none_is_a_success,
        answers::a_code_of_no_table_is_told_with_its_words,
        answers::answers_that_say_nothing_are_unknown,
        answers::a_launchctl_that_hangs_is_bounded,
        answers::hostile_definitions_never_break_the_run,
        answers::a_place_that_is_taken_is_left_as_it_is,
        answers::a_system_domain_that_is_not_there_is_no_missing_session,
    ])
}
