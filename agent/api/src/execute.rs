//! `POST /api/v2/execute`: the request and the answer.

use serde::{Deserialize, Serialize};

/// A program to run. A limit that is `None` is the configured one of the runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecuteRequest {
    /// Name or alias of a language, matched exactly.
    pub language: String,
    /// Version selector in node-semver's grammar, such as `3.x` or `*`.
    pub version: String,
    /// The program. The first utf8 file is the main one.
    pub files: Vec<SourceFile>,
    /// What the program reads from standard input; the node ends it with a newline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Arguments of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    /// Wall-clock time of the compile stage in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile_timeout: Option<u64>,
    /// Wall-clock time of the run stage in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<u64>,
    /// Processor time of the compile stage in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile_cpu_time: Option<u64>,
    /// Processor time of the run stage in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_cpu_time: Option<u64>,
    /// Memory of the compile stage in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile_memory_limit: Option<u64>,
    /// Memory of the run stage in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_memory_limit: Option<u64>,
    /// Whether what it compiles to may be kept for equal jobs, and taken from what is; true when absent. A field of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile_cache: Option<bool>,
}

/// One file of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Path inside the program's folder; `file0.code` and so on by position when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file's text, or its bytes in the given encoding.
    pub content: String,
    /// `utf8` (also when absent), `base64` or `hex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

/// What became of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecuteResponse {
    /// The compile stage; absent for languages that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compile: Option<StageResult>,
    /// The run stage, or a copy of the compile stage when that failed.
    pub run: StageResult,
    /// The language that ran, by its own name.
    pub language: String,
    /// The version that ran.
    pub version: String,
}

/// What became of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageResult {
    /// Name of the signal that ended it, such as `SIGKILL`.
    pub signal: Option<String>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Both streams in order of arrival.
    pub output: String,
    /// Peak memory of the whole process tree in bytes.
    pub memory: u64,
    /// `status` in words.
    pub message: Option<String>,
    /// How it failed; `None` when it exited with 0.
    pub status: Option<Status>,
    /// Processor time of the whole process tree in milliseconds.
    pub cpu_time: u64,
    /// Wall-clock time in milliseconds.
    pub wall_time: u64,
    /// Which limit ended it, where one did. A key of our own: Piston has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// How a stage failed, in Piston's two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Exited with a code other than 0.
    #[serde(rename = "RE")]
    RuntimeError,
    /// Ended by a signal.
    #[serde(rename = "SG")]
    Signal,
    /// Out of time, wall-clock or processor.
    #[serde(rename = "TO")]
    Timeout,
    /// Standard output too long.
    #[serde(rename = "OL")]
    OutputLimit,
    /// Standard error too long.
    #[serde(rename = "EL")]
    ErrorOutputLimit,
    /// The sandbox itself failed.
    #[serde(rename = "XX")]
    Internal,
}

/// Which limit ended a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// Wall-clock time.
    Wall,
    /// Processor time.
    Cpu,
    /// Length of stdout or stderr.
    Output,
    /// Memory.
    Memory,
    /// Number of processes and threads.
    Processes,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every answer that was recorded keeps each byte when it is read and written again.
    #[test]
    fn recorded_answers_survive_a_round_trip() {
        let golden = include_str!("../../../tests/conformance/golden.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(golden).unwrap();
        let mut seen = 0;
        for case in &cases {
            let answer = &case["response"];
            if answer.get("run").is_none() {
                continue;
            }
            let typed: ExecuteResponse = serde_json::from_value(answer.clone()).unwrap();
            assert_eq!(
                &serde_json::to_value(&typed).unwrap(),
                answer,
                "{}",
                case["name"]
            );
            seen += 1;
        }
        assert!(seen > 50, "only {seen} answers in the record");
    }

    #[test]
    fn keys_come_in_pistons_order() {
        let stage = StageResult {
            status: Some(Status::Signal),
            limit: Some(Limit::Memory),
            ..StageResult::default()
        };
        let answer = ExecuteResponse {
            compile: None,
            run: stage,
            language: "c".into(),
            version: "10.2.0".into(),
        };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"run":{"signal":null,"stdout":"","stderr":"","code":null,"output":"","memory":0,"message":null,"#
                .to_owned()
                + r#""status":"SG","cpu_time":0,"wall_time":0,"limit":"memory"},"language":"c","version":"10.2.0"}"#
        );
    }

    #[test]
    fn a_request_leaves_out_what_is_not_given() {
        let file = SourceFile {
            content: "print(1)".into(),
            ..SourceFile::default()
        };
        let request = ExecuteRequest {
            language: "python".into(),
            version: "*".into(),
            files: vec![file],
            run_timeout: Some(500),
            ..ExecuteRequest::default()
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(
            text,
            r#"{"language":"python","version":"*","files":[{"content":"print(1)"}],"run_timeout":500}"#
        );
        assert_eq!(
            serde_json::from_str::<ExecuteRequest>(&text).unwrap(),
            request
        );
    }
}
