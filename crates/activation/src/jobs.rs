//! The jobs that should be loaded: those that the system wants, the one that mounts the store, and mendutils' own.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use launchd::{Definition, Domain, definition};
use nix_host::link::Kind;
use nix_host::store;
use oneshot::Resolver;
use oneshot::resolve::Place;

use crate::gather::{Person, Request};
use crate::job::{Copy, Job, Program, Role, State};
use crate::own;
use crate::trouble::Trouble;

mod ask;

/// Definitions of daemons (launchd.plist(5), "FILES").
pub const DAEMONS: &str = "/Library/LaunchDaemons";

/// Definitions of agents of all users.
pub const AGENTS: &str = "/Library/LaunchAgents";

/// A user's own agents, below the system (nix-darwin `modules/system/launchd.nix`).
const USER_AGENTS: &str = "/user/Library/LaunchAgents";

/// The daemons that mount the store, by who installed Nix: Determinate; nix-installer and the shell installer.
pub const STORE: [&str; 2] = ["systems.determinate.nix-store", "org.nixos.darwin-store"];

/// launchd takes no definition that others than its owner could write (launchctl says 122).
const WRITABLE: u32 = 0o022;

/// All jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// The daemons, then the agents, each in the order of their files.
    pub jobs: Vec<Job>,
    /// Definitions that no job can be made of, and why.
    pub unread: Vec<(PathBuf, String)>,
    /// Domains that launchd could not tell of, and why.
    pub unknown: Vec<(Domain, String)>,
    /// Whether launchd was asked.
    pub is_asked: bool,
    /// Whose agents could not be looked at, because nobody is logged in at the screen.
    pub without_screen: Option<u32>,
    /// Why it is not known what Background Task Management blocks; `None` where it was asked, or did not matter.
    pub unseen: Option<String>,
}

/// Looks at all.
pub fn read(request: &Request<'_>, resolver: &Resolver<'_>, wanted: Option<&Path>) -> Result<Jobs> {
    let mut jobs = Jobs::default();
    if let Some(system) = wanted {
        for group in groups(request.person) {
            let folder = PathBuf::from(format!("{}{}", system.display(), group.source));
            jobs.want(resolver, &folder, &group)?;
        }
    }
    for label in STORE {
        jobs.add(resolver, Role::Store, Domain::System, format!("{DAEMONS}/{label}.plist").into());
    }
    if resolver.root().has(Path::new(own::PROGRAMS).join(own::BOOT_PROGRAM))? {
        for place in own::places(request.person) {
            let has = resolver.root().has(&place.installed)?;
            if place.is_due && !has && !jobs.has(place.label) {
                jobs.jobs.push(absent(&place));
            } else {
                jobs.add(resolver, Role::Own, place.domain, place.installed);
            }
        }
    }
    if let Some(launchctl) = request.launchctl {
        ask::all(&mut jobs, launchctl)?;
    }
    Ok(jobs)
}

/// Definitions of the system, and where they are copied to.
struct Group {
    domain: Domain,
    source: &'static str,
    installed: String,
}

fn groups(person: Option<&Person>) -> Vec<Group> {
    let mut groups = vec![Group { domain: Domain::System, source: DAEMONS, installed: DAEMONS.to_owned() }];
    if let Some(person) = person {
        let domain = Domain::Gui(person.uid);
        groups.push(Group { domain, source: AGENTS, installed: AGENTS.to_owned() });
        let own = person.agents().map(|installed| Group { domain, source: USER_AGENTS, installed });
        groups.extend(own);
    }
    groups
}

impl Jobs {
    /// What is wrong with them. `is_linked` says whether the link to the system is right, `has_store` whether what hangs on
    /// the store can be judged.
    #[must_use]
    pub fn troubles(&self, is_linked: bool, has_store: bool) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        troubles.extend(self.unread.iter().map(|(path, why)| Trouble::Definition(path.clone(), why.clone())));
        troubles.extend(self.unknown.iter().map(|(domain, why)| Trouble::Domain(*domain, why.clone())));
        let is_waiting = |job: &&Job| job.domain.uid().is_some_and(|uid| self.without_screen == Some(uid));
        if let Some(uid) = self.without_screen {
            let agents = self.jobs.iter().filter(is_waiting).count();
            troubles.push(Trouble::NoScreen { uid, agents });
        }
        // While the store is away only the job that mounts it and mendutils' own can be helped.
        let is_judged = |job: &&Job| (has_store || job.role != Role::Wanted) && !is_waiting(job);
        // The job that mounts the store explains the others.
        let (store, others): (Vec<_>, Vec<_>) =
            self.jobs.iter().filter(is_judged).partition(|job| job.role == Role::Store);
        for job in store.into_iter().chain(others) {
            let fault = job.fault(is_linked);
            troubles.extend(fault.map(|fault| Trouble::Job(Box::new(job.clone()), fault)));
        }
        troubles
    }

    fn has(&self, label: &str) -> bool {
        self.jobs.iter().any(|job| job.label == label)
    }

    /// The jobs of one folder of the system.
    fn want(&mut self, resolver: &Resolver<'_>, folder: &Path, group: &Group) -> Result<()> {
        let Place::Found(found) = resolver.follow(folder) else { return Ok(()) };
        for name in resolver.root().list(&found.path)?.into_iter().filter(|name| name.ends_with(".plist")) {
            let source = folder.join(&name);
            let read = bytes(resolver, &source).and_then(|bytes| Ok((parse(&bytes)?, bytes)));
            let (definition, bytes) = match read {
                Ok(read) => read,
                Err(reason) => {
                    self.unread.push((source, reason));
                    continue;
                }
            };
            let installed = Path::new(&group.installed).join(&name);
            let copy = copy(resolver, &installed, group.domain, Some(&bytes));
            let role = if STORE.contains(&definition.label.as_str()) { Role::Store } else { Role::Wanted };
            self.jobs.push(Job {
                role,
                domain: group.domain,
                label: definition.label.clone(),
                program: program(resolver, &definition, role),
                definition,
                source: Some(source),
                installed,
                copy,
                is_disabled: false,
                state: State::NotAsked,
                blocked: None,
            });
        }
        Ok(())
    }

    /// A job whose installed definition is all that there is; nothing where there is none, or the system wants it too.
    fn add(&mut self, resolver: &Resolver<'_>, role: Role, domain: Domain, installed: PathBuf) {
        let label = installed.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if self.has(&label) || !resolver.root().has(&installed).unwrap_or(true) {
            return;
        }
        let mut copy = copy(resolver, &installed, domain, None);
        let definition = match bytes(resolver, &installed).and_then(|bytes| parse(&bytes)) {
            Ok(definition) => definition,
            Err(reason) => {
                if copy == Copy::Right {
                    copy = Copy::Unreadable(reason);
                }
                Definition { label, ..Definition::default() }
            }
        };
        self.jobs.push(Job {
            role,
            domain,
            label: definition.label.clone(),
            program: program(resolver, &definition, role),
            definition,
            source: None,
            installed,
            copy,
            is_disabled: false,
            state: State::NotAsked,
            blocked: None,
        });
    }
}

/// An own job without its definition.
fn absent(place: &own::Place) -> Job {
    Job {
        role: Role::Own,
        domain: place.domain,
        label: place.label.to_owned(),
        definition: Definition { label: place.label.to_owned(), ..Definition::default() },
        source: None,
        installed: place.installed.clone(),
        copy: Copy::Missing,
        program: Program::None,
        is_disabled: false,
        state: State::NotAsked,
        blocked: None,
    }
}

fn bytes(resolver: &Resolver<'_>, path: &Path) -> Result<Vec<u8>, String> {
    match resolver.follow(path) {
        Place::Found(found) => match definition::bytes(&resolver.root().join(found.path)) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err("it is gone".to_owned()),
            Err(error) => Err(format!("{error:#}")),
        },
        Place::Missing(at) => Err(format!("{} is not there", at.display())),
        Place::Null | Place::Loop(_) => Err("it leads nowhere".to_owned()),
        Place::Unreadable(at, reason) => Err(format!("looking at {}: {reason}", at.display())),
    }
}

fn parse(bytes: &[u8]) -> Result<Definition, String> {
    Definition::parse(bytes).map_err(|error| format!("{error:#}"))
}

/// What stands in a definition's place, held to the bytes that the system has for it.
fn copy(resolver: &Resolver<'_>, path: &Path, domain: Domain, wanted: Option<&[u8]>) -> Copy {
    let place = resolver.place(path).unwrap_or_else(|| path.to_owned());
    let about = match fs::symlink_metadata(resolver.root().join(&place)) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Copy::Missing,
        Err(error) => return Copy::Unreadable(error.to_string()),
    };
    let kind = Kind::of(&about);
    if kind != Kind::File {
        return Copy::NotAFile(kind);
    }
    // In a tree everything belongs to who made it.
    let own = nix::unistd::geteuid().as_raw();
    let is_owner = about.uid() == 0
        || domain.uid() == Some(about.uid())
        || (!resolver.root().is_real() && about.uid() == own);
    if !is_owner || about.mode() & WRITABLE != 0 {
        return Copy::Rights(about.uid(), about.mode() & 0o7777);
    }
    match (wanted, definition::bytes(&resolver.root().join(&place))) {
        (_, Err(error)) => Copy::Unreadable(format!("{error:#}")),
        (_, Ok(None)) => Copy::Missing,
        (Some(wanted), Ok(Some(bytes))) if wanted != bytes => Copy::Differs,
        (_, Ok(Some(_))) => Copy::Right,
    }
}

/// Whether what a job starts is there: its executable, and the first path of the store that a shell is to execute for it.
/// nix-darwin puts `/bin/wait4path /nix/store && exec PROGRAM` before every program of its own (nix-darwin#1043).
fn program(resolver: &Resolver<'_>, definition: &Definition, role: Role) -> Program {
    let Some(executable) = definition.executable() else { return Program::None };
    let words = definition.arguments.iter().flat_map(|argument| argument.split_ascii_whitespace());
    let inner =
        words.map(|word| word.trim_matches(['"', '\''])).find(|word| store::is_store_path(Path::new(word)));
    for path in [Some(executable), inner].into_iter().flatten() {
        let path = Path::new(path);
        if role == Role::Own && path.starts_with("/nix") {
            return Program::InStore(path.to_owned());
        }
        // A name alone is looked for along launchd's own path.
        let is_here =
            |found: &oneshot::resolve::Found| found.about.is_file() && found.about.mode() & 0o111 != 0;
        if path.is_absolute() && !matches!(resolver.follow(path), Place::Found(found) if is_here(&found)) {
            return Program::Missing(path.to_owned());
        }
    }
    Program::Here
}
