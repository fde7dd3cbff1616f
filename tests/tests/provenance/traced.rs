//! A repair that is killed at each system call that can change something.

use anyhow::{Context as _, Result, ensure};
use lab::Release;

use crate::host::{Host, PLACE};
use crate::tracer::{End, run_until};

/// Three links to put back, one of them with a copy to keep, and a reload.
pub(crate) fn killed(release: Release) -> Result<()> {
    let host = Host::boot(release)?;
    let drift = format!(
        "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/false\\n' >{PLACE}/x; chown tim: {PLACE}/x
         mv {PLACE}/x {PLACE}/web.service; ln -sfT /nix/store/gone {PLACE}/web.service.d/shipped.conf
         rm -f {PLACE}/default.target.wants/web-api.service {PLACE}/*.backup*"
    );
    let program = ["/usr/local/bin/fix-unit-provenance", "--user=tim"];
    let (mut killed, mut kept) = (0, 0);
    for call in 1.. {
        host.sh(&drift).with_context(|| format!("drifting for call {call}"))?;
        match run_until(host.machine(), &program, call)? {
            End::Killed(name) => {
                killed += 1;
                let text = || format!("after a kill at call {call}, {name}");
                // The unit is there, as it was or as it will be, and never half.
                host.sh(&format!("test -s {PLACE}/web.service; test -L {PLACE}/web.service.d/shipped.conf"))
                    .with_context(text)?;
                let copies = format!("for copy in {PLACE}/web.service.backup*; do echo; done | wc -l");
                host.fix(&[]).and_then(|report| report.exits(0)).with_context(text)?;
                host.check(&["--strict"])?.exits(0).with_context(text)?;
                // What somebody wrote is kept, whenever the run before ended.
                host.sh(&format!("grep -q /bin/false {PLACE}/web.service.backup*")).with_context(text)?;
                kept += usize::from(host.sh(&copies)?.text() != "1");
                let left = host.sh(&format!("find {PLACE} -name '.*'"))?;
                ensure!(left.stdout.is_empty(), "{}: left behind: {left}", text());
                host.fix(&[])?.exits(0)?.without_steps().with_context(text)?;
            }
            End::Exited(code) => {
                ensure!(code == 0, "not killed, it exits {code}");
                host.check(&["--strict"])?.exits(0)?;
                break;
            }
        }
    }
    // Both before the copy was made and after it.
    ensure!(
        killed >= 10 && kept > 0 && kept < killed,
        "killed {killed} times, {kept} with two copies: nothing was shown"
    );
    Ok(())
}
