//! The programs of the golden record. What they answer is judged by its own suite, against time limits that a program
//! stopped at each of its calls can't keep.

use serde_json::{Value, json};

const RECORD: &str = include_str!("../conformance/golden.json");

/// What Piston ran and this node does not: a language that it has not, a name that it refuses.
const NOT_HERE: [&str; 2] = ["fortran_not_installed_compiler", "file_name_absolute"];

/// In Python, so long suffices, and those without an end have one.
const TIME_MS: u64 = 10_000;

/// A job of the record that Piston ran.
pub(crate) struct Job {
    pub(crate) name: String,
    /// As the answer has it: requests may have an alias.
    pub(crate) language: String,
    pub(crate) body: Value,
}

/// All of them that belong to an ordinary node.
pub(crate) fn jobs() -> Vec<Job> {
    let record: Vec<Value> = serde_json::from_str(RECORD).expect("the record is JSON");
    let jobs: Vec<_> = record.iter().filter_map(job).collect();
    assert!(jobs.len() > 50, "the record has another form");
    jobs
}

fn job(case: &Value) -> Option<Job> {
    let is_ordinary = case["status"] == 200 && case["config"].is_null();
    let (name, language) = (
        case["name"].as_str()?,
        case["response"]["language"].as_str()?,
    );
    if !is_ordinary || NOT_HERE.contains(&name) {
        return None;
    }
    let mut body: Value = serde_json::from_str(case["request"]["body"].as_str()?).ok()?;
    // The recorded versions are others.
    body["version"] = json!("*");
    if language == "python" {
        for limit in ["run_timeout", "run_cpu_time"] {
            if body[limit].as_f64().is_none_or(|time| time < 1.0) {
                body[limit] = json!(TIME_MS);
            }
        }
    }
    Some(Job {
        name: name.to_owned(),
        language: language.to_owned(),
        body,
    })
}
