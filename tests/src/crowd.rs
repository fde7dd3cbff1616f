//! Many units of one user, laid out as Home Manager lays them out, all of them in the manager's memory.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::accounts::TIM;
use crate::generation::object;
use crate::machine::Machine;

/// So many units, so many of which have a drop-in.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Services, named `u0.service` and so on.
    pub units: usize,
    /// The first of them have one.
    pub drop_ins: usize,
}

impl Crowd {
    /// Ships them to tim in place of all that he has, and has his manager read them. With as few processes as there can be:
    /// `cp -s` makes links.
    pub fn activate(self, machine: &Machine) -> Result<()> {
        let Self { units, drop_ins } = self;
        let (files, home) =
            (object("crowd", "home-manager-files"), object("crowd", "home-manager-generation"));
        let store = object("crowd", "units");
        let place = format!("{}/.config/systemd/user", TIM.home());
        let state = format!("{}/.local/state", TIM.home());
        let script = format!(
            "set -eu; rm -rf {store} {files} {home} {place} {state}
             mkdir -p {store} {files}/.config/systemd {home} {place} {state}/home-manager/gcroots {state}/nix/profiles
             i=0; after=
             while [ $i -lt {units} ]; do
                 printf '[Service]\nExecStart=/bin/true\n' >{store}/u$i.service; after=\"$after u$i.service\"; i=$((i+1))
             done
             printf '[Unit]\nAfter=%s\n' \"$after\" >{store}/all.target
             cd {store}; seq -f 'u%g.service.d' 0 $(({drop_ins} - 1)) | xargs -r mkdir; i=0
             while [ $i -lt {drop_ins} ]; do printf '[Service]\nNice=1\n' >u$i.service.d/x.conf; i=$((i+1)); done
             find {store} -type f -exec chmod a-w {{}} +; find {store} -exec touch -h -d @1 {{}} +
             cp -rs {store} {files}/.config/systemd/user; ln -s {files} {home}/home-files
             rm -r {place}; cp -rs {files}/.config/systemd/user {place}
             ln -s {home} {state}/home-manager/gcroots/current-home
             ln -s {home} {state}/nix/profiles/home-manager-1-link
             ln -s home-manager-1-link {state}/nix/profiles/home-manager
             chown -hR {}:{} {}/.config {}/.local",
            TIM.uid,
            TIM.gid,
            TIM.home(),
            TIM.home()
        );
        machine.root(&["sh", "-s"]).input(script).deadline(Duration::from_secs(120)).ok()?;
        machine.user(TIM.name, &["systemctl", "--user", "daemon-reload"]).ok()?;
        // What is ordered after a unit has it read; nothing is started.
        machine.user(TIM.name, &["systemctl", "--user", "start", "all.target"]).ok()?;
        let list = ["systemctl", "--user", "list-units", "--all", "--no-legend", "--plain", "u*.service"];
        let listed = machine.user(TIM.name, &list).ok()?.stdout.lines().count();
        ensure!(listed == units, "{listed} of {units} units are in memory");
        Ok(())
    }
}
