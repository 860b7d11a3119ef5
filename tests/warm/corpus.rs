//! The programs, a file of `corpus/` each. Lines at its beginning with `#: ` or `//: ` are TOML, say how it is asked for, and are
//! not part of the program.

use capsule_tests::repository;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its file, and what it is fed with where that is not always the same.
    pub(crate) name: String,
    /// The body.
    pub(crate) body: Value,
    /// What it says on stderr is not the same twice.
    pub(crate) stderr_varies: bool,
}

impl Case {
    /// Whether it may be one for which a program of its own is started ahead.
    pub(crate) fn is_unusual(&self) -> bool {
        let has_args = self.body["args"] != json!([]);
        has_args
            || !self.body["run_memory_limit"].is_null()
            || !self.body["files"][0]["name"].is_null()
    }
}

/// How a program is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Header {
    /// Name of the main file; none is sent when absent.
    name: Option<String>,
    args: Vec<String>,
    stdin: String,
    /// The program is run with each of them as stdin.
    inputs: Option<Vec<String>>,
    /// In place of what follows the header: the main file is what follows the header of this file of the corpus.
    source: Option<String>,
    /// The main file ends without an end of line.
    chopped: bool,
    /// As of [`Case`].
    stderr_varies: bool,
    /// Files beside the main file.
    file: Vec<File>,
    /// More fields of the request.
    request: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    content: String,
    #[serde(default)]
    encoding: Option<String>,
}

/// All cases of a language, whose files have one of these endings.
pub(crate) fn of(language: &str, endings: &[&str]) -> Vec<Case> {
    let folder = repository().join("tests/warm/corpus");
    let entries = fs::read_dir(&folder).expect("the corpus is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| endings.contains(&ending))
        })
        .collect();
    paths.sort();
    paths.iter().flat_map(|path| read(language, path)).collect()
}

fn read(language: &str, path: &Path) -> Vec<Case> {
    let (header, program) = parts(path);
    let header: Header =
        toml::from_str(&header).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut program = match &header.source {
        Some(other) => parts(&path.with_file_name(other)).1,
        None => program,
    };
    if header.chopped {
        program.pop();
    }
    let name = path.file_name().expect("a file has a name").display();
    match &header.inputs {
        None => vec![case(
            language,
            name.to_string(),
            &header,
            &program,
            &header.stdin,
        )],
        Some(inputs) => inputs
            .iter()
            .map(|input| {
                case(
                    language,
                    format!("{name} <<< {input:?}"),
                    &header,
                    &program,
                    input,
                )
            })
            .collect(),
    }
}

/// The header and the program.
fn parts(path: &Path) -> (String, String) {
    let text = fs::read_to_string(path).expect("a program of the corpus is text");
    let marked = |line: &str| {
        let line = line.strip_prefix("#:").or_else(|| line.strip_prefix("//:"));
        line.map(str::to_owned)
    };
    let header: Vec<String> = text.lines().map_while(marked).collect();
    let program = text.split_inclusive('\n').skip(header.len()).collect();
    (header.join("\n"), program)
}

fn case(language: &str, name: String, header: &Header, program: &str, stdin: &str) -> Case {
    let sent = |name: &Option<String>, content: &str, encoding: &Option<String>| {
        let mut file = json!({"content": content});
        if let Some(name) = name {
            file["name"] = json!(name);
        }
        if let Some(encoding) = encoding {
            file["encoding"] = json!(encoding);
        }
        file
    };
    let main = sent(&header.name, program, &None);
    let others = header.file.iter();
    let others = others.map(|file| sent(&Some(file.name.clone()), &file.content, &file.encoding));
    let files: Vec<Value> = [main].into_iter().chain(others).collect();
    let mut body = json!({
        "language": language, "version": "*", "files": files, "args": header.args, "stdin": stdin,
    });
    for (key, value) in &header.request {
        body[key] = value.clone();
    }
    Case {
        name,
        body,
        stderr_varies: header.stderr_varies,
    }
}
