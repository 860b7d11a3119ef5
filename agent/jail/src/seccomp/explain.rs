//! What the filters answer to a call and which rule has them do so, read off the same data that they are compiled
//! from. Nothing here is enforced: it is for people and tests that check the policy, and a test holds it against the
//! compiled programs.

use super::policy::{Condition, Rule, Verdict};
use super::{NATIVE, NEWEST, Subject, X32_BIT};
use std::collections::BTreeSet;

/// A call as a filter sees it (seccomp(2), `struct seccomp_data`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `AUDIT_ARCH_*` of <linux/audit.h>.
    pub arch: u32,
    /// The number, [`X32_BIT`] included.
    pub number: u32,
    /// The arguments as far as they are known.
    pub args: [Option<u64>; 6],
}

impl Call {
    /// A call of the machine's own kind of which every argument is known.
    #[must_use]
    pub fn native(number: u32, args: [u64; 6]) -> Self {
        Self {
            arch: NATIVE,
            number,
            args: args.map(Some),
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes to the kernel.
    Allow,
    /// It returns this errno; 0: it says that all is well.
    Errno(u32),
    /// The process is killed.
    Kill,
}

impl From<Verdict> for Action {
    fn from(verdict: Verdict) -> Self {
        verdict.errno().map_or(Self::Allow, Self::Errno)
    }
}

/// What has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decider {
    /// The prelude: the call is not of this architecture.
    ForeignArchitecture,
    /// The prelude: the number has [`X32_BIT`], or is negative.
    X32,
    /// The prelude: the number is above [`NEWEST`].
    TooNew,
    /// The rule with this index in [`Subject::rules`].
    Rule(usize),
    /// No rule allows or answers it.
    NoRule,
}

/// An answer and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What happens.
    pub action: Action,
    /// Who says so.
    pub by: Decider,
    /// Why.
    pub why: &'static str,
}

/// Everything that may happen to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Rules that decide if arguments that are not known meet their conditions: the first that does.
    pub perhaps: Vec<Decision>,
    /// The arguments (0-5) that it depends on. Empty when `perhaps` is.
    pub depends_on: BTreeSet<u8>,
    /// What decides when none of them does.
    pub otherwise: Decision,
}

/// What happens to a call of which every argument is known. An argument that is not is taken to meet no condition.
#[must_use]
pub fn decide(subject: Subject, call: &Call) -> Decision {
    explain(subject, call).otherwise
}

/// What may happen to a call, as far as its known arguments tell.
#[must_use]
pub fn explain(subject: Subject, call: &Call) -> Explanation {
    let mut perhaps = Vec::new();
    let mut depends_on = BTreeSet::new();
    let mut otherwise = gate(call);
    if otherwise.is_none() {
        for (index, rule) in by_strength(subject, call.number) {
            let decision = Decision {
                action: rule.verdict.into(),
                by: Decider::Rule(index),
                why: rule.why,
            };
            match meets(rule, &call.args) {
                Meets::Always => {
                    otherwise = Some(decision);
                    break;
                }
                Meets::Perhaps(arguments) => {
                    perhaps.push(decision);
                    depends_on.extend(arguments);
                }
                Meets::Never => {}
            }
        }
    }
    Explanation {
        perhaps,
        depends_on,
        otherwise: otherwise.unwrap_or_else(|| {
            let (action, why) = subject.otherwise();
            let by = Decider::NoRule;
            Decision { action, by, why }
        }),
    }
}

/// What is decided before any rule.
fn gate(call: &Call) -> Option<Decision> {
    let decision = |action, by, why| Some(Decision { action, by, why });
    if call.arch != NATIVE {
        let why = "the rules are for x86-64 numbers; under another architecture's the same number is another call";
        return decision(Action::Kill, Decider::ForeignArchitecture, why);
    }
    if call.number >= X32_BIT {
        let why = "x32 calls are the same calls under other numbers, a way around every rule; nothing here uses them";
        return decision(Action::Kill, Decider::X32, why);
    }
    if call.number > NEWEST as u32 {
        let why =
            "newer than this policy: a library that finds no such call falls back to an older one";
        return decision(
            Action::Errno(libc::ENOSYS.cast_unsigned()),
            Decider::TooNew,
            why,
        );
    }
    None
}

/// The rules on a call, the strongest first: those with an errno before those that allow (seccomp(2): ERRNO before
/// ALLOW), among them the highest errno, whose filter is installed last.
fn by_strength(subject: Subject, number: u32) -> Vec<(usize, &'static Rule)> {
    let mut rules: Vec<_> = subject
        .rules()
        .iter()
        .enumerate()
        .filter(|(_, rule)| {
            let mut calls = rule.calls.iter();
            calls.any(|call| call.id().cast_unsigned() == number)
        })
        .collect();
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(rule.verdict.errno()));
    rules
}

/// Whether arguments meet a rule's conditions.
enum Meets {
    Always,
    /// It depends on these.
    Perhaps(BTreeSet<u8>),
    Never,
}

fn meets(rule: &Rule, args: &[Option<u64>; 6]) -> Meets {
    if rule.when.is_empty() {
        return Meets::Always;
    }
    let mut unknown = BTreeSet::new();
    for alternative in rule.when {
        let holds: Vec<_> = alternative
            .iter()
            .map(|one| (one, one.holds(args)))
            .collect();
        if holds.iter().all(|(_, holds)| *holds == Some(true)) {
            return Meets::Always;
        }
        if holds.iter().all(|(_, holds)| *holds != Some(false)) {
            let open = holds.iter().filter(|(_, holds)| holds.is_none());
            unknown.extend(open.map(|(condition, _)| condition.argument()));
        }
    }
    if unknown.is_empty() {
        Meets::Never
    } else {
        Meets::Perhaps(unknown)
    }
}

impl Condition {
    /// The argument that it is about (0-5).
    #[must_use]
    pub const fn argument(self) -> u8 {
        match self {
            Self::Is(argument, _)
            | Self::IsNot(argument, _)
            | Self::Masked(argument, _, _)
            | Self::Given(argument) => argument,
        }
    }

    /// Whether it holds; `None` when its argument is not known.
    #[must_use]
    pub fn holds(self, args: &[Option<u64>; 6]) -> Option<bool> {
        const LOWER: u64 = u32::MAX as u64;
        let given = (*args.get(usize::from(self.argument()))?)?;
        Some(match self {
            Self::Is(_, value) => given & LOWER == value & LOWER,
            Self::IsNot(_, value) => given & LOWER != value & LOWER,
            Self::Masked(_, mask, value) => given & mask == value,
            Self::Given(_) => given != 0,
        })
    }
}
