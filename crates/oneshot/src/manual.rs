//! What a manual page says beyond the options; `xtask` prints it.

/// The parts of a program's manual page that clap does not know.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// Paragraphs of DESCRIPTION after the first line.
    pub description: &'static [&'static str],
    /// FILES: path and what the program does with it.
    pub files: &'static [(&'static str, &'static str)],
    /// What an exit code means in this program in particular.
    pub exits: &'static [(crate::Exit, &'static str)],
    /// EXAMPLES: command line and what it does.
    pub examples: &'static [(&'static str, &'static str)],
    /// SEE ALSO: names with their section.
    pub see_also: &'static [&'static str],
}
