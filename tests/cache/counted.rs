//! A node, and what it tells of its cache.

use capsule_tests::{Node, NodeOptions};
use serde_json::{Value, json};

/// The node's counts, as its metrics have them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) stores: u64,
    pub(crate) uncacheable: u64,
    pub(crate) evictions: u64,
}

/// A node with a cache.
pub(crate) struct Counted {
    pub(crate) node: Node,
}

/// Programs that take their time on a busy machine.
pub(crate) fn options() -> NodeOptions {
    NodeOptions::as_deployed_with_patience()
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
        }
    }

    /// The answer to a job.
    pub(crate) fn run(&self, request: &Value) -> Value {
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

    /// What is counted so far.
    pub(crate) fn counts(&self) -> Counts {
        let reply = self.node.get("/metrics");
        assert_eq!(reply.status, 200, "{}", reply.text());
        let text = reply.text();
        // What has not happened has no line where it would have a label.
        let count = |name: &str| {
            let name = format!("capsule_compile_cache_{name} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&name));
            line.map_or(0, |count| count.parse().expect("it is a number"))
        };
        let lookups = |found: &str| count(&format!("lookups_total{{found=\"{found}\"}}"));
        assert!(
            text.contains("capsule_compile_cache_stores_total "),
            "{text}"
        );
        Counts {
            hits: lookups("result"),
            misses: lookups("nothing"),
            stores: count("stores_total"),
            uncacheable: lookups("each_is_another") + count("not_stored_total"),
            evictions: count("evictions_total"),
        }
    }
}
