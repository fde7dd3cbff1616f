//! Who a uid or a name is: `/etc/passwd`, then the name service, then `getent`.
//!
//! A static musl program reads `/etc/passwd` and asks the nscd socket, which NixOS serves. Accounts that only a
//! glibc module knows (SSSD, systemd-homed) are asked of `getent`, and only when nothing else knew them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use oneshot::command::{self, Command};
use oneshot::{Deadline, Exit, Root, refuse, text};
use users::os::unix::UserExt as _;

use crate::fields::Fields;

/// passwd(5).
const PASSWD: &str = "/etc/passwd";

/// The uids and gids that are nobody's: `-1` as 32 and as 16 bits means "unchanged" to chown(2) (systemd
/// `src/basic/user-util.c`, `uid_is_valid`).
const INVALID: [u32; 2] = [u32::MAX, 65535];

/// A user as the caller named it: `%i` of a unit is a uid, an admin types a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All digits.
    Uid(u32),
    /// Anything else.
    Name(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(argument: &str) -> Result<Self, String> {
        if argument.is_empty() {
            return Err("an empty string is no user; give a uid or a user name".into());
        }
        if !argument.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Name(argument.to_owned()));
        }
        if argument.len() > 1 && argument.starts_with('0') {
            return Err("a uid has no leading zero".into());
        }
        match argument.parse() {
            Ok(uid) if !INVALID.contains(&uid) => Ok(Self::Uid(uid)),
            _ => Err("no user can have this uid; the highest is 4294967294, and 65535 is reserved".into()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uid(uid) => write!(out, "uid {uid}"),
            Self::Name(name) => write!(out, "user {}", text::quoted(name)),
        }
    }
}

/// What the account database says of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// The **primary** group, which owns the runtime directory.
    pub gid: u32,
}

/// The account of a target; `None` for a uid that nobody has.
///
/// A name that nobody has is a refusal with 78: someone wrote it into a configuration.
pub fn find(root: &Root, target: &Target) -> Result<Option<Account>> {
    let passwd = root.read(PASSWD)?.unwrap_or_default();
    if let Some(account) = in_passwd(&passwd, target) {
        return Ok(Some(account));
    }
    let account = if root.is_real() { from_name_service(target)? } else { None };
    match (account, target) {
        (None, Target::Name(_)) => Err(refuse(
            Exit::Config,
            format!("{target} does not exist here; check the name in the unit or command"),
        )),
        (account, _) => Ok(account),
    }
}

/// The first line of a passwd(5) text that fits, as getpwuid(3) takes it; malformed lines are passed over as it does.
fn in_passwd(passwd: &str, target: &Target) -> Option<Account> {
    Fields::lines(passwd).find_map(|line| in_line(line, target))
}

fn in_line(line: &str, target: &Target) -> Option<Account> {
    let mut fields = Fields::of(line, b':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?;
    let uid = fields.nth(1)?.parse().ok()?;
    let fits = match target {
        Target::Uid(wanted) => uid == *wanted,
        Target::Name(wanted) => name == wanted,
    };
    let gid = fields.next()?.parse().ok()?;
    let is_somebody = !INVALID.contains(&uid) && !INVALID.contains(&gid);
    (fits && is_somebody).then(|| Account { name: name.to_owned(), uid, gid })
}

/// The home directory of an account; `None` where the database names none.
pub fn home(root: &Root, account: &Account) -> Result<Option<PathBuf>> {
    path(root, account, 5, |user| user.home_dir().to_owned())
}

/// The login shell of an account; `None` where the database names none, which stands for `/bin/sh` (passwd(5)).
pub fn shell(root: &Root, account: &Account) -> Result<Option<PathBuf>> {
    path(root, account, 6, |user| user.shell().to_owned())
}

/// An absolute path in a field of the very account's line, or what the name service has there.
fn path(
    root: &Root,
    account: &Account,
    field: usize,
    of: fn(&users::User) -> PathBuf,
) -> Result<Option<PathBuf>> {
    let passwd = root.read(PASSWD)?.unwrap_or_default();
    let own = |line: &&str| in_line(line, &Target::Uid(account.uid)).is_some_and(|found| found == *account);
    let path = passwd.lines().find(own).and_then(|line| line.split(':').nth(field)).map(PathBuf::from);
    let path = path.or_else(|| {
        let user = if root.is_real() { users::get_user_by_uid(account.uid) } else { None };
        user.as_ref().map(of)
    });
    Ok(path.filter(|path| path.is_absolute()))
}

fn from_name_service(target: &Target) -> Result<Option<Account>> {
    let user = match target {
        Target::Uid(uid) => users::get_user_by_uid(*uid),
        Target::Name(name) => users::get_user_by_name(name),
    };
    if let Some(user) =
        user.filter(|user| ![user.uid(), user.primary_group_id()].iter().any(|id| INVALID.contains(id)))
    {
        let name = user.name().to_string_lossy().into_owned();
        return Ok(Some(Account { name, uid: user.uid(), gid: user.primary_group_id() }));
    }
    let Ok(getent) = command::find("getent") else { return Ok(None) };
    let key = match target {
        Target::Uid(uid) => uid.to_string(),
        Target::Name(name) => name.clone(),
    };
    let outcome = Command::new(getent)
        .args(["passwd", "--", &key])
        .deadline(Deadline::after(Duration::from_secs(5)))
        .run()
        .with_context(|| format!("asking getent for {target}"))?;
    // getent(1): 2 says that the key was not found.
    let words = String::from_utf8_lossy(&outcome.stdout);
    Ok(in_passwd(&words, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "root:x:0:0:root:/root:/bin/sh\n# note\n+::::::\nbroken\nbad:x:-1:0::/:\nworse:x:4294967295:100::/:\nworst:x:7:65535::/:\n\
                        tim:x:1000:100:Tim,,,:/home/tim:/bin/sh\ntwin:x:1000:1000::/:/bin/sh\nO'Dd-näme.$:x:1002:5::/:\n";

    #[test]
    fn home_and_shell_are_those_of_the_very_account() -> Result<()> {
        let tree = tempfile::tempdir()?;
        std::fs::create_dir(tree.path().join("etc"))?;
        std::fs::write(tree.path().join("etc/passwd"), TEXT)?;
        let root = Root::new(tree.path());
        let tim = Account { name: "tim".into(), uid: 1000, gid: 100 };
        assert_eq!(home(&root, &tim)?, Some(PathBuf::from("/home/tim")));
        assert_eq!(shell(&root, &tim)?, Some(PathBuf::from("/bin/sh")));
        assert_eq!(home(&root, &Account { name: "ann".into(), ..tim.clone() })?, None);
        assert_eq!(shell(&root, &Account { name: "ann".into(), ..tim })?, None);
        Ok(())
    }

    #[test]
    fn a_target_is_a_uid_a_name_or_refused() {
        assert_eq!("1000".parse(), Ok(Target::Uid(1000)));
        assert_eq!("tim".parse(), Ok(Target::Name("tim".into())));
        assert_eq!("-1".parse(), Ok(Target::Name("-1".into())));
        for bad in ["", "01000", "00", "4294967295", "65535", "4294967296", "99999999999999999999"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_line_that_fits_counts_and_broken_lines_do_not() {
        let tim = in_passwd(TEXT, &Target::Uid(1000));
        assert_eq!(tim, Some(Account { name: "tim".into(), uid: 1000, gid: 100 }));
        assert_eq!(
            in_passwd(TEXT, &Target::Name("O'Dd-näme.$".into())).map(|account| account.uid),
            Some(1002)
        );
        assert_eq!(in_passwd(TEXT, &Target::Name("broken".into())), None);
        for name in ["bad", "worse", "worst"] {
            assert_eq!(in_passwd(TEXT, &Target::Name(name.into())), None, "{name}");
        }
        assert_eq!(in_passwd(TEXT, &Target::Name("+".into())), None);
    }

    #[test]
    fn an_unknown_name_is_a_configuration_error_and_an_unknown_uid_is_none() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let root = Root::new(tree.path());
        assert!(find(&root, &Target::Uid(1000))?.is_none());
        let error = find(&root, &Target::Name("nobody-here".into())).unwrap_err();
        assert_eq!(oneshot::exit::of(&error), Exit::Config);
        Ok(())
    }

    #[test]
    fn the_real_database_knows_root() -> Result<()> {
        let account = find(&Root::default(), &Target::Name("root".into()))?;
        assert_eq!(account.map(|account| (account.uid, account.gid)), Some((0, 0)));
        Ok(())
    }
}
