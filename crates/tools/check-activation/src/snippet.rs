//! The lines for the start-up file of a shell. They ask the shell itself whether the link leads to the folder of the profile
//! (`-ef`, which looks at both and compares device and inode): so a missing, a dangling and a stale link are seen without
//! starting a process, and nothing at all is started while the link is right. Only where it is not, the program is run.
//!
//! They are made of builtins and absolute paths, hold in a shell that ends at the first error or unset variable, and say
//! nothing where nobody reads: not in a shell without a terminal, not in what a shell starts, and of one cause once a boot.

use clap::ValueEnum;

/// Whose lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Of `~/.bashrc`; from bash 3.2 on, which macOS has
    Bash,
    /// Of `~/.config/fish/conf.d`; before fish 3.6 the program is run at each start
    Fish,
    /// Of `~/.zshrc`, or `/etc/zlogin`, which nix-darwin leaves alone
    Zsh,
}

/// bash and zsh take the same.
const SH: &str = include_str!("snippet/activation.sh");
const FISH: &str = include_str!("snippet/activation.fish");

/// The lines of a shell.
#[must_use]
pub fn of(shell: Shell) -> String {
    let (name, text) = match shell {
        Shell::Bash => ("bash", SH),
        Shell::Fish => ("fish", FISH),
        Shell::Zsh => ("zsh", SH),
    };
    format!("# Made by: check-activation --shell {name}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use activation::own;
    use nix_host::{profile, system};

    #[test]
    fn the_paths_are_those_of_the_programs() {
        for shell in Shell::value_variants() {
            let text = of(*shell);
            for part in [
                format!("{}/check-activation", own::PROGRAMS),
                format!("{}/recover-activation --ask", own::PROGRAMS),
                format!("{} -ef {}", system::CURRENT, profile::SYSTEM),
            ] {
                assert!(text.contains(&part), "{shell:?} lacks {part}");
            }
        }
    }
}
