//! From the events of a property list to a definition.

use anyhow::{Context as _, Result, bail, ensure};
use plist::stream::{Event, OwnedEvent};

use super::Definition;

/// A list of more events is no definition of a job: a binary one may refer to the same part again and again.
const MOST_EVENTS: usize = 50_000;

/// So many bytes of strings are kept.
const MOST_KEPT: usize = 1024 * 1024;

/// When launchd starts a job again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepAlive {
    /// Not by itself.
    #[default]
    No,
    /// Always.
    Always,
    /// `SuccessfulExit`: after a run that ended well (true) or badly (false).
    SuccessfulExit(bool),
    /// Under other conditions.
    Conditional,
}

struct Events<I> {
    events: I,
    left: usize,
    kept: usize,
}

/// Reads a dictionary; what it has besides the keys of a [`Definition`] is passed over.
pub(super) fn definition(
    events: impl Iterator<Item = Result<OwnedEvent, plist::Error>>,
) -> Result<Definition> {
    let mut events = Events { events, left: MOST_EVENTS, kept: MOST_KEPT };
    let Event::StartDictionary(_) = events.next()? else { bail!("it is no dictionary") };
    let mut definition = Definition::default();
    while let Some(key) = events.key()? {
        let first = events.next()?;
        match key.as_str() {
            "Label" => definition.label = events.string(first, &key)?,
            "Program" => definition.program = Some(events.string(first, &key)?),
            "ProgramArguments" => definition.arguments = events.strings(first, &key)?,
            "RunAtLoad" => definition.run_at_load = boolean(&first, &key)?,
            "KeepAlive" => definition.keep_alive = events.keep_alive(first)?,
            "Disabled" => definition.disabled = boolean(&first, &key)?,
            "LaunchOnlyOnce" => definition.launch_only_once = boolean(&first, &key)?,
            "LimitLoadToSessionType" => definition.session_types = events.strings(first, &key)?,
            "UserName" => definition.user = Some(events.string(first, &key)?),
            "StandardOutPath" => definition.standard_out = Some(events.string(first, &key)?),
            "StandardErrorPath" => definition.standard_error = Some(events.string(first, &key)?),
            "StartInterval" => definition.start_interval = integer(&first),
            "StartOnMount" => definition.start_on_mount = boolean(&first, &key)?,
            _ => events.pass(&first)?,
        }
    }
    Ok(definition)
}

fn boolean(event: &OwnedEvent, key: &str) -> Result<bool> {
    match event {
        Event::Boolean(value) => Ok(*value),
        // launchd takes numbers, too.
        Event::Integer(number) => Ok(number.as_signed() != Some(0)),
        _ => bail!("its {key} is neither true nor false"),
    }
}

fn integer(event: &OwnedEvent) -> Option<i64> {
    if let Event::Integer(number) = event { number.as_signed() } else { None }
}

impl<I: Iterator<Item = Result<OwnedEvent, plist::Error>>> Events<I> {
    fn next(&mut self) -> Result<OwnedEvent> {
        self.left = self.left.checked_sub(1).context("it has too many parts")?;
        let event = self.events.next().context("it ends too early")?;
        event.map_err(|error| anyhow::anyhow!("it is no property list: {error}"))
    }

    /// The next key of a dictionary; `None` at its end.
    fn key(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Event::EndCollection => Ok(None),
            Event::String(key) => Ok(Some(key.into_owned())),
            _ => bail!("a key of it is no string"),
        }
    }

    fn string(&mut self, event: OwnedEvent, key: &str) -> Result<String> {
        let Event::String(value) = event else { bail!("its {key} is no string") };
        self.kept = self.kept.checked_sub(value.len()).context("it has too much text")?;
        ensure!(!value.contains('\0'), "its {key} has a zero byte in it");
        Ok(value.into_owned())
    }

    /// One string or an array of them.
    fn strings(&mut self, first: OwnedEvent, key: &str) -> Result<Vec<String>> {
        if !matches!(first, Event::StartArray(_)) {
            return Ok(vec![self.string(first, key)?]);
        }
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Event::EndCollection => return Ok(values),
                event => values.push(self.string(event, key)?),
            }
        }
    }

    fn keep_alive(&mut self, first: OwnedEvent) -> Result<KeepAlive> {
        let Event::StartDictionary(_) = first else {
            return Ok(if boolean(&first, "KeepAlive")? { KeepAlive::Always } else { KeepAlive::No });
        };
        let mut found = KeepAlive::No;
        while let Some(key) = self.key()? {
            let event = self.next()?;
            // Of several conditions one is enough for launchd.
            found = match (&event, found) {
                (Event::Boolean(value), KeepAlive::No) if key == "SuccessfulExit" => {
                    KeepAlive::SuccessfulExit(*value)
                }
                _ => KeepAlive::Conditional,
            };
            self.pass(&event)?;
        }
        Ok(found)
    }

    /// Passes over what an event begins.
    fn pass(&mut self, event: &OwnedEvent) -> Result<()> {
        let opens = |event: &OwnedEvent| matches!(event, Event::StartArray(_) | Event::StartDictionary(_));
        let mut depth = usize::from(opens(event));
        while depth > 0 {
            match self.next()? {
                Event::EndCollection => depth -= 1,
                event if opens(&event) => depth += 1,
                _ => {}
            }
        }
        Ok(())
    }
}
