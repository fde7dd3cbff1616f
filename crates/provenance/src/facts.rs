//! What was seen, as plain values.

use std::path::PathBuf;

use nix_host::manifest;
use oneshot::resolve::Moment;
use systemd::unit::listing::Listed;
use systemd::unit::{Load, Loaded};
use systemd::unit_path::Keeper;

use crate::owner::{Generation, Kind};
use crate::place::Obstacle;
use crate::standing::Standing;
use crate::whose::Whose;

/// What is not about one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// Whose units.
    pub whose: Whose,
    /// The generations that ship some.
    pub generations: Vec<Generation>,
    /// The folders that their files belong into, and what is in the way there.
    pub places: Vec<(Kind, PathBuf, Vec<Obstacle>)>,
    /// Folders of the unit path that could not be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// When the manager last read all units, or why it was not asked.
    pub manager: Result<Option<Moment>, String>,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFacts {
    /// Its name.
    pub name: String,
    /// Who ships its unit file.
    pub owner: Option<Kind>,
    /// Every file that is shipped for it, and what lies in its place.
    pub files: Vec<FileFacts>,
    /// The unit file that a manager would take now.
    pub winner: Option<Winner>,
    /// The drop-ins that would merge into it now, masks included.
    pub drop_ins: Vec<DropInFacts>,
    /// The youngest change of any of these but for what the manager itself writes, and where.
    pub changed: Option<(Moment, PathBuf)>,
    /// What the manager has of it.
    pub memory: Memory,
}

/// A shipped file and what lies in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Who ships it.
    pub owner: Kind,
    /// What it is to the unit.
    pub kind: manifest::Kind,
    /// Where it belongs.
    pub path: PathBuf,
    /// The file in the generation.
    pub source: PathBuf,
    /// What lies there.
    pub standing: Standing,
}

/// The unit file that a manager takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Winner {
    /// Where.
    pub path: PathBuf,
    /// Who writes there.
    pub keeper: Keeper,
    /// Whether it is a mask.
    pub is_mask: bool,
    /// Whether it leads to nothing that systemd reads.
    pub is_dangling: bool,
    /// Who ships a unit file to just this place.
    pub place_of: Option<Kind>,
    /// Whether it leads into the store of Nix.
    pub is_stored: bool,
}

/// A drop-in that merges into a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropInFacts {
    /// Where.
    pub path: PathBuf,
    /// Whose it is.
    pub belongs: Belongs,
    /// Whether it only hides those of its name.
    pub is_mask: bool,
    /// Whether it leads into the store of Nix.
    pub is_stored: bool,
    /// Shipped drop-ins of its name that do not count because of it.
    pub hides: Vec<PathBuf>,
}

/// Whose a drop-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// A generation ships one to just this place.
    Shipped,
    /// A package's.
    Packaged,
    /// A generator's.
    Generated,
    /// Nobody's that Nix knows.
    Foreign(Keeper),
}

/// What the manager has of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It was not asked.
    Unknown,
    /// Nothing: it will read the files when it needs the unit.
    Absent,
    /// It is in memory, and nothing on disk is younger.
    Listed(Listed),
    /// It was asked for all.
    Loaded(Box<LoadedFacts>),
}

/// A loaded unit against the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedFacts {
    /// What the manager says.
    pub loaded: Loaded,
    /// Where that is not what lies on the disk.
    pub differences: Vec<Difference>,
    /// A file of it that changed after the manager read all units. Whether the manager has the old version only the
    /// differences tell: Home Manager makes each link anew when it activates, and this unit may have been read later.
    pub younger: Option<PathBuf>,
    /// A file of it that could not be read, so that its commands were not compared, and why.
    pub unread: Option<(PathBuf, String)>,
}

/// Something that the manager has otherwise than the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The unit file.
    Fragment {
        /// What the manager took.
        loaded: Option<PathBuf>,
        /// What it would take now.
        disk: Option<PathBuf>,
    },
    /// The drop-ins.
    DropIns {
        /// Those that it has and that are not there any more.
        gone: Vec<PathBuf>,
        /// Those that it does not have.
        new: Vec<PathBuf>,
    },
    /// The commands, joined by semicolons.
    ExecStart {
        /// What the manager would run.
        loaded: String,
        /// What the files say.
        disk: String,
    },
}

impl DropInFacts {
    /// Whether it changes what is shipped, and is not shipped: it is nobody's, or it hides shipped ones.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        match self.belongs {
            Belongs::Shipped => false,
            Belongs::Foreign(_) => true,
            Belongs::Packaged | Belongs::Generated => !self.hides.is_empty(),
        }
    }

    /// A mask that hides nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_mask && self.hides.is_empty()
    }
}

impl UnitFacts {
    /// How the manager found its file, where that is known.
    #[must_use]
    pub fn load(&self) -> Option<&Load> {
        match &self.memory {
            Memory::Unknown | Memory::Absent => None,
            Memory::Listed(listed) => Some(&listed.load),
            Memory::Loaded(facts) => Some(&facts.loaded.load),
        }
    }
}
