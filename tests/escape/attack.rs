//! One hostile program as data, and the judgement of its outcome.

use crate::arena::Arena;
use capsule_tests::{Node, each, wait};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What C programs include.
const HEADER: &str = include_str!("programs/attack.h");

/// One request and its outcome.
#[derive(Debug)]
pub(crate) struct Attack {
    /// What it tries; incidents refer to it.
    pub(crate) name: &'static str,
    pub(crate) language: &'static str,
    pub(crate) source: &'static str,
    /// `NODE` stands for the node's own port.
    pub(crate) args: &'static [&'static str],
    /// More fields of the request, as JSON; its times are those of real machines.
    pub(crate) request: &'static str,
    /// All of it holds.
    pub(crate) expect: &'static [Expect],
}

/// One statement about an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// The program found what it expects inside: exit code 0, empty stderr, no line with `WRONG`, and this is the end of
    /// the last line.
    Content(&'static str),
    /// Ended at this limit.
    Limit(&'static str),
    /// Ended at one of these limits, or gave up by itself.
    LimitOrOwnEnd(&'static [&'static str]),
    /// Ended by this signal of its own making.
    Signal(&'static str),
    /// stdout is exactly this.
    Stdout(&'static str),
    /// The compiler refuses it.
    CompileFails,
    /// The answer does not hold this text anywhere.
    Without(&'static str),
    /// It ran for less than this, in milliseconds, times the slowness of the machine.
    Wall(u64),
    /// The answer comes this soon, in milliseconds, its compiler's work included, times the slowness of the machine.
    Within(u64),
}

impl Attack {
    /// The body of its request.
    pub(crate) fn body(&self, node: &Node) -> Value {
        let name = match self.language {
            "python" => "main.py",
            "javascript" => "main.js",
            "java" => "Main.java",
            "c" => "main.c",
            _ => "main.cpp",
        };
        let mut files = vec![json!({"name": name, "content": self.source})];
        if self.source.contains("\"attack.h\"") {
            files.push(json!({"name": "attack.h", "content": HEADER}));
        }
        let port = node.address().port().to_string();
        let args: Vec<&str> = self
            .args
            .iter()
            .map(|arg| if *arg == "NODE" { &port } else { *arg })
            .collect();
        let mut body =
            json!({"language": self.language, "version": "*", "files": files, "args": args});
        let more: Value =
            serde_json::from_str(self.request).expect("the table's requests are JSON");
        for (key, value) in more.as_object().expect("the table's requests are objects") {
            body[key] = value.clone();
        }
        for time in ["run_timeout", "run_cpu_time"] {
            if let Some(milliseconds) = body[time].as_u64() {
                body[time] = json!(milliseconds * u64::from(wait::slowness()));
            }
        }
        body
    }

    /// What is wrong with its outcome.
    pub(crate) fn judge(&self, status: u16, answer: &Value, took: Duration) -> Vec<String> {
        if status != 200 {
            return vec![format!("status {status}: {answer}")];
        }
        let mut wrong: Vec<String> = self
            .expect
            .iter()
            .filter(|expect| !expect.holds(answer, took))
            .map(|expect| format!("{expect:?} does not hold"))
            .collect();
        let compiles = !self
            .expect
            .iter()
            .any(|expect| matches!(expect, Expect::CompileFails));
        if compiles && !answer["compile"].is_null() && answer["compile"]["code"] != 0 {
            wrong.push("it does not compile".into());
        }
        if !wrong.is_empty() {
            let text: String = answer.to_string().chars().take(3000).collect();
            wrong.push(format!("after {} ms: {text}", took.as_millis()));
        }
        wrong
    }
}

impl Expect {
    fn holds(&self, answer: &Value, took: Duration) -> bool {
        let run = &answer["run"];
        let stdout = run["stdout"].as_str().unwrap_or_default();
        match *self {
            Self::Content(end) => {
                run["code"] == 0
                    && run["stderr"] == ""
                    && !stdout.contains("WRONG")
                    && stdout.trim_end().ends_with(end)
            }
            Self::Limit(limit) => run["limit"] == limit && run["signal"] == "SIGKILL",
            Self::LimitOrOwnEnd(limits) => match run["limit"].as_str() {
                Some(limit) => limits.contains(&limit),
                None => !run["code"].is_null(),
            },
            Self::Signal(signal) => {
                run["signal"] == signal && run["limit"].is_null() && run["status"] == "SG"
            }
            Self::Stdout(text) => stdout == text,
            Self::CompileFails => answer["compile"]["code"] != 0,
            Self::Without(text) => !answer.to_string().contains(text),
            Self::Wall(limit) => run["wall_time"]
                .as_u64()
                .is_some_and(|time| Duration::from_millis(time) < on_this_machine(limit)),
            Self::Within(limit) => took < on_this_machine(limit),
        }
    }
}

fn on_this_machine(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds) * wait::slowness()
}

/// Puts attacks to a node of their own, a few at a time, and fails with all that went wrong. `ATTACKS_ONLY`, where it
/// is set, is parts of the names of those to run, with `|` between them, each of which has to name one.
pub(crate) fn run(attacks: &[Attack]) {
    let only = std::env::var("ATTACKS_ONLY").unwrap_or_default();
    for part in only.split('|') {
        let fits = attacks.iter().any(|attack| attack.name.contains(part));
        assert!(
            fits,
            "ATTACKS_ONLY: no attack here has {part:?} in its name"
        );
    }
    let attacks: Vec<_> = attacks
        .iter()
        .filter(|attack| only.split('|').any(|part| attack.name.contains(part)))
        .collect();
    let arena = Arena::start();
    let wrong = each(&attacks, |attack| {
        let start = Instant::now();
        let (status, answer) = arena.execute(&attack.body(&arena));
        let wrong = attack.judge(status, &answer, start.elapsed());
        (!wrong.is_empty()).then(|| format!("{}\n    {}", attack.name, wrong.join("\n    ")))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
