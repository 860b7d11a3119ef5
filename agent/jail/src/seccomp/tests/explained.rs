//! The explanation against the compiled filters, run as the kernel runs them.

use super::{SUBJECTS, bpf};
use crate::seccomp::{
    Action, Call, Condition, Decider, Filters, NEWEST, Subject, X32_BIT, decide, explain, filters,
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// `AUDIT_ARCH_I386` of <linux/audit.h>.
const I386: u32 = 0x4000_0003;

static PROGRAM: LazyLock<Filters> = LazyLock::new(|| filters(Subject::Program).unwrap());
static INIT: LazyLock<Filters> = LazyLock::new(|| filters(Subject::Init).unwrap());
static FRONT: LazyLock<Filters> = LazyLock::new(|| filters(Subject::Front).unwrap());
static UNPACKER: LazyLock<Filters> = LazyLock::new(|| filters(Subject::Unpacker).unwrap());
static FETCHER: LazyLock<Filters> = LazyLock::new(|| filters(Subject::Fetcher).unwrap());

fn compiled(subject: Subject) -> &'static Filters {
    match subject {
        Subject::Program => &PROGRAM,
        Subject::Init => &INIT,
        Subject::Front => &FRONT,
        Subject::Fetcher => &FETCHER,
        Subject::Unpacker => &UNPACKER,
    }
}

fn compare(subject: Subject, call: &Call) {
    let explained = decide(subject, call);
    let enforced = bpf::answer(compiled(subject), call);
    assert_eq!(explained.action, enforced, "{subject:?} {call:x?}");
}

/// Values around everything that a rule on the call compares an argument with, in both halves.
fn boundaries(subject: Subject, number: u32) -> [Vec<u64>; 6] {
    let mut values: [Vec<u64>; 6] = std::array::from_fn(|_| vec![0, 1 << 32]);
    let rules = subject.rules().iter();
    let of_call = rules.filter(|rule| rule.calls.iter().any(|c| c.id().cast_unsigned() == number));
    for condition in of_call.flat_map(|rule| rule.when.iter().flat_map(|list| list.iter())) {
        let near = match *condition {
            Condition::Is(_, value) | Condition::IsNot(_, value) => vec![value],
            Condition::Masked(_, mask, value) => vec![mask, value, !mask, !value],
            Condition::Given(_) => vec![u64::MAX],
        };
        for value in near {
            let steps = [value.wrapping_sub(1), value, value.wrapping_add(1)];
            let high = steps.map(|value| value | 1 << 32);
            values[usize::from(condition.argument())].extend(steps.into_iter().chain(high));
        }
    }
    values.map(|mut list| {
        list.sort_unstable();
        list.dedup();
        list
    })
}

/// Every choice of one value for each argument.
fn for_each_choice(values: &[Vec<u64>; 6], mut visit: impl FnMut([u64; 6])) {
    let total: usize = values.iter().map(Vec::len).product();
    for mut choice in 0..total {
        visit(std::array::from_fn(|argument| {
            let list = &values[argument];
            let value = list[choice % list.len()];
            choice /= list.len();
            value
        }));
    }
}

#[test]
fn every_number_and_every_boundary_is_explained_as_it_is_enforced() {
    for subject in SUBJECTS {
        for number in 0..NEWEST as u32 + 100 {
            let mut values = boundaries(subject, number);
            // No rule compares them, so two values each would be as many times the same.
            for list in values.iter_mut().filter(|list| list.len() == 2) {
                list.truncate(1);
            }
            for_each_choice(&values, |args| {
                compare(subject, &Call::native(number, args));
            });
        }
    }
}

/// The kernel runs each filter for every number when it is installed.
#[test]
fn no_number_is_searched_for_long() {
    for subject in SUBJECTS {
        for number in 0..=NEWEST as u32 {
            let call = Call::native(number, [0; 6]);
            // The prelude, a search in some hundred answers, and all conditions of one call: one number after the other
            // takes hundreds.
            let steps = bpf::steps(compiled(subject), &call);
            assert!(steps <= 100, "{subject:?} takes {steps} for {number}");
        }
    }
}

#[test]
fn calls_of_other_kinds_kill() {
    for subject in SUBJECTS {
        for number in (0..600).chain([X32_BIT - 1, X32_BIT, X32_BIT + 1, u32::MAX]) {
            let native = Call::native(number, [0; 6]);
            let foreign = Call {
                arch: I386,
                ..native
            };
            let x32 = Call {
                number: number | X32_BIT,
                ..native
            };
            for call in [native, foreign, x32] {
                compare(subject, &call);
            }
            let by = |call| decide(subject, &call).by;
            assert_eq!(by(foreign), Decider::ForeignArchitecture);
            assert_eq!(by(x32), Decider::X32);
        }
    }
}

fn subject() -> impl Strategy<Value = Subject> {
    proptest::sample::select(SUBJECTS.as_slice())
}

/// Any arguments; half of them near what a rule compares with.
fn call() -> impl Strategy<Value = (Subject, Call)> {
    let number = prop_oneof![9 => 0..NEWEST as u32 + 20, 1 => any::<u32>()];
    (subject(), number).prop_flat_map(|(subject, number)| {
        let near = boundaries(subject, number);
        let argument = |list: Vec<u64>| prop_oneof![proptest::sample::select(list), any::<u64>()];
        let args = near.map(argument);
        args.prop_map(move |args| (subject, Call::native(number, args)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_call_is_explained_as_it_is_enforced((subject, call) in call()) {
        compare(subject, &call);
    }

    /// What is said of a call of which less is known holds for the call as it is made, and speaks of nothing else.
    #[test]
    fn what_is_not_known_is_left_open((subject, call) in call(), known in any::<[bool; 6]>()) {
        let mut partly = call;
        for (arg, known) in partly.args.iter_mut().zip(known) {
            *arg = arg.filter(|_| known);
        }
        let said = explain(subject, &partly);
        let decided = decide(subject, &call);
        let open = said.perhaps.contains(&decided) || said.otherwise == decided;
        prop_assert!(open, "{:?} is not in {:?}", decided, said);
        prop_assert_eq!(said.perhaps.is_empty(), said.depends_on.is_empty());
        for argument in said.depends_on {
            prop_assert!(!known[usize::from(argument)]);
        }
    }
}

#[test]
fn an_open_answer_names_its_arguments_and_rules() {
    let socket = Call {
        args: [None; 6],
        ..Call::native(syscalls::Sysno::socket.id().cast_unsigned(), [0; 6])
    };
    let said = explain(Subject::Program, &socket);
    assert_eq!(said.depends_on.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(said.perhaps.len(), 2);
    assert_eq!(said.otherwise.by, Decider::NoRule);
    assert_eq!(
        said.otherwise.action,
        Action::Errno(libc::EPERM.cast_unsigned())
    );
}
