//! Killed before each call that changes something.

use anyhow::Context as _;

use super::*;
use crate::tracer::{End, run_until};

pub(crate) fn at_each_call(release: Release) -> Result<()> {
    let machine = host(release).boot()?;
    let other = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-nixos-system";
    sh(&machine, &format!("mkdir -p {other}"))?;
    let gone = format!("rm -f {LINK} {ROOT}");
    let wrong = format!("ln -sfn {other} {LINK}; ln -sfn {other} {ROOT}");
    let nowhere = format!("ln -sfn /nix/store/gone {LINK}; rm -f {ROOT}");
    for (shape, before) in [(&gone, ""), (&wrong, other), (&nowhere, "/nix/store/gone")] {
        let (mut killed, mut half) = (0, 0);
        for call in 1.. {
            sh(&machine, shape)?;
            let end = run_until(&machine, &["/usr/local/bin/fix-current-system", "--stale"], call)?;
            let name = match end {
                End::Killed(name) => name,
                End::Exited(code) => {
                    ensure!(code == 0, "not killed, it exits {code}");
                    break;
                }
            };
            killed += 1;
            let what = || format!("{shape}: after a kill at call {call}, {name}");
            let link = reads(&machine, LINK)?;
            ensure!(link == before || link == SYSTEM, "{}: {LINK} says {link:?}", what());
            // The temporary link stays where nobody may guess whose it is.
            let left = sh(&machine, "find /run -maxdepth 1 -name '.current-system.*'")?;
            half += left.stdout.lines().count();
            machine.root(&["fix-current-system", "--stale"]).ok().with_context(what)?;
            is_good(&machine).with_context(what)?;
            sh(&machine, "rm -f /run/.current-system.*")?;
        }
        is_good(&machine)?;
        ensure!(
            killed >= 5 && half == 1,
            "killed {killed} times, {half} times in between: nothing was shown"
        );
    }
    Ok(())
}
