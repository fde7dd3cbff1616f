//! The commands of `ExecStart=` as systemd takes them apart (systemd.service(5), "Command lines"), so that a file can be
//! compared with what a manager has loaded from it.

mod specifier;
mod words;

pub use specifier::Context;

use words::Word;

/// The arguments of each command of a unit's `ExecStart=` settings, joined by spaces as `systemctl show` prints them.
/// `None` where something in them is only known to the manager: a specifier of the host, or an escape that is none.
#[must_use]
pub fn commands<'a>(values: impl IntoIterator<Item = &'a str>, context: &Context<'_>) -> Option<Vec<String>> {
    let mut commands = Vec::new();
    for value in values {
        let words = words::split(value)?;
        for command in words.split(|word| *word == Word::Semicolon) {
            if !command.is_empty() {
                commands.push(argv(command, context)?);
            }
        }
    }
    Some(commands)
}

fn argv(command: &[Word], context: &Context<'_>) -> Option<String> {
    let mut texts = command.iter().map(|word| match word {
        Word::Text(text) => text.as_str(),
        Word::Semicolon => ";",
    });
    let first = texts.next()?;
    let program = first.trim_start_matches(['@', '-', ':', '+', '!', '|']);
    let names_itself = first.get(..first.len() - program.len()).is_some_and(|prefix| prefix.contains('@'));
    let mut arguments = Vec::new();
    if !names_itself {
        arguments.push(context.expand(program)?);
    }
    for text in texts {
        arguments.push(context.expand(text)?);
    }
    Some(arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[&str]) -> Option<Vec<String>> {
        let context =
            Context { unit: "n-a@b-c.service", home: "/root", user: "root", uid: 0, runtime: "/run" };
        commands(values.iter().copied(), &context)
    }

    /// As systemd 252 and 262 told of the same settings.
    #[test]
    fn quotes_escapes_prefixes_and_specifiers_are_taken_as_systemd_takes_them() {
        assert_eq!(
            told(&[
                r#"-/bin/echo "a  b" 'c;d' e\x20f $HOME ${X} %n %h %% ; /bin/true "two three""#,
                r#"@/bin/true zero one "li\nne" =x \;"#,
                "true rel",
            ]),
            Some(vec![
                "/bin/echo a  b c;d e f $HOME ${X} n-a@b-c.service /root %".to_owned(),
                "/bin/true two three".to_owned(),
                "zero one li\nne =x ;".to_owned(),
                "true rel".to_owned(),
            ])
        );
        assert_eq!(
            told(&["+!!/bin/x %i %I %p %P %N %u %U %t"]).unwrap_or_default(),
            ["/bin/x b-c b/c n-a n/a n-a@b-c root 0 /run"]
        );
    }

    #[test]
    fn what_only_the_manager_knows_is_none() {
        for value in ["/bin/x %m", "/bin/x %", "/bin/x \"open", "/bin/x \\q", "/bin/x \\"] {
            assert_eq!(told(&[value]), None, "{value}");
        }
        assert_eq!(told(&[]), Some(Vec::new()));
    }
}
