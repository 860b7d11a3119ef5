//! The answers as they are printed.

use super::question::{Question, QuestionError};
use super::{Arch, render};
use jail::seccomp::{Subject, explain};

fn parse(words: &[&str], arch: Arch) -> Result<Question, QuestionError> {
    let (call, args) = words.split_first().unwrap();
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    Question::parse(call, &args, arch)
}

fn answer(subject: Subject, words: &[&str], arch: Arch) -> String {
    let question = parse(words, arch).unwrap();
    render::explanation(subject, &question, &explain(subject, &question.call))
}

fn first_line(words: &[&str], arch: Arch) -> String {
    let text = answer(Subject::Program, words, arch);
    text.lines().next().unwrap().to_owned()
}

#[test]
fn an_answer_says_what_by_which_rule_and_why() {
    let text = answer(Subject::Program, &["clone3"], Arch::X86_64);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "clone3 (number 435), made by a program: ENOSYS");
    assert!(lines[1].starts_with("     by: rule "), "{text}");
    assert!(
        lines[2].starts_with("     why: its flags are behind a pointer"),
        "{text}"
    );
    let text = answer(Subject::Init, &["execve"], Arch::X86_64);
    assert!(
        text.starts_with("execve (number 59), made by a jail's init: kill (SIGSYS"),
        "{text}"
    );
}

#[test]
fn arguments_decide_by_name_and_by_number() {
    for (words, expected) in [
        (
            &["socket", "AF_ALG", "SOCK_SEQPACKET", "0"][..],
            "arguments 0x26 0x5 0x0), made by a program: EPERM",
        ),
        (
            &["socket", "1", "0x80001"],
            "arguments 0x1 0x80001), made by a program: allowed",
        ),
        (
            &["clone", "CLONE_VM|CLONE_NEWUSER"],
            "arguments 0x10000100), made by a program: EPERM",
        ),
        (
            &["fsync", "3"],
            "arguments 0x3), made by a program: ignored (returns 0, does nothing)",
        ),
        (
            &["fcntl", "_", "F_NOTIFY"],
            "arguments _ 0x402), made by a program: EPERM",
        ),
        (
            &["kill", "-1"],
            "arguments 0xffffffffffffffff), made by a program: allowed",
        ),
    ] {
        let line = first_line(words, Arch::X86_64);
        assert!(line.ends_with(expected), "{words:?}: {line}");
    }
    let by_number = first_line(&["41", "AF_ALG"], Arch::X86_64);
    assert_eq!(by_number, first_line(&["socket", "AF_ALG"], Arch::X86_64));
}

#[test]
fn what_is_not_said_is_asked_for_with_the_rules() {
    let text = answer(Subject::Program, &["openat"], Arch::X86_64);
    assert!(text.contains("it depends on argument 3\n"), "{text}");
    let (refused, allowed) = (
        text.find("\nEINVAL\n     when argument 3 has O_DIRECT\n"),
        text.find("\nallowed\n     when argument 3 has none of O_DIRECT\n"),
    );
    assert!(refused.unwrap() < allowed.unwrap(), "{text}");
    assert!(
        text.contains("\notherwise EPERM\n     by: no rule\n"),
        "{text}"
    );
}

#[test]
fn other_kinds_of_calls_kill() {
    for arch in [Arch::X32, Arch::I386] {
        let line = first_line(&["getpid"], arch);
        assert!(
            line.ends_with(": kill (SIGSYS to the whole process)"),
            "{line}"
        );
    }
}

#[test]
fn what_the_kernel_lets_past_every_filter_is_said() {
    let text = answer(Subject::Program, &["uretprobe"], Arch::X86_64);
    assert!(
        text.contains("but: newer kernels let it past every filter"),
        "{text}"
    );
}

#[test]
fn numbers_without_a_name_are_answered() {
    assert!(first_line(&["100000"], Arch::X86_64).ends_with(": ENOSYS"));
    assert!(first_line(&["400"], Arch::X86_64).ends_with(": EPERM"));
}

#[test]
fn what_is_unknown_is_said_with_what_is_alike() {
    let error = parse(&["scoket"], Arch::X86_64).unwrap_err().to_string();
    assert!(
        error.starts_with("no system call is named scoket (did you mean socket?)"),
        "{error}"
    );
    let error = parse(&["socket", "AF_ALGO"], Arch::X86_64)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AF_ALGO is neither") && error.contains("(did you mean AF_ALG?)"),
        "{error}"
    );
    let error = parse(&["socket", "%"], Arch::X86_64)
        .unwrap_err()
        .to_string();
    assert!(error.contains("known here: give it"), "{error}");
}

#[test]
fn the_list_has_every_rule_with_its_reason() {
    for subject in [
        Subject::Program,
        Subject::Init,
        Subject::Front,
        Subject::Fetcher,
        Subject::Unpacker,
    ] {
        let text = render::rules(subject);
        for (index, rule) in subject.rules().iter().enumerate() {
            let line = format!("{:>3}  ", index + 1);
            assert!(
                text.lines().any(|text| text.starts_with(&line)),
                "{line}{text}"
            );
            assert!(text.contains(rule.why), "{}", rule.why);
        }
    }
}
