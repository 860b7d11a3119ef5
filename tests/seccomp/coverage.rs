//! Which calls of which rules are needed: every call that a rule allows, and every one of its alternatives, is made by
//! some program, or the rule says for whom else it is kept.

use crate::survey::name;
use crate::tracer::Made;
use jail::seccomp::{Decider, Rule, Subject, Verdict};
use std::collections::BTreeSet;

/// A call of a rule under one of its alternatives.
type Use = (Subject, usize, u32, usize);

/// What was made use of.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeSet<Use>);

impl Coverage {
    /// A call was made.
    pub(crate) fn note(&mut self, made: &Made) {
        let Decider::Rule(index) = made.decision.by else {
            return;
        };
        let subject = made.by.subject();
        let rule = &subject.rules()[index];
        for (alternative, conditions) in alternatives(rule).iter().enumerate() {
            let mut conditions = conditions.iter();
            if conditions.all(|one| one.holds(&made.call.args) == Some(true)) {
                self.0
                    .insert((subject, index, made.call.number, alternative));
            }
        }
    }

    /// What nothing needs.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for subject in [Subject::Program, Subject::Init] {
            for (index, rule) in subject.rules().iter().enumerate() {
                if rule.verdict == Verdict::Allow && rule.kept_for.is_none() {
                    faults.extend(self.faults_of(subject, index, rule));
                }
            }
        }
        faults
    }

    fn faults_of(&self, subject: Subject, index: usize, rule: &Rule) -> Vec<String> {
        let mut faults = Vec::new();
        for call in rule.calls {
            let number = call.id().cast_unsigned();
            for alternative in 0..alternatives(rule).len() {
                if !self.0.contains(&(subject, index, number, alternative)) {
                    faults.push(format!(
                        "{subject:?}, rule {}: no program needs {} under its alternative {}: take it out of the policy, \
                         or say there for whom it is kept",
                        index + 1,
                        name(number),
                        alternative + 1
                    ));
                }
            }
        }
        faults
    }
}

/// A rule without conditions has one alternative, which always holds.
fn alternatives(rule: &Rule) -> &'static [&'static [jail::seccomp::Condition]] {
    if rule.when.is_empty() {
        &[&[]]
    } else {
        rule.when
    }
}
