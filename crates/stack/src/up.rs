//! Watching a project while its provider works and after it has ended, until every service is settled.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use oneshot::Deadline;
use podman::program::PATIENCE;
use podman::{Container, list};

use crate::apply::Applying;
use crate::judge::{self, Expected, Failure, Judged, Provider, Rule, Service, Verdict};
use crate::project::Stack;
use crate::sight::Sight;
use crate::wake::Wake;
use crate::watch::{self, Look, Watch};

/// For how many looks in a row the provider may wait for a container that does not exist.
const STUCK: u32 = 3;

/// How often a provider at work is looked at; a look at /proc starts no process.
const SAMPLE: Duration = Duration::from_millis(60);

/// How long a provider may go on with the other services after one has failed. Ended at once it could leave down what it
/// had just taken down to make it anew.
const GRACE: Duration = Duration::from_secs(30);

/// Before a container that is missing is looked for once more.
const AGAIN: Duration = Duration::from_millis(300);

/// How long the services have to be told apart after the provider was ended.
const AFTERMATH: Duration = Duration::from_secs(3);

/// How long to wait, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the provider.
    pub apply: Duration,
    /// For the services, after the provider has ended.
    pub verify: Duration,
    /// For how long each container must have been up.
    pub stable: Duration,
}

/// Who is told of what happens.
pub trait Teller {
    /// A service stands elsewhere than at the last look.
    fn service(&mut self, service: &Service);
    /// A line that the provider wrote.
    fn line(&mut self, line: &str);
}

/// How it ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The services, as last seen.
    pub services: Vec<Service>,
    /// The containers, as last seen.
    pub containers: Vec<Container>,
    /// What was seen of each.
    pub sights: Vec<Sight>,
    /// How far the provider came; `None` before the first look.
    pub provider: Option<Provider>,
    /// What the provider exited with, where it ended by itself.
    pub code: Option<i32>,
    /// The end of what the provider said.
    pub words: String,
    /// What the provider waited for when it was ended.
    pub waited_for: Vec<String>,
    /// The signal that ended the watch.
    pub stopped: Option<&'static str>,
}

/// Watches a project's services. `before`: ids and starts of its containers before the work began. `applying`: the
/// provider at work, if it is.
pub fn follow(
    stack: &Stack,
    expected: &[Expected],
    before: &BTreeMap<String, Option<i64>>,
    applying: Option<Applying>,
    limits: Limits,
    teller: &mut dyn Teller,
) -> Result<Outcome> {
    let provider = if applying.is_some() { Provider::Working } else { Provider::Idle };
    let span = if applying.is_some() { limits.apply } else { limits.verify };
    let mut run = Run {
        stack,
        expected,
        before,
        limits,
        watch: Watch::new(&stack.root, &stack.podman),
        applying,
        provider,
        deadline: Deadline::after(span),
        ids: None,
        waits: Vec::new(),
        stuck: 0,
        grace: None,
        has_lost_list: false,
        is_fresh: true,
        outcome: Outcome::default(),
    };
    let result = run.settle(teller);
    // Whatever happened, no provider goes on behind the back of its caller.
    run.end_provider(teller)?;
    result?;
    run.outcome.provider = Some(run.provider);
    Ok(run.outcome)
}

/// Waits for the end of the provider alone, and judges no container.
pub fn to_its_end(mut applying: Applying, limit: Duration, teller: &mut dyn Teller) -> Result<Outcome> {
    let deadline = Deadline::after(limit);
    let mut outcome = Outcome { provider: Some(Provider::Cut), ..Outcome::default() };
    let mut wake = Wake::new();
    loop {
        for line in applying.lines() {
            teller.line(&line);
        }
        outcome.stopped = crate::asked_to_end();
        if let Some(status) = applying.status()? {
            outcome.provider = Some(Provider::Ended { ok: status.success() });
            outcome.code = status.code();
            break;
        }
        if outcome.stopped.is_some() || deadline.is_over() {
            applying.end()?;
            break;
        }
        wake.pause(watch::PAUSE.min(deadline.remaining()), applying.end_of());
    }
    outcome.words = applying.words();
    Ok(outcome)
}

struct Run<'a> {
    stack: &'a Stack,
    expected: &'a [Expected],
    before: &'a BTreeMap<String, Option<i64>>,
    limits: Limits,
    watch: Watch<'a>,
    applying: Option<Applying>,
    provider: Provider,
    deadline: Deadline,
    /// Ids and names; `None` when they have to be asked for.
    ids: Option<Vec<(String, String)>>,
    waits: Vec<String>,
    stuck: u32,
    /// Runs from the first failure on.
    grace: Option<Deadline>,
    /// The last question for the containers there are was not answered.
    has_lost_list: bool,
    /// The provider may have started something since the last look.
    is_fresh: bool,
    outcome: Outcome,
}

impl Run<'_> {
    fn settle(&mut self, teller: &mut dyn Teller) -> Result<()> {
        loop {
            self.outcome.stopped = crate::asked_to_end();
            if self.outcome.stopped.is_some() {
                return Ok(());
            }
            self.ask_provider(teller)?;
            let look = self.look()?;
            if let Some(look) = &look {
                self.tell(look, teller);
                if self.is_settled() {
                    return Ok(());
                }
                self.watch.probe(look)?;
            }
            if self.deadline.is_over() {
                if self.provider != Provider::Working {
                    return Ok(());
                }
                self.cut(Provider::Cut, teller)?;
                continue;
            }
            if self.provider == Provider::Working && self.is_stuck() {
                self.cut(Provider::Stuck, teller)?;
                continue;
            }
            self.pause(&look.unwrap_or_default());
        }
    }

    /// Learns whether the provider has ended, and what it waits for if not.
    fn ask_provider(&mut self, teller: &mut dyn Teller) -> Result<()> {
        let Some(applying) = &mut self.applying else { return Ok(()) };
        for line in applying.lines() {
            teller.line(&line);
        }
        if let Some(status) = applying.status()? {
            self.provider = Provider::Ended { ok: status.success() };
            self.outcome.code = status.code();
            self.outcome.words = applying.words();
            self.applying = None;
            self.deadline = Deadline::after(self.limits.verify);
            self.ids = None;
            self.is_fresh = true;
            self.watch.sooner();
        }
        Ok(())
    }

    /// While the provider works, what it waits for is looked at more often than the containers: a wait for one that does
    /// not exist ends at once and is begun again, so that it is seldom there to be seen.
    fn pause(&mut self, look: &Look) {
        self.waits.clear();
        let Some(applying) = &mut self.applying else {
            let is_missed = self.outcome.services.iter().any(|one| one.misses > 0);
            if is_missed {
                std::thread::sleep(AGAIN);
            } else {
                self.watch.pause(look, &self.deadline);
            }
            return;
        };
        // The longer it works the less often it is looked at, or each container that it makes would cost a look.
        let (soon, late) = (Deadline::after(watch::PAUSE), Deadline::after(self.watch.longer()));
        let mut is_worth = false;
        while !late.is_over() && !self.deadline.is_over() && crate::asked_to_end().is_none() {
            for name in applying.waits_for() {
                if !self.waits.contains(&name) {
                    is_worth |= !self.ids.iter().flatten().any(|(_, known)| *known == name);
                    self.waits.push(name);
                }
            }
            if is_worth && soon.is_over() {
                return;
            }
            if self.watch.is_woken_within(SAMPLE, applying.end_of()) {
                if !matches!(applying.status(), Ok(None)) {
                    return;
                }
                is_worth = true;
                self.watch.forget_ended();
            }
        }
    }

    fn look(&mut self) -> Result<Option<Look>> {
        let patience = Deadline::after(self.deadline.remaining().clamp(Duration::from_secs(5), PATIENCE));
        let works = self.provider == Provider::Working;
        let ids = match self.ids.take() {
            Some(ids) if !works => ids,
            _ => match self.stack.ids(patience) {
                Ok(ids) => ids,
                // As with a look, one may fail.
                Err(error) if self.has_lost_list => return Err(error),
                Err(_) => {
                    self.has_lost_list = true;
                    return Ok(None);
                }
            },
        };
        self.has_lost_list = false;
        for (id, _) in &ids {
            if !self.before.contains_key(id) {
                self.watch.is_new(id);
            }
        }
        let (expected, stable) = (self.expected, self.limits.stable);
        let is_in_work = works || self.is_fresh;
        let rule = |container: &Container| Rule {
            ends: find(expected, container).is_some_and(|one| one.ends),
            is_in_work,
            stable,
        };
        let names: Vec<String> = ids.iter().map(|(id, _)| id.clone()).collect();
        let look = self.watch.look(&names, &rule, &self.deadline)?;
        if let Some(look) = &look {
            self.is_fresh = false;
            // One that went may have been replaced.
            self.ids = look.missing.is_empty().then_some(ids);
        }
        Ok(look)
    }

    fn tell(&mut self, look: &Look, teller: &mut dyn Teller) {
        let works = self.provider == Provider::Working;
        let judged: Vec<Judged> = look
            .seen
            .iter()
            .map(|seen| Judged {
                service: list::service(&seen.container.labels).unwrap_or_default().to_owned(),
                counts: !works || self.is_final(&seen.sight),
                sight: seen.sight.clone(),
                state: seen.state.clone(),
            })
            .collect();
        let services = judge::services(self.expected, &judged, self.provider, &self.outcome.services);
        if services.iter().any(|one| one.misses > 0) {
            self.ids = None;
        }
        for service in &services {
            let known = self.outcome.services.iter().find(|one| one.expected == service.expected);
            if known.is_none_or(|known| !is_same(&known.verdict, &service.verdict)) {
                teller.service(service);
            }
        }
        self.outcome.waited_for.clone_from(&self.waits);
        self.outcome.services = services;
        self.outcome.containers = look.seen.iter().map(|seen| seen.container.clone()).collect();
        self.outcome.sights = look.seen.iter().map(|seen| seen.sight.clone()).collect();
    }

    /// While the provider works: what it made or started itself is not going to be replaced, and for what it waits it
    /// cannot replace.
    fn is_final(&self, sight: &Sight) -> bool {
        self.waits.contains(&sight.name)
            || match self.before.get(&sight.id) {
                None => true,
                Some(started) => *started != sight.started,
            }
    }

    fn is_settled(&mut self) -> bool {
        let mut needed = self.outcome.services.iter().filter(|one| !one.expected.optional);
        let has_failed = needed.any(|one| matches!(one.verdict, Verdict::Failed(_)));
        if self.provider == Provider::Working {
            return has_failed && self.is_in_vain();
        }
        has_failed || self.outcome.services.iter().all(|one| !matches!(one.verdict, Verdict::Waiting(_)))
    }

    /// One service has failed: whether the provider waits for it, or has had the time to finish with the others.
    fn is_in_vain(&mut self) -> bool {
        let failed = self.outcome.services.iter().filter(|one| matches!(one.verdict, Verdict::Failed(_)));
        let mut names = failed.filter_map(|one| one.container.as_ref()).map(|sight| &sight.name);
        names.any(|name| self.waits.contains(name))
            || self.grace.get_or_insert_with(|| Deadline::after(GRACE)).is_over()
    }

    /// The provider waits for a container that nobody will make.
    fn is_stuck(&mut self) -> bool {
        let known = self.ids.as_deref().unwrap_or_default();
        let waits_in_vain = self.waits.iter().any(|name| !known.iter().any(|(_, known)| known == name));
        if !self.waits.is_empty() {
            self.stuck = if waits_in_vain { self.stuck + 1 } else { 0 };
        }
        self.stuck >= STUCK
    }

    fn cut(&mut self, provider: Provider, teller: &mut dyn Teller) -> Result<()> {
        self.outcome.waited_for = self.waits.clone();
        self.end_provider(teller)?;
        self.provider = provider;
        self.deadline = Deadline::after(AFTERMATH);
        self.watch.sooner();
        self.ids = None;
        self.is_fresh = true;
        Ok(())
    }

    fn end_provider(&mut self, teller: &mut dyn Teller) -> Result<()> {
        let Some(mut applying) = self.applying.take() else { return Ok(()) };
        applying.end()?;
        for line in applying.lines() {
            teller.line(&line);
        }
        self.outcome.words = applying.words();
        if self.provider == Provider::Working {
            self.provider = Provider::Cut;
        }
        Ok(())
    }
}

/// What a container's service is to have.
fn find<'a>(expected: &'a [Expected], container: &Container) -> Option<&'a Expected> {
    let service = list::service(&container.labels)?;
    expected.iter().find(|one| one.service == service)
}

/// Whether two verdicts are one to a reader: the number of failed checks alone is no news.
fn is_same(one: &Verdict, other: &Verdict) -> bool {
    use judge::Wait::Health;
    match (one, other) {
        (Verdict::Waiting(Health(_)), Verdict::Waiting(Health(_))) => true,
        (Verdict::Failed(Failure::Unhealthy { .. }), Verdict::Failed(Failure::Unhealthy { .. })) => true,
        (one, other) => one == other,
    }
}
