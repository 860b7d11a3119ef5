//! Answers as people read them.

use super::names;
use super::question::Question;
use jail::seccomp::{Action, Decider, Decision, Explanation, PAST_FILTERS, Rule, Subject};
use nix::errno::Errno;
use std::fmt::Write as _;

/// What becomes of a call.
pub(super) fn explanation(subject: Subject, question: &Question, said: &Explanation) -> String {
    let mut text = format!(
        "{} (number {}{}), {}: ",
        question.name,
        question.call.number,
        given(question),
        who(subject)
    );
    if said.perhaps.is_empty() {
        text += &action(said.otherwise.action);
        text.push('\n');
        text += &reason(&said.otherwise);
        if PAST_FILTERS.iter().any(|call| call.name() == question.name) {
            text += "     but: newer kernels let it past every filter, and kill who makes it outside of a probe\n";
        }
        return text;
    }
    let places: Vec<String> = said
        .depends_on
        .iter()
        .map(|a| (a + 1).to_string())
        .collect();
    let plural = if places.len() == 1 { "" } else { "s" };
    // Writing to a String can't fail.
    writeln!(text, "it depends on argument{plural} {}", places.join(", ")).ok();
    for decision in &said.perhaps {
        write!(text, "\n{}\n", action(decision.action)).ok();
        if let Decider::Rule(index) = decision.by {
            let rule = subject.rules().get(index);
            text += &rule.map_or_else(String::new, |rule| conditions(&question.name, rule));
        }
        text += &reason(decision);
    }
    write!(text, "\notherwise {}\n", action(said.otherwise.action)).ok();
    text += &reason(&said.otherwise);
    text
}

/// Every rule of a policy.
pub(super) fn rules(subject: Subject) -> String {
    let mut text = String::new();
    for (index, rule) in subject.rules().iter().enumerate() {
        let calls: Vec<&str> = rule.calls.iter().map(|call| call.name()).collect();
        let verdict = action(rule.verdict.into());
        writeln!(text, "{:>3}  {verdict}  {}", index + 1, calls.join(" ")).ok();
        if let Some(call) = calls.first() {
            text += &conditions(call, rule);
        }
        writeln!(text, "     why: {}", rule.why).ok();
        if let Some(kept_for) = rule.kept_for {
            writeln!(text, "     kept for: {kept_for}").ok();
        }
    }
    text
}

fn who(subject: Subject) -> &'static str {
    match subject {
        Subject::Program => "made by a program",
        Subject::Init => "made by a jail's init",
        Subject::Front => "made by the front",
        Subject::Fetcher => "made by the process that downloads packages",
        Subject::Unpacker => "made by the process that unpacks packages",
    }
}

fn given(question: &Question) -> String {
    let known = question.call.args.iter().rposition(Option::is_some);
    let Some(last) = known else {
        return String::new();
    };
    let args: Vec<String> = question.call.args[..=last]
        .iter()
        .map(|arg| arg.map_or_else(|| "_".to_owned(), |value| format!("{value:#x}")))
        .collect();
    format!(", arguments {}", args.join(" "))
}

fn action(action: Action) -> String {
    match action {
        Action::Allow => "allowed".to_owned(),
        Action::Errno(0) => "ignored (returns 0, does nothing)".to_owned(),
        Action::Errno(errno) => format!("{:?}", Errno::from_raw(errno.cast_signed())),
        Action::Kill => "kill (SIGSYS to the whole process)".to_owned(),
    }
}

/// One line for each alternative.
fn conditions(call: &str, rule: &Rule) -> String {
    let mut text = String::new();
    for (index, alternative) in rule.when.iter().enumerate() {
        let parts: Vec<String> = alternative
            .iter()
            .map(|one| names::condition(call, *one))
            .collect();
        let or = if index == 0 { "when" } else { "or  " };
        writeln!(text, "     {or} {}", parts.join(" and ")).ok();
    }
    text
}

fn reason(decision: &Decision) -> String {
    let by = match decision.by {
        Decider::ForeignArchitecture => "the check of the architecture".to_owned(),
        Decider::X32 => "the check for x32 calls".to_owned(),
        Decider::TooNew => "the check of the highest number".to_owned(),
        Decider::Rule(index) => format!("rule {}", index + 1),
        Decider::NoRule => "no rule".to_owned(),
    };
    format!("     by: {by}\n     why: {}\n", decision.why)
}
