//! What is to be told, each with what it asks the run to exit with.

use oneshot::Exit;

/// One container and its unit, as a sentence names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The container's name.
    pub container: String,
    /// Its unit, where it has one.
    pub unit: Option<String>,
    /// Its image as it was asked for.
    pub image: String,
}

/// What podman said of a container whose state is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// That it was updated.
    Update,
    /// That it was rolled back.
    Rollback,
    /// That nothing was done to it; it shares an image or a unit with one to which something was.
    Nothing,
    /// Nothing: it had no time to.
    Silence,
    /// Its stack was renewed by its unit's reload.
    Reload,
}

/// Why a container was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Omission {
    /// It does not run, so that podman passes over it.
    Down {
        /// Whether its unit exists, which would start it.
        has_unit: bool,
    },
    /// podman's own error.
    Error(String),
    /// It belongs to a compose project whose unit does not exist, is not up, or has no `ExecReload=`.
    NoStack {
        /// The project.
        project: String,
        /// What is wrong with the unit; `None` where the label names none.
        unit: Option<String>,
    },
    /// Its unit does not exist: there is nothing newer, and an update would fail.
    NoUnit,
    /// podman did not tell of it.
    Silence,
}

/// Why an expected unit was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// There is no such unit.
    NoUnit,
    /// No container carries its name.
    NoContainer,
    /// Its container has no policy.
    NoPolicy(String),
    /// Its container does not run.
    Down(String),
    /// Another reason, which is told with the container.
    Other(String),
}

/// A container that is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Which.
    pub whose: Whose,
    /// What podman said of it.
    pub after: After,
    /// What is wrong.
    pub why: String,
    /// Whether it was so before, and is untouched.
    pub was_so: bool,
    /// Whether somebody answers for it, so that it fails the run.
    pub counts: bool,
    /// The last words of its health check and log.
    pub notes: Vec<String>,
}

/// A container that podman calls failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Which.
    pub whose: Whose,
    /// podman's errors on it.
    pub errors: Vec<String>,
    /// How it is now, where that is bad.
    pub now: Option<String>,
    /// The units that were updated in the same run.
    pub updated: Vec<String>,
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// It was updated and is good.
    Updated {
        /// Which.
        whose: Whose,
        /// Where it stands.
        after: After,
    },
    /// Nothing newer for so many.
    NothingNew(usize),
    /// Nothing has the policy, or nothing that has it runs.
    NoPolicy {
        /// How many have it and do not run.
        down: usize,
    },
    /// It was rolled back.
    RolledBack {
        /// Which.
        whose: Whose,
        /// Whether the next run finds the same image again, because the registry still has it.
        is_asked_again: bool,
    },
    /// It was rolled back by an earlier run and still is.
    StillRolledBack {
        /// Which.
        whose: Whose,
        /// When that was, in µs since 1970.
        since: i64,
    },
    /// There was an image for it, until the rollback of another one moved the name back.
    Unmoved {
        /// Which.
        whose: Whose,
        /// The unit that was rolled back.
        by: String,
    },
    /// It is not good.
    Bad(Bad),
    /// It was still on its way when the time was up.
    Undecided {
        /// Which.
        whose: Whose,
        /// What for.
        why: String,
    },
    /// podman called it updated, and it runs what it ran before.
    OldImage(Whose),
    /// podman called it failed.
    Failed(Failed),
    /// A dry run: only a pull would tell whether there is something newer for a container of a stack.
    Unasked(Whose),
    /// A word that is not known.
    Unknown {
        /// Which.
        whose: Whose,
        /// The word.
        word: String,
    },
    /// An error of podman's that names no container known here.
    Error(String),
    /// It has the policy, and nothing looked for a newer image.
    LeftOut {
        /// Which.
        whose: Whose,
        /// Why.
        why: Omission,
    },
    /// An expected unit was not looked at.
    Missed {
        /// The unit.
        unit: String,
        /// Why.
        why: Missed,
    },
    /// It went down with a unit that was restarted, and did not come back.
    DependentDown {
        /// The dependent.
        unit: String,
        /// The unit that it depends on.
        of: String,
        /// Its state.
        state: String,
        /// Whether it is on its way.
        is_moving: bool,
    },
    /// The container is good, and its unit is not up.
    UnitDown {
        /// The unit.
        unit: String,
        /// Its state.
        state: String,
        /// Whether it is on its way.
        is_moving: bool,
    },
    /// The time was up before podman was done.
    TimeUp {
        /// Units whose jobs go on.
        moving: Vec<(String, String)>,
    },
    /// A stack's unit was reloaded, and not all went well.
    Reload {
        /// The unit.
        unit: String,
        /// What it asks for.
        exit: Exit,
        /// What is wrong.
        reasons: Vec<String>,
        /// What its journal says, and what to do.
        hints: Vec<String>,
    },
    /// Images for stacks could not be fetched.
    LostPull {
        /// Which.
        images: Vec<String>,
        /// podman's words.
        words: String,
    },
}

impl Matter {
    /// What a run with it exits with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Updated { .. }
            | Self::NothingNew(_)
            | Self::NoPolicy { .. }
            | Self::StillRolledBack { .. }
            | Self::Unmoved { .. }
            | Self::Unasked(_) => Exit::Ok,
            Self::Bad(bad) if bad.was_so || !bad.counts => Exit::Ok,
            Self::LeftOut { why, .. } => why.exit(),
            Self::RolledBack { .. } | Self::OldImage(_) => Exit::Contradicted,
            Self::DependentDown { is_moving: true, .. }
            | Self::UnitDown { is_moving: true, .. }
            | Self::Undecided { .. }
            | Self::TimeUp { .. } => Exit::Undecided,
            // podman calls the unit's restart done, and what belonged to it is gone.
            Self::DependentDown { .. } => Exit::Contradicted,
            Self::Bad(_)
            | Self::Failed(_)
            | Self::Unknown { .. }
            | Self::Error(_)
            | Self::UnitDown { .. }
            | Self::LostPull { .. } => Exit::Failed,
            Self::Missed { why: Missed::NoUnit, .. } => Exit::Config,
            Self::Missed { .. } => Exit::Failed,
            Self::Reload { exit, .. } => *exit,
        }
    }
}

impl Omission {
    /// A failure where podman fails too, or nothing ever would be updated; else it is only said.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Error(_) | Self::NoStack { .. } => Exit::Failed,
            Self::Down { .. } | Self::NoUnit | Self::Silence => Exit::Ok,
        }
    }
}

/// What a run with all of these exits with: a failure wins over a rollback, and that over what is undecided.
#[must_use]
pub fn exit(matters: &[Matter]) -> Exit {
    const RANKS: [Exit; 7] = [
        Exit::Failed,
        Exit::Config,
        Exit::Unavailable,
        Exit::NoPermission,
        Exit::Contradicted,
        Exit::Undecided,
        Exit::Busy,
    ];
    RANKS.into_iter().find(|exit| matters.iter().any(|matter| matter.exit() == *exit)).unwrap_or(Exit::Ok)
}
