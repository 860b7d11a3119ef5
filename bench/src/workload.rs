//! The program under measurement, and what its answer has to be.

use crate::cli::ProgramArgs;
use crate::error::{BenchError, RunError};
use agent_api::{ExecuteRequest, SourceFile};
use bytes::Bytes;
use std::time::{SystemTime, UNIX_EPOCH};

/// A program that ships with the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    /// `print(42)`.
    Python,
    /// `console.log(42)`.
    JavaScript,
    /// One source file.
    Java,
    /// With `<stdio.h>`.
    C,
    /// With `<iostream>`.
    Cpp,
    /// C++ with `<bits/stdc++.h>`, which is all headers.
    CppEverything,
}

impl BuiltIn {
    /// Language as nodes and packages name it.
    pub(crate) fn language(self) -> &'static str {
        self.text().names[0]
    }

    fn text(self) -> &'static Text {
        match self {
            Self::Python => &BUILT_IN[0],
            Self::JavaScript => &BUILT_IN[1],
            Self::Java => &BUILT_IN[2],
            Self::C => &BUILT_IN[3],
            Self::Cpp => &BUILT_IN[4],
            Self::CppEverything => &EVERYTHING,
        }
    }
}

/// Its text; all of them print 42.
struct Text {
    names: &'static [&'static str],
    file: &'static str,
    source: &'static str,
    comment: &'static str,
    bare: &'static str,
}

static BUILT_IN: [Text; 5] = [
    Text {
        names: &["python", "py", "py3", "python3"],
        file: "main.py",
        source: "print(42)\n",
        comment: "#",
        bare: "python3 main.py",
    },
    Text {
        names: &["javascript", "js", "node-js", "node-javascript"],
        file: "main.js",
        source: "console.log(42)\n",
        comment: "//",
        bare: "node main.js",
    },
    Text {
        names: &["java"],
        file: "Main.java",
        source: "public class Main { public static void main(String[] args) { System.out.println(42); } }\n",
        comment: "//",
        bare: "java Main.java",
    },
    Text {
        names: &["c", "gcc"],
        file: "main.c",
        source: "#include <stdio.h>\nint main(void) { printf(\"42\\n\"); return 0; }\n",
        comment: "//",
        bare: "gcc main.c -lm && ./a.out",
    },
    Text {
        names: &["c++", "cpp", "g++"],
        file: "main.cpp",
        source: "#include <iostream>\nint main() { std::cout << \"42\\n\"; return 0; }\n",
        comment: "//",
        bare: "g++ main.cpp && ./a.out",
    },
];

static EVERYTHING: Text = Text {
    source: "#include <bits/stdc++.h>\nint main() { std::cout << \"42\\n\"; return 0; }\n",
    ..BUILT_IN[4]
};

/// The text that every built-in program writes.
pub(crate) const ANSWER: &str = "42\n";

/// One program with its expected output.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// Language as the node names it.
    pub(crate) language: String,
    version: String,
    /// Name of its one file.
    pub(crate) file: String,
    source: String,
    /// Begins the comment by which every run has a source of its own, where it is to have one.
    unique: Option<String>,
    /// Its exact stdout; `None` until the first run of a program from a file.
    expected: Option<String>,
}

impl Workload {
    /// A program that ships with the binary, with a source of its own for each run or with one for all.
    pub(crate) fn built_in(program: BuiltIn, version: &str, is_unique: bool) -> Self {
        let text = program.text();
        Self {
            language: program.language().to_owned(),
            version: version.to_owned(),
            file: text.file.to_owned(),
            source: text.source.to_owned(),
            unique: is_unique.then(|| never_before(text.comment)),
            expected: Some(ANSWER.to_owned()),
        }
    }

    /// The program that the arguments name.
    pub(crate) fn from_args(args: &ProgramArgs) -> Result<Self, BenchError> {
        let built_in = BUILT_IN
            .iter()
            .find(|program| program.names.contains(&args.language.as_str()));
        let comment = built_in.map(|program| program.comment);
        let (file, source, expected) = match (&args.file, built_in) {
            (Some(path), _) => {
                let source =
                    std::fs::read_to_string(path).map_err(|source| BenchError::ReadFile {
                        path: path.display().to_string(),
                        source,
                    })?;
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                (name.unwrap_or_default(), source, args.expect.clone())
            }
            (None, Some(program)) => (
                program.file.to_owned(),
                program.source.to_owned(),
                Some(ANSWER.to_owned()),
            ),
            (None, None) => {
                return Err(BenchError::Workload(format!(
                    "no built-in program in {}: give one by --file",
                    args.language
                )));
            }
        };
        let unique = match (args.unique, comment) {
            (false, _) => None,
            (true, Some(comment)) => Some(never_before(comment)),
            (true, None) => {
                return Err(BenchError::Workload(format!(
                    "--unique knows no comment in {}",
                    args.language
                )));
            }
        };
        Ok(Self {
            language: args.language.clone(),
            version: args.version_selector.clone(),
            file,
            source,
            unique,
            expected,
        })
    }

    /// How the language is run outside any jail.
    pub(crate) fn default_bare_command(&self) -> Result<String, BenchError> {
        let built_in = BUILT_IN
            .iter()
            .find(|program| program.names.contains(&self.language.as_str()));
        built_in
            .map(|program| program.bare.replace(program.file, &self.file))
            .ok_or_else(|| {
                BenchError::Workload(format!(
                    "no bare command for {}: give --bare-command",
                    self.language
                ))
            })
    }

    /// The source of run `number`.
    pub(crate) fn source(&self, number: u64) -> String {
        match &self.unique {
            Some(comment) => format!("{}\n{comment} {number}\n", self.source),
            None => self.source.clone(),
        }
    }

    /// The body of the execute request of run `number`.
    pub(crate) fn body(&self, number: u64) -> Bytes {
        let request = ExecuteRequest {
            language: self.language.clone(),
            version: self.version.clone(),
            files: vec![SourceFile {
                name: Some(self.file.clone()),
                content: self.source(number),
                ..SourceFile::default()
            }],
            ..ExecuteRequest::default()
        };
        let body = serde_json::to_vec(&request).expect("a request has string keys only");
        Bytes::from(body)
    }

    /// Compares the output of a run that ended well. The first run of a program from a file sets what is expected.
    pub(crate) fn check(&mut self, stdout: &str) -> Result<(), RunError> {
        match &self.expected {
            Some(expected) if expected == stdout => Ok(()),
            Some(expected) => Err(RunError::Wrong {
                expected: expected.clone(),
                got: shortened(stdout),
            }),
            None => {
                self.expected = Some(stdout.to_owned());
                Ok(())
            }
        }
    }
}

/// The beginning of comments that no earlier measurement had: nodes remember what they compiled.
fn never_before(comment: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{comment} {}", now.unwrap_or_default().as_nanos())
}

/// The first part of a text that may be long.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn args(language: &str) -> ProgramArgs {
        ProgramArgs {
            language: language.into(),
            version_selector: "*".into(),
            file: None,
            expect: None,
            unique: false,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn every_language_has_a_program_and_a_bare_command() {
        for language in ["python", "javascript", "java", "c", "c++"] {
            let workload = Workload::from_args(&args(language)).unwrap();
            assert!(
                workload
                    .default_bare_command()
                    .unwrap()
                    .contains(&workload.file)
            );
        }
        assert!(Workload::from_args(&args("klingon")).is_err());
    }

    #[test]
    fn built_in_programs_are_what_their_names_say() {
        for (program, language, part) in [
            (BuiltIn::Python, "python", "print(42)"),
            (BuiltIn::JavaScript, "javascript", "console.log(42)"),
            (BuiltIn::Java, "java", "class Main"),
            (BuiltIn::C, "c", "<stdio.h>"),
            (BuiltIn::Cpp, "c++", "<iostream>"),
            (BuiltIn::CppEverything, "c++", "<bits/stdc++.h>"),
        ] {
            let workload = Workload::built_in(program, "1.2.3", false);
            assert_eq!(workload.language, language);
            assert!(workload.source(1).contains(part) && workload.source(1) == workload.source(2));
        }
    }

    #[test]
    fn unique_sources_differ_in_a_comment_only() {
        let mut args = args("c");
        args.unique = true;
        let workload = Workload::from_args(&args).unwrap();
        assert_ne!(workload.source(1), workload.source(2));
        let (program, comment) = workload.source(7).rsplit_once("\n// ").map_or_else(
            || panic!("{}", workload.source(7)),
            |(program, comment)| (program.to_owned(), comment.to_owned()),
        );
        assert!(comment.ends_with(" 7\n"), "{comment}");
        assert_eq!(program, workload.source);
        let later = Workload::from_args(&args).unwrap();
        assert_ne!(workload.source(1), later.source(1));
    }

    #[test]
    fn a_wrong_output_is_an_error() {
        let mut workload = Workload::from_args(&args("python")).unwrap();
        assert!(workload.check("42\n").is_ok());
        assert!(matches!(
            workload.check("43\n"),
            Err(RunError::Wrong { .. })
        ));
    }

    #[test]
    fn the_first_run_of_a_file_sets_what_is_expected() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.py");
        std::fs::write(&file, "print('x')").unwrap();
        let mut args = args("python");
        args.file = Some(file);
        let mut workload = Workload::from_args(&args).unwrap();
        assert_eq!(workload.default_bare_command().unwrap(), "python3 x.py");
        assert!(workload.check("x\n").is_ok());
        assert!(workload.check("y\n").is_err());
    }
}
