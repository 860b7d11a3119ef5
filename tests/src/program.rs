//! Ordinary programs as data, and the judgement of their answers.
//!
//! What is not said is strict: stdout and stderr are empty, the exit code is 0, and so on.

use crate::wait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The corpus: language, and its programs as people write them.
pub const CORPUS: [(&str, &str); 5] = [
    (
        "python",
        include_str!("../conformance/programs/data/python.toml"),
    ),
    (
        "javascript",
        include_str!("../conformance/programs/data/javascript.toml"),
    ),
    (
        "java",
        include_str!("../conformance/programs/data/java.toml"),
    ),
    ("c", include_str!("../conformance/programs/data/c.toml")),
    ("c++", include_str!("../conformance/programs/data/cpp.toml")),
];

/// A file with programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Programs {
    program: Vec<Program>,
}

/// One program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// What it is about.
    pub name: String,
    /// The main file where there is no other, or before the others.
    source: Option<String>,
    /// Name of that file; none is sent when absent.
    file_name: Option<String>,
    #[serde(default)]
    file: Vec<File>,
    #[serde(default)]
    stdin: Input,
    #[serde(default)]
    args: Vec<String>,
    /// More fields of the request.
    #[serde(default)]
    request: Map<String, Value>,
    /// Exact stdout.
    #[serde(default)]
    stdout: String,
    /// Only its length, in place of it.
    stdout_length: Option<usize>,
    /// Exact stderr.
    #[serde(default)]
    stderr: String,
    /// Parts of it, in place of it.
    stderr_contains: Option<Vec<String>>,
    /// Only its length.
    stderr_length: Option<usize>,
    /// Exit code.
    #[serde(default)]
    code: i64,
    /// The signal that ended it; there is no exit code then.
    signal: Option<String>,
    /// By default RE for a code that is not 0.
    status: Option<String>,
    /// Not checked when absent, but null for code 0.
    message: Option<String>,
    /// The compile stage ends as said above, and there is no run stage but its copy.
    #[serde(default)]
    compile_fails: bool,
    /// It only must not succeed, whatever else it does.
    #[serde(default)]
    fails: bool,
    /// The answer comes at least this soon.
    within_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    content: Input,
    encoding: Option<String>,
}

/// Standard input or a file, spelt out or as a repetition.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Repeated { repeat: String, times: usize },
}

impl Input {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Repeated { repeat, times } => repeat.repeat(*times),
        }
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The programs of a file.
///
/// # Panics
/// When it has another form.
#[must_use]
pub fn parse(text: &str) -> Vec<Program> {
    toml::from_str::<Programs>(text)
        .expect("the programs have their own form")
        .program
}

impl Program {
    /// The body of its request.
    #[must_use]
    pub fn body(&self, language: &str) -> Value {
        let mut files = Vec::new();
        if let Some(source) = &self.source {
            files.push(match &self.file_name {
                Some(name) => json!({"name": name, "content": source}),
                None => json!({"content": source}),
            });
        }
        for file in &self.file {
            let mut sent = json!({"name": file.name, "content": file.content.text()});
            if let Some(encoding) = &file.encoding {
                sent["encoding"] = encoding.as_str().into();
            }
            files.push(sent);
        }
        let stdin = self.stdin.text();
        let mut body = json!({"language": language, "version": "*", "files": files, "stdin": stdin, "args": self.args});
        for (key, value) in &self.request {
            body[key] = value.clone();
        }
        body
    }

    /// What is wrong with an answer that took so long.
    #[must_use]
    pub fn judge(&self, status: u16, answer: &Value, took: Duration) -> Vec<String> {
        if status != 200 {
            return vec![format!("status {status}: {answer}")];
        }
        let mut wrong = Vec::new();
        self.judge_stages(answer, &mut wrong);
        if let Some(limit) = self.within_ms
            && took > Duration::from_millis(limit) * wait::slowness()
        {
            wrong.push(format!("took {} ms", took.as_millis()));
        }
        if !wrong.is_empty() {
            wrong.push(format!("answer: {}", shortened(&answer.to_string())));
        }
        wrong
    }

    fn judge_stages(&self, answer: &Value, wrong: &mut Vec<String>) {
        let (compile, run) = (&answer["compile"], &answer["run"]);
        if self.compile_fails {
            if compile != run {
                wrong.push("run is not a copy of the failed compile".into());
            }
        } else if !compile.is_null() && compile["code"] != 0 {
            wrong.push(format!(
                "compile ended with {}: {}",
                compile["code"], compile["stderr"]
            ));
            return;
        }
        self.judge_stage(run, wrong);
    }

    fn judge_stage(&self, stage: &Value, wrong: &mut Vec<String>) {
        if self.fails {
            if stage["code"] == 0 {
                wrong.push("it succeeded".into());
            }
            return;
        }
        let text = |key: &str| stage[key].as_str().unwrap_or_default();
        judge_text(
            "stdout",
            text("stdout"),
            &self.stdout,
            self.stdout_length,
            wrong,
        );
        match &self.stderr_contains {
            Some(parts) => wrong.extend(
                parts
                    .iter()
                    .filter(|part| !text("stderr").contains(*part))
                    .map(|part| format!("stderr lacks {part:?}")),
            ),
            None => judge_text(
                "stderr",
                text("stderr"),
                &self.stderr,
                self.stderr_length,
                wrong,
            ),
        }
        let code = if self.signal.is_some() {
            Value::Null
        } else {
            json!(self.code)
        };
        let status = self
            .status
            .clone()
            .or_else(|| (code != 0).then(|| "RE".to_owned()));
        let message = match (&self.message, &code) {
            (Some(message), _) => Some(json!(message)),
            (None, code) if *code == 0 => Some(Value::Null),
            (None, _) => None,
        };
        let signal = json!(self.signal);
        for (key, expected) in [
            ("code", Some(code)),
            ("signal", Some(signal)),
            ("status", Some(json!(status))),
            ("message", message),
        ] {
            if let Some(expected) = expected.filter(|expected| stage[key] != *expected) {
                wrong.push(format!("{key} is {} instead of {expected}", stage[key]));
            }
        }
    }
}

fn judge_text(name: &str, have: &str, want: &str, length: Option<usize>, wrong: &mut Vec<String>) {
    match length {
        Some(length) if have.chars().count() == length => {}
        Some(length) => wrong.push(format!(
            "{name} has {} characters instead of {length}",
            have.chars().count()
        )),
        None if have == want => {}
        None => wrong.push(format!(
            "{name} is {:?} instead of {want:?}",
            shortened(have)
        )),
    }
}

/// The first part of a text that may be long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(1500) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
