//! A row of the tables: a unit, what is done before, and the verdict.

/// A row. Unit texts know the markers that [`PRELUDE`] sets: `%t/lab/bad/%p` makes the work fail.
pub(crate) struct Row {
    /// What the tables call it.
    pub(crate) name: &'static str,
    /// The whole text of the unit, or only its `[Service]`.
    pub(crate) unit: &'static str,
    /// What is appended to the unit's name: `.service`, or `.target` with a member `%p-x.service`.
    pub(crate) kind: Kind,
    /// A shell script, run before. `$u` is the unit, `$ctl` its systemctl.
    pub(crate) before: &'static str,
    /// Another, started at the same time as the program.
    pub(crate) meanwhile: &'static str,
    /// Options of the program.
    pub(crate) options: &'static [&'static str],
    /// What the program must say.
    pub(crate) verdict: Verdicts,
}

/// What sort of unit it is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Nothing refers to it: it is forgotten as soon as it is inactive.
    Service,
    /// A target that is always loaded wants it.
    Pinned,
    /// A target, and the text of its member.
    Target(&'static str),
    /// No file: the unit's name is this.
    Named(&'static str),
}

/// The verdict, by the release of systemd.
#[derive(Clone, Copy)]
pub(crate) enum Verdicts {
    /// On all.
    All(Verdict),
    /// On 252, and on 257 and later.
    Since257(Verdict, Verdict),
}

/// An exit code, and the shapes of which one is named.
#[derive(Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) exit: i32,
    /// Empty where the tables know no shape.
    pub(crate) shapes: &'static [&'static str],
}

impl Verdicts {
    pub(crate) fn on(self, systemd: u32) -> Verdict {
        match self {
            Self::Since257(old, _) if systemd < 257 => old,
            Self::All(verdict) | Self::Since257(_, verdict) => verdict,
        }
    }
}

const fn verdict(exit: i32, shapes: &'static [&'static str]) -> Verdict {
    Verdict { exit, shapes }
}

/// It worked.
pub(crate) const WORKED: Verdict = verdict(0, &[]);
/// It failed, and systemctl said so.
pub(crate) const FAILED: Verdict = verdict(1, &[]);
/// The same, and it will be tried again.
pub(crate) const RETRIES: Verdict = verdict(1, &["SF7"]);
/// Systemctl said 0.
pub(crate) const IGNORED: Verdict = verdict(3, &["SF4"]);
/// Systemctl said 0, and the unit is forgotten.
pub(crate) const FORGOTTEN: Verdict = verdict(3, &["SF3", "SF4"]);
/// Systemctl said 0 because nothing ran.
pub(crate) const CONDITION: Verdict = verdict(3, &["SF5"]);
/// The same, where the unit is forgotten with the answer to its condition.
pub(crate) const FORGOTTEN_CONDITION: Verdict = verdict(3, &["SF3", "SF5"]);
/// Systemctl said 1 because nothing ran.
pub(crate) const ASSERTION: Verdict = verdict(1, &["SF5"]);
/// Systemctl said 0, and it died afterwards.
pub(crate) const DIED: Verdict = verdict(3, &["SF8"]);
/// The same, and it will be tried again.
pub(crate) const DIED_RETRIES: Verdict = verdict(3, &["SF7", "SF8"]);
/// Systemctl does not come back.
pub(crate) const UNDECIDED: Verdict = verdict(4, &["SF9"]);
/// Somebody else's job won.
pub(crate) const DISTURBED: Verdict = verdict(75, &["SF10"]);
/// Systemctl said 0 of a target whose member failed.
pub(crate) const MEMBER: Verdict = verdict(3, &["SF12"]);
/// It can never work.
pub(crate) const CONFIGURATION: Verdict = verdict(78, &["SF13"]);
/// Somebody ran `reset-failed` without a unit.
pub(crate) const RESET: Verdict = verdict(3, &["SF1", "SF2", "SF3"]);
/// The same, where the unit or its evidence tells that it was its own.
pub(crate) const RESET_BY_ITSELF: Verdict = verdict(3, &["SF1"]);

impl Row {
    pub(crate) const fn new(name: &'static str, unit: &'static str, verdict: Verdict) -> Self {
        Self {
            name,
            unit,
            kind: Kind::Service,
            before: "bad",
            meanwhile: "",
            options: &[],
            verdict: Verdicts::All(verdict),
        }
    }

    pub(crate) const fn before(self, before: &'static str) -> Self {
        Self { before, ..self }
    }

    pub(crate) const fn meanwhile(self, meanwhile: &'static str) -> Self {
        Self { meanwhile, ..self }
    }

    pub(crate) const fn options(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }

    pub(crate) const fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Another verdict on 252.
    pub(crate) const fn on_252(self, old: Verdict) -> Self {
        let Verdicts::All(new) = self.verdict else { return self };
        Self { verdict: Verdicts::Since257(old, new), ..self }
    }

    /// The unit file, with what a lone `[Service]` leaves out.
    pub(crate) fn text(&self) -> String {
        if self.unit.starts_with('[') { self.unit.to_owned() } else { format!("[Service]\n{}", self.unit) }
    }

    /// The name of the unit of the row with this number.
    pub(crate) fn unit_name(&self, number: usize) -> String {
        match self.kind {
            Kind::Service | Kind::Pinned => format!("row{number}.service"),
            Kind::Target(_) => format!("row{number}.target"),
            Kind::Named(name) => name.to_owned(),
        }
    }
}

/// What `before` and `meanwhile` are written with. A failing command ends them.
pub(crate) const PRELUDE: &str = r#"
stem=${u%.*}
mkdir -p "$run/lab/bad" "$run/lab/blocked" "$run/lab/once"
bad() { touch "$run/lab/bad/$stem"; }
good() { rm -f "$run/lab/bad/$stem"; }
blocked() { touch "$run/lab/blocked/$stem"; }
fails() { if "$@" 2>/dev/null; then echo "$* did not fail" >&2; exit 1; fi; }
in_state() { for _ in $(seq 400); do test "$($ctl show -P SubState $u)" != "$1" || return 0; sleep 0.03; done; false; }
active() { good; $ctl start $u; }
failed() { bad; fails $ctl start $u; in_state failed; }
"#;
