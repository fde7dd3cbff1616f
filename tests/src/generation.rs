//! Units laid out as Home Manager and NixOS lay theirs out: objects of a store with the time 1, a generation of links,
//! pointers to it, and links to it where the manager looks.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::Result;

use crate::accounts::User;
use crate::machine::Machine;

/// Letters of a hash in the store.
const LETTERS: &[u8] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Where units are in a home directory.
const UNITS: &str = ".config/systemd/user";

/// Shell functions for the scripts below; `seal` takes from a store what a store does not have.
const FUNCTIONS: &str = "set -eu
put() { mkdir -p \"${2%/*}\"; ln -sfT \"$1\" \"$2\"; }
seal() { find /nix/store -type f -newermt @2 -exec chmod a-w {} +; find /nix/store -newermt @2 -exec touch -h -d @1 {} +; }
";

/// What one generation ships.
#[derive(Clone, Debug)]
pub struct Generation {
    tag: String,
    files: Vec<(String, String)>,
}

impl Generation {
    /// One without units; two of different tags are different objects.
    pub fn new(tag: &str) -> Self {
        Self { tag: tag.to_owned(), files: Vec::new() }
    }

    /// Ships a unit file or a drop-in, such as `a.service.d/x.conf`.
    #[must_use]
    pub fn file(mut self, relative: &str, text: &str) -> Self {
        self.files.push((relative.to_owned(), text.to_owned()));
        self
    }

    /// Ships a oneshot that stays and that `default.target` pulls in.
    #[must_use]
    pub fn service(self, name: &str, command: &str) -> Self {
        let text = format!("[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={command}\n");
        self.file(name, &text).file(&format!("default.target.wants/{name}"), &text)
    }

    /// The object of Home Manager that holds the links.
    pub fn home_files(&self) -> String {
        object(&format!("{} {:?}", self.tag, self.files), "home-manager-files")
    }

    /// The file of this name in that object.
    pub fn source(&self, relative: &str) -> String {
        format!("{}/{UNITS}/{relative}", self.home_files())
    }

    /// The generation itself.
    pub fn home(&self) -> String {
        object(&format!("{} {:?}", self.tag, self.files), "home-manager-generation")
    }

    /// Puts it into the store of a machine.
    pub fn build(&self, machine: &Machine) -> Result<()> {
        let mut script = self.objects(&format!("{}/{UNITS}", self.home_files()));
        let _ = writeln!(script, "put {} {}/home-files\nseal", self.home_files(), self.home());
        run(machine, &script)
    }

    /// Does what the activation of Home Manager does, without telling the manager.
    pub fn activate(&self, machine: &Machine, user: User) -> Result<()> {
        self.build(machine)?;
        let (home, generation) = (user.home(), self.home());
        let state = format!("{home}/.local/state");
        let mut script = String::new();
        let _ = writeln!(script, "put {generation} {state}/home-manager/gcroots/current-home");
        let _ = writeln!(script, "put {generation} {state}/nix/profiles/home-manager-1-link");
        let _ = writeln!(script, "put home-manager-1-link {state}/nix/profiles/home-manager");
        for (relative, _) in &self.files {
            // In quotes: names of units have backslashes.
            let _ = writeln!(script, "put '{}' '{home}/{UNITS}/{relative}'", self.source(relative));
        }
        let _ = writeln!(script, "chown -hR {}:{} {home}/.local {home}/.config", user.uid, user.gid);
        run(machine, &script)
    }

    /// The object of NixOS that holds the links.
    pub fn units(&self) -> String {
        object(&format!("{} {:?}", self.tag, self.files), "system-units")
    }

    /// Makes it the system of a machine: `/etc/systemd/system` becomes a link into the store, by way of `/etc/static`.
    /// What was there before becomes part of it.
    pub fn switch(&self, machine: &Machine) -> Result<()> {
        let (units, key) = (self.units(), format!("{} {:?}", self.tag, self.files));
        let (etc, system) = (object(&key, "etc"), object(&key, "nixos-system-lab"));
        let mut script = format!("mkdir -p {units}; cp -a /etc/systemd/system/. {units}\n");
        script.push_str(&self.objects(&units));
        let _ = writeln!(
            script,
            "put {units} {etc}/etc/systemd/system
             mkdir -p {etc}/etc/systemd/user; put {etc}/etc {system}/etc; seal
             put {system} /run/current-system; touch /etc/NIXOS; put {etc}/etc /etc/static
             test -L /etc/systemd/system || rm -rf /etc/systemd/system
             put /etc/static/systemd/system /etc/systemd/system
             systemctl daemon-reload"
        );
        run(machine, &script)
    }

    /// Each file an object, and a link to it in the folder.
    fn objects(&self, folder: &str) -> String {
        let mut script = format!("mkdir -p {folder}\n");
        for (relative, text) in &self.files {
            let name = relative.rsplit('/').next().unwrap_or(relative);
            // An object's name is shorter than that of a unit may be, and has no backslash.
            let plain: String = name.chars().filter(|letter| *letter != '\\').take(100).collect();
            let unit = format!("{}/{name}", object(text, &plain));
            let _ = writeln!(
                script,
                "mkdir -p '{}'; cat > '{unit}' <<'END'\n{text}END\nput '{unit}' '{folder}/{relative}'",
                unit.rsplit_once('/').map_or("/", |(folder, _)| folder)
            );
        }
        script
    }
}

/// A path in the store that is the same for the same contents.
pub fn object(contents: &str, name: &str) -> String {
    let mut hash = String::new();
    for round in 0..4_u8 {
        let mut hasher = DefaultHasher::new();
        (round, contents, name).hash(&mut hasher);
        let bytes = hasher.finish().to_be_bytes();
        hash.extend(
            bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)).copied().map(char::from)),
        );
    }
    format!("/nix/store/{hash}-{name}")
}

/// On standard input, since a script for many units is longer than an argument may be.
fn run(machine: &Machine, script: &str) -> Result<()> {
    machine.root(&["sh", "-s"]).input(format!("{FUNCTIONS}{script}")).ok().map(drop)
}
