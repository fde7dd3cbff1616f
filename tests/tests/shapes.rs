//! Every failure shape of a user's session, RF1 to RF21: first that it fails as it does in the field, then that it is
//! mended, or recognised and left alone.

use std::process::ExitCode;

#[path = "shapes/cgroup.rs"]
mod cgroup;
#[path = "shapes/layers.rs"]
mod layers;
#[path = "shapes/logins.rs"]
mod logins;
#[path = "shapes/manager.rs"]
mod manager;
#[path = "shapes/missing.rs"]
mod missing;
#[path = "shapes/ownership.rs"]
mod ownership;
#[path = "shapes/reported.rs"]
mod reported;
#[path = "shapes/stray.rs"]
mod stray;
#[path = "shapes/wslg.rs"]
mod wslg;

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .on_each("rf1_a_stray_mount_of_fstab_is_mended_by_hand", stray::by_hand)
        .on_each("rf1_a_stray_mount_of_fstab_is_mended_at_the_login", stray::at_the_login)
        .on_each("rf1_a_stray_mount_without_wsl_is_mended", stray::without_wsl)
        .on_each("rf1_a_moved_automount_root_is_followed", stray::moved)
        .on_each("rf1_on_nixos_the_stanza_and_the_way_to_apply_it_are_named", stray::on_nixos)
        .on_each("rf1_the_unit_mends_and_starts_what_failed", stray::by_the_unit)
        .on_each("rf1_a_dry_run_tells_the_steps_and_takes_none", stray::dry_run)
        .on_each("rf2_the_mount_that_old_wsl_makes_is_mended", stray::old_wsl)
        .on_each("rf2_a_live_session_on_it_only_gets_its_mode", stray::old_wsl_live)
        .on_each("rf3_a_layer_over_a_live_bus_is_taken_off", layers::over_a_live_bus)
        .on_each("rf3_a_layer_in_use_is_left_and_its_holder_named", layers::busy)
        .on_each("rf3_layers_without_a_session_end_in_one_good_mount", layers::without_a_session)
        .on_each("rf4_a_plain_directory_is_covered_by_a_tmpfs", missing::plain)
        .on_each("rf4_a_plain_directory_on_the_disk_loses_its_stale_sockets", missing::plain_on_disk)
        .on_each("rf5_an_override_that_makes_no_directory_is_named", missing::stubbed)
        .on_each("rf5_a_condition_that_skips_the_directory_is_named", missing::conditioned)
        .on_each("rf5_a_lost_directory_is_made_again", missing::lost)
        .on_each("rf6_a_directory_of_another_user_is_refused", ownership::other_user)
        .on_each("rf6_take_over_is_refused_while_the_other_user_is_live", ownership::other_user_live)
        .on_each("rf7_a_wrong_mode_is_mended_under_a_live_session", ownership::mode)
        .on_each("rf8_a_wrong_group_is_mended_under_a_live_session", ownership::group)
        .on_each("rf9_a_parent_that_is_too_open_is_mended_at_the_login", ownership::open_parent)
        .on_each("rf9_a_parent_of_somebody_else_is_mended", ownership::foreign_parent)
        .on_each("rf9_a_parent_that_is_too_strict_is_mended", ownership::strict_parent)
        .on_each("rf10_a_failed_manager_is_started_when_asked", manager::failed)
        .on_each("rf11_a_manager_that_never_ran_is_started_when_asked", manager::inactive)
        .on_each("rf12_a_cgroup_collision_is_named_and_left_alone", cgroup::collision)
        .on_each("rf13_a_deleted_bus_socket_comes_back", manager::bus_deleted)
        .on_each("rf13_a_stale_bus_socket_is_replaced", manager::bus_stale)
        .on_each("rf14_a_session_lost_to_a_slow_boot_is_named", reported::slow_boot)
        .on_each("rf15_a_linger_file_without_a_manager_is_mended", manager::linger_unserved)
        .on_each("rf15_linger_is_switched_on", manager::linger_absent)
        .on_each("rf15_an_unknown_user_gets_no_linger", manager::linger_unknown)
        .on_each("rf15_the_linger_policy_of_nixos_is_not_fought", manager::linger_policy)
        .on_each("rf16_missing_and_dangling_links_of_wslg_are_made", wslg::links)
        .on_each("rf16_wslg_that_is_off_is_no_error", wslg::off)
        .on_each("rf17_a_symbolic_link_is_refused", reported::symlink)
        .on_each("rf17_a_foreign_file_system_is_refused", reported::foreign)
        .on_each("rf18_a_manager_held_by_nologin_is_explained", reported::nologin)
        .on_each("rf19_without_systemd_it_says_so_and_exits_0", reported::without_systemd)
        .on_each("rf20_another_mount_namespace_is_refused", reported::namespace)
        .on_each("rf21_a_false_alarm_of_wsl_is_no_failure", reported::false_alarm)
        .on_each("a_healthy_session_has_no_shape", reported::healthy)
        .on_each("a_wrong_mount_that_waits_for_a_login_is_mended_by_the_drop_in", logins::premounts)
        .on_each("a_second_login_works_after_the_directory_was_removed", logins::again)
        .on_each("a_second_login_works_over_a_stray_mount", logins::again_over_a_stray)
        .on_each("two_users_are_mended_at_the_same_time", logins::two_users)
        .on_each("a_user_whose_group_is_not_the_uid_gets_the_primary_group", logins::primary_group)
        .on_each("a_uid_without_a_name_is_skipped", logins::nameless)
        .on_each("a_name_with_odd_characters_is_mended", logins::odd_name)
        .run()
}
