//! A command with places for what a job brings along: its files, its arguments, its memory limit.

use super::{FileNames, MemoryNumber};

/// A program with its arguments and its part of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    words: Vec<Word>,
    /// In their place where a job has several source files.
    several: Option<Vec<Word>>,
    /// What the package sets, in order; each name once.
    pub env: Vec<(String, String)>,
}

/// One argument, or a place for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// One argument.
    Text(Vec<Piece>),
    /// The job's own arguments.
    Args,
    /// All files that were sent as text, in order, as Piston hands them to compilers.
    Files,
    /// The source files.
    Sources,
    /// A flag by which the compiler warns of what makes each result another, where somebody wants to know.
    Warning(String),
}

/// A part of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Itself.
    Text(String),
    /// Name of the main file.
    Main,
    /// The same without the ending that makes it a source.
    Stem,
    /// The stage's memory limit in bytes.
    Memory,
    /// A number that follows the memory limit.
    Number(MemoryNumber),
}

/// A file as it lies in the submission folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFile<'a> {
    /// Its name, relative to the folder.
    pub name: &'a str,
    /// Whether it was sent as text, and not in base64 or hex.
    pub is_text: bool,
}

/// What a job brings along.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Its files in the order of the request.
    pub files: &'a [JobFile<'a>],
    /// Where among them the main one is.
    pub main: usize,
    /// The program's arguments.
    pub args: &'a [String],
    /// Memory limit of the stage in bytes.
    pub memory: u64,
    /// Whether the compiler is asked to warn of what keeps its result from being kept.
    pub warnings: Warnings,
}

/// Whether a compiler is asked for the warnings of [`Cacheable::UnlessWarned`](super::Cacheable::UnlessWarned).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warnings {
    /// It is.
    Asked,
    /// Nobody wants to know.
    NotAsked,
}

impl Command {
    pub(crate) fn new(words: Vec<Word>, env: Vec<(String, String)>) -> Self {
        Self {
            words,
            several: None,
            env,
        }
    }

    /// The same with other words where a job has several source files.
    pub(crate) fn or_for_several(self, several: Option<Vec<Word>>) -> Self {
        Self { several, ..self }
    }

    /// Whether it has a place for the flag of warnings, whatever files there are.
    pub(crate) fn can_warn(&self) -> bool {
        let mut all = self.several.iter().chain([&self.words]);
        all.all(|words| words.iter().any(|word| matches!(word, Word::Warning(_))))
    }

    /// Whether it has a place for the job's arguments.
    #[must_use]
    pub fn has_args(&self) -> bool {
        let mut all = self.several.iter().chain([&self.words]);
        all.any(|words| words.contains(&Word::Args))
    }

    /// Paths of the programs that it may start.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &str> {
        let all = self.several.iter().chain([&self.words]);
        all.filter_map(|words| match words.first() {
            Some(Word::Text(pieces)) => pieces.first(),
            _ => None,
        })
        .filter_map(|piece| match piece {
            Piece::Text(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// The command of a job: the program's path, then its arguments. `names` says which files are sources.
    #[must_use]
    pub fn argv(&self, job: &Inputs<'_>, names: &FileNames) -> Vec<String> {
        let words = match &self.several {
            Some(several) if names.has_several_sources(job.files) => several,
            _ => &self.words,
        };
        let mut argv = Vec::with_capacity(words.len() + job.files.len() + job.args.len());
        for word in words {
            match word {
                Word::Text(pieces) => argv.push(text(pieces, job, names)),
                Word::Args => argv.extend_from_slice(job.args),
                Word::Files => {
                    let sent = job.files.iter().filter(|file| file.is_text);
                    argv.extend(sent.map(|file| as_file(file.name)));
                }
                Word::Sources => argv.extend(names.sources(job.files).map(as_file)),
                Word::Warning(flag) if job.warnings == Warnings::Asked => argv.push(flag.clone()),
                Word::Warning(_) => {}
            }
        }
        argv
    }
}

impl Inputs<'_> {
    /// What a program that was started ahead is told of its job: the main file's name, and the arguments.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let main = self.files.get(self.main).map_or("", |file| file.name);
        [as_file(main)]
            .into_iter()
            .chain(self.args.iter().cloned())
            .collect()
    }
}

impl Word {
    pub(crate) fn literal(text: String) -> Self {
        Self::Text(vec![Piece::Text(text)])
    }
}

fn text(pieces: &[Piece], job: &Inputs<'_>, names: &FileNames) -> String {
    let main = job.files.get(job.main).map_or("", |file| file.name);
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Main => push_name(&mut text, main),
            Piece::Stem => push_name(&mut text, names.stem(main)),
            Piece::Memory => text.push_str(&job.memory.to_string()),
            Piece::Number(number) => text.push_str(&number.mebibytes(job.memory).to_string()),
        }
    }
    text
}

/// Appends a file's name, as a path where the argument begins with it.
fn push_name(text: &mut String, name: &str) {
    match text.is_empty() {
        true => *text = as_file(name),
        false => text.push_str(name),
    }
}

/// A name that begins like an option, or like a file of options (`@`), becomes a path.
fn as_file(name: &str) -> String {
    let prefix = if name.starts_with(['-', '@']) {
        "./"
    } else {
        ""
    };
    format!("{prefix}{name}")
}

#[cfg(test)]
mod tests {
    use super::super::Stages;
    use super::*;

    fn job<'a>(files: &'a [JobFile<'a>], args: &'a [String]) -> Inputs<'a> {
        Inputs {
            files,
            main: 0,
            args,
            memory: 128 << 20,
            warnings: Warnings::NotAsked,
        }
    }

    fn file(name: &str, is_text: bool) -> JobFile<'_> {
        JobFile { name, is_text }
    }

    #[test]
    fn scripts_get_what_pistons_get() {
        let argv = |stage: &str| vec!["/bin/bash".to_owned(), format!("/p/{{main}}/{stage}")];
        let stages = Stages::of_scripts(Some(argv("compile")), argv("run"), Vec::new());
        let files = [
            file("a.c", true),
            file("data", false),
            file("d/b.c", true),
            file("-c", true),
        ];
        let args = ["{args}".to_owned(), "-x".to_owned()];
        let job = job(&files, &args);
        assert_eq!(
            stages.compile.unwrap().command.argv(&job, &stages.files),
            ["/bin/bash", "/p/{main}/compile", "a.c", "d/b.c", "./-c"]
        );
        assert_eq!(
            stages.run.argv(&job, &stages.files),
            ["/bin/bash", "/p/{main}/run", "a.c", "{args}", "-x"]
        );
    }

    #[test]
    fn a_file_is_never_an_option() {
        let run = |pieces: &[Piece], name| {
            let command = Command::new(vec![Word::Text(pieces.to_vec())], Vec::new());
            command
                .argv(&job(&[file(name, true)], &[]), &FileNames::default())
                .remove(0)
        };
        let names = FileNames {
            sources: vec![".ts".to_owned(), ".d.ts".to_owned()],
            renamed: None,
        };
        let stem = |pieces: &[Piece], name| text(pieces, &job(&[file(name, true)], &[]), &names);
        let behind = |text: &str| [Piece::Text(text.to_owned()), Piece::Main];
        assert_eq!(run(&[Piece::Main], "main.py"), "main.py");
        assert_eq!(run(&[Piece::Main], "-c.py"), "./-c.py");
        assert_eq!(run(&[Piece::Main], "@args"), "./@args");
        assert_eq!(run(&behind("./"), "-c.js"), "./-c.js");
        assert_eq!(run(&behind("--file="), "-c.js"), "--file=-c.js");
        let js = [Piece::Stem, Piece::Text(".js".to_owned())];
        assert_eq!(stem(&js, "main.ts"), "main.js");
        assert_eq!(stem(&js, "-c.ts"), "./-c.js");
        assert_eq!(stem(&js, "a.ts.ts"), "a.ts.js");
        assert_eq!(stem(&js, "a.d.ts"), "a.js", "the longest ending");
        assert_eq!(stem(&js, "file0.code"), "file0.code.js", "no source");
        assert_eq!(
            stem(&[Piece::Text("./".to_owned()), Piece::Stem], "@x.ts"),
            "./@x"
        );
    }
}
