//! What stands in the place of the directory is not what it seems: nothing outside may ever change.

use std::process::ExitCode;

#[path = "hostile/binds.rs"]
mod binds;
#[cfg_attr(target_os = "linux", path = "hostile/swaps.rs")]
#[cfg_attr(not(target_os = "linux"), path = "hostile/elsewhere.rs")]
mod swaps;
#[cfg(target_os = "linux")]
#[path = "hostile/sys.rs"]
mod sys;

fn main() -> ExitCode {
    lab::trials()
        .with_programs()
        .sparing()
        .on_each("a_file_in_the_place_of_the_directory_is_refused", binds::file)
        .on_each("a_fifo_or_a_socket_in_the_place_of_the_directory_is_refused", binds::special)
        .on_each("a_symbolic_link_to_a_runtime_directory_is_refused", binds::symlink_to_ann)
        .on_each("the_mount_of_another_live_user_is_refused", binds::other_live_user)
        .on_each("a_bind_of_a_part_of_the_system_is_refused", binds::of_the_system)
        .on_each("a_bind_of_another_tmpfs_is_refused", binds::of_a_tmpfs)
        .on_each("a_shared_superblock_is_not_remounted", binds::of_its_parent)
        .on_each("a_racing_swap_of_the_directory_changes_nothing_outside", swaps::directory)
        .on_each("a_racing_swap_by_the_user_changes_nothing_outside", swaps::children)
        .run()
}
