//! A program that ends by a signal says so, whichever signal it is.

use crate::suite::ending;
use capsule_tests::each;
use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};

/// What the default action of a signal makes of a program that sends it to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It ends by it.
    Ends,
    /// Nothing happens.
    Nothing,
    /// It stops until its time is up.
    Stops,
    /// It stops, but for the kernel's rule that the terminal's signals do not stop a process group that nobody could
    /// continue: then nothing happens.
    StopsUnlessOrphaned,
}

use Fate::{Ends, Nothing, Stops, StopsUnlessOrphaned};

const SIGNALS: [(&str, Fate); 31] = [
    ("SIGHUP", Ends),
    ("SIGINT", Ends),
    ("SIGQUIT", Ends),
    ("SIGILL", Ends),
    ("SIGTRAP", Ends),
    ("SIGABRT", Ends),
    ("SIGBUS", Ends),
    ("SIGFPE", Ends),
    ("SIGKILL", Ends),
    ("SIGUSR1", Ends),
    ("SIGSEGV", Ends),
    ("SIGUSR2", Ends),
    ("SIGPIPE", Ends),
    ("SIGALRM", Ends),
    ("SIGTERM", Ends),
    ("SIGSTKFLT", Ends),
    ("SIGCHLD", Nothing),
    ("SIGCONT", Nothing),
    ("SIGSTOP", Stops),
    ("SIGTSTP", StopsUnlessOrphaned),
    ("SIGTTIN", StopsUnlessOrphaned),
    ("SIGTTOU", StopsUnlessOrphaned),
    ("SIGURG", Nothing),
    ("SIGXCPU", Ends),
    ("SIGXFSZ", Ends),
    ("SIGVTALRM", Ends),
    ("SIGPROF", Ends),
    ("SIGWINCH", Nothing),
    ("SIGIO", Ends),
    ("SIGPWR", Ends),
    ("SIGSYS", Ends),
];

const SOURCE: &str = r#"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v) {
    printf("before\n"); fflush(stdout);
    if (c > 1 && raise(atoi(v[1]))) return 1;
    printf("after\n");
    return 0;
}
"#;

type Ending = (Value, Value, Value, Value);

fn ended_by(name: &str, number: usize) -> Ending {
    (
        Value::Null,
        json!(name),
        json!("SG"),
        json!(format!("Caught fatal signal {number}")),
    )
}

fn out_of_time() -> Ending {
    (
        Value::Null,
        json!("SIGKILL"),
        json!("TO"),
        json!("Time limit exceeded (wall clock)"),
    )
}

fn untouched() -> Ending {
    (json!(0), Value::Null, Value::Null, Value::Null)
}

#[test]
fn every_signal_of_a_program_to_itself() {
    let node = Node::start(NodeOptions::as_deployed());
    let signals: Vec<(usize, &str, Fate)> = SIGNALS
        .iter()
        .enumerate()
        .map(|(index, (name, fate))| (index + 1, *name, *fate))
        .collect();
    let wrong = each(&signals, |&(number, name, fate)| {
        let body = json!({
            "language": "c", "version": "*", "files": [{"content": SOURCE}], "args": [number], "run_timeout": 1000,
        });
        let (status, answer) = node.execute(&body);
        let allowed = match fate {
            Ends => vec![(ended_by(name, number), "before\n")],
            Nothing => vec![(untouched(), "before\nafter\n")],
            Stops => vec![(out_of_time(), "before\n")],
            StopsUnlessOrphaned => vec![
                (out_of_time(), "before\n"),
                (untouched(), "before\nafter\n"),
            ],
        };
        let have = ending(&answer);
        let stdout = &answer["run"]["stdout"];
        let right = status == 200
            && allowed
                .iter()
                .any(|(end, text)| have == *end && stdout == text);
        (!right).then(|| format!("{name}: {status} {answer}"))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
