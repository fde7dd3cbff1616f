//! The jobs that should be loaded: those that the system wants, the one that mounts the store, and mendutils' own.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
pub use launchd::folder::{AGENTS, DAEMONS};
use launchd::{Definition, Domain, definition, folder};
use nix_host::link::Kind;
use nix_host::store;
pub use nix_host::volume::DAEMONS as STORE;
use oneshot::resolve::Place;
use oneshot::{Exit, Resolver, exit};

use crate::gather::{Person, Request};
use crate::job::{Copy, Job, Program, Role, State};
use crate::own;
use crate::trouble::Trouble;

mod ask;

/// A user's own agents, below the system (nix-darwin `modules/system/launchd.nix`).
const USER_AGENTS: &str = "/user/Library/LaunchAgents";

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
        let folder::Folder { entries, bad } = folder::read(resolver, &found.path)?;
        self.unread.extend(bad.into_iter().map(|(name, reason)| (folder.join(name), reason)));
        for folder::Entry { name, bytes, definition } in entries {
            let installed = Path::new(&group.installed).join(&name);
            let copy = copy(resolver, &installed, group.domain, Some(&bytes));
            let role = if STORE.contains(&definition.label.as_str()) { Role::Store } else { Role::Wanted };
            self.jobs.push(Job {
                role,
                domain: group.domain,
                label: definition.label.clone(),
                program: program(resolver, &definition, role),
                definition,
                source: Some(folder.join(&name)),
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
        let read = folder::bytes(resolver, &installed).and_then(|bytes| Definition::parse(&bytes));
        let definition = match read {
            Ok(definition) => definition,
            Err(error) => {
                if copy == Copy::Right && exit::of(&error) != Exit::NoPermission {
                    copy = Copy::Unreadable(format!("{error:#}"));
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
        // launchd takes one that only root may read: what it says of the job has to do.
        (_, Err(error)) if exit::of(&error) == Exit::NoPermission => Copy::Right,
        (_, Err(error)) => Copy::Unreadable(format!("{error:#}")),
        (_, Ok(None)) => Copy::Missing,
        (Some(wanted), Ok(Some(bytes))) if wanted != bytes => Copy::Differs,
        (_, Ok(Some(_))) => Copy::Right,
    }
}

/// Whether what a job starts is there: its executable, and what a shell is to execute for it. nix-darwin puts
/// `/bin/wait4path /nix/store && exec PROGRAM` before every program of its own (nix-darwin#1043).
fn program(resolver: &Resolver<'_>, definition: &Definition, role: Role) -> Program {
    let Some(executable) = definition.executable() else { return Program::None };
    let inner = definition.arguments.iter().find_map(|argument| executed(argument));
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

/// The path in the store that a line of a shell executes.
fn executed(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == "exec")?;
    let path = words.next()?.trim_matches(['"', '\'', ';', ')']);
    store::is_store_path(Path::new(path)).then_some(path)
}
