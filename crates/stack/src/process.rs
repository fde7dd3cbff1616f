//! Processes: whether they live, and to which group, parent and control group they belong.

use anyhow::Result;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use oneshot::Root;

/// Whether there is such a process. One of another user cannot be sent a signal, and is there; with `hidepid=` its folder
/// in /proc is not.
pub(crate) fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) != Err(nix::Error::ESRCH)
}

/// One process of /proc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// At most 15 bytes of the program's name.
    pub(crate) name: String,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
}

/// Every process that can be seen.
pub(crate) fn all(root: &Root) -> Result<Vec<Process>> {
    let names = root.list("/proc")?;
    let pids = names.iter().filter_map(|name| name.parse::<i32>().ok());
    // One that ends meanwhile reads as none.
    Ok(pids.filter_map(|pid| parse(&root.read(format!("/proc/{pid}/stat")).ok()??)).collect())
}

/// proc_pid_stat(5): the name stands in parentheses and may hold some itself.
fn parse(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(1).map(str::parse::<i32>);
    let (parent, group, session) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    Some(Process { pid: pid.parse().ok()?, name: name.to_owned(), parent, group, session })
}

/// The words of a process's command line.
pub(crate) fn words(root: &Root, pid: i32) -> Vec<String> {
    let text = root.read(format!("/proc/{pid}/cmdline")).ok().flatten().unwrap_or_default();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The path of a process's control group, in the hierarchy that systemd uses (cgroups(7)).
pub(crate) fn control_group(root: &Root, pid: &str) -> Option<String> {
    let text = root.read(format!("/proc/{pid}/cgroup")).ok().flatten()?;
    let paths = text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        matches!(controllers, "" | "name=systemd").then(|| path.to_owned())
    });
    // Of a hybrid host the named hierarchy comes first, which is the one in use.
    paths.into_iter().find(|path| path != "/").or(Some("/".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_no_trap() {
        let found = parse("42 (a) (b) c) S 7 40 39 0 -1 4194560 1 2 3");
        let wanted = Process { pid: 42, name: "a) (b) c".to_owned(), parent: 7, group: 40, session: 39 };
        assert_eq!(found, Some(wanted));
        assert_eq!((parse(""), parse("42 (a"), parse("42 (a) S x")), (None, None, None));
    }

    #[test]
    fn this_process_lives_and_is_seen() -> Result<()> {
        let own = i32::try_from(std::process::id())?;
        assert!(is_alive(own) && !is_alive(i32::MAX));
        assert!(all(&Root::default())?.iter().any(|process| process.pid == own));
        assert!(!words(&Root::default(), own).is_empty());
        Ok(())
    }
}
