//! A node that logs what its cache does, and the jobs that were sent to it.

use capsule_tests::{Node, NodeOptions, wait};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;

/// The node's counts, as its log has them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) stores: u64,
    pub(crate) uncacheable: u64,
    pub(crate) evictions: u64,
}

/// A node and the number of its jobs that could have met its cache.
pub(crate) struct Counted {
    pub(crate) node: Node,
    jobs: Cell<usize>,
}

/// Programs that take their time on a busy machine.
pub(crate) fn options() -> NodeOptions {
    NodeOptions::as_deployed_with_patience().set("log_level", "DEBUG")
}

/// A request with these files, of which the first is the main one.
pub(crate) fn job(language: &str, files: &[(&str, &str)]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(name, content)| json!({"name": name, "content": content}))
        .collect();
    json!({"language": language, "version": "*", "files": files})
}

/// The same request with more fields.
pub(crate) fn with(request: &Value, fields: &Value) -> Value {
    let mut request = request.clone();
    for (key, value) in fields.as_object().expect("fields are an object") {
        request[key] = value.clone();
    }
    request
}

impl Counted {
    pub(crate) fn start(options: NodeOptions) -> Self {
        Self {
            node: Node::start(options),
            jobs: Cell::new(0),
        }
    }

    /// The answer to a job that may meet the cache.
    pub(crate) fn run(&self, request: &Value) -> Value {
        self.jobs.set(self.jobs.get() + 1);
        self.run_past(request)
    }

    /// The answer to one that may not.
    pub(crate) fn run_past(&self, request: &Value) -> Value {
        let (status, answer) = self.node.execute(request);
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// What the program wrote, which has to succeed.
    pub(crate) fn stdout(&self, request: &Value) -> String {
        let answer = self.run(request);
        assert_eq!(answer["run"]["code"], 0, "{answer}");
        answer["run"]["stdout"]
            .as_str()
            .expect("stdout is text")
            .to_owned()
    }

    /// What is counted, when all jobs so far are.
    pub(crate) fn counts(&self) -> Counts {
        let line = || {
            let stderr = self.node.stderr();
            let lines = stderr.lines().filter(|line| line.contains("compile cache"));
            let lines: Vec<_> = lines.map(str::to_owned).collect();
            (lines.len() >= self.jobs.get()).then(|| lines.last().cloned().unwrap_or_default())
        };
        let line = wait::until(Duration::from_secs(5), line).expect("each job leaves a line");
        let count = |name: &str| {
            let (_, rest) = line.split_once(&format!("{name}: ")).expect(&line);
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
            digits.and_then(|digits| digits.parse().ok()).expect(&line)
        };
        Counts {
            hits: count("hits"),
            misses: count("misses"),
            stores: count("stores"),
            uncacheable: count("uncacheable"),
            evictions: count("evictions"),
        }
    }
}
