//! How a language is compiled and run: which names its files get, and the commands, in which places are left for what
//! a job brings along. It comes from `runtime.toml`, or from stage scripts, whose commands are of the same kind.

mod command;
mod memory;
mod names;

pub use command::{Command, Inputs, JobFile, Warnings};
pub use names::FileNames;

pub(crate) use command::{Piece, Word};
pub(crate) use memory::{MemoryNumber, Share};
pub(crate) use names::Renamed;

/// All that the node has to know to run jobs of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages {
    /// Names of the submitted files.
    pub files: FileNames,
    /// How it compiles; `None` where there is nothing to compile.
    pub compile: Option<Compile>,
    /// How it runs.
    pub run: Command,
    /// What may be started before its job comes.
    pub prestart: Option<Prestart>,
}

/// The compile stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compile {
    /// What is started.
    pub command: Command,
    /// The flags among the command's arguments that decide what the compiler makes of a source, as `-std=c17` does.
    /// Reserved for headers compiled ahead, which are good for the same flags only: nothing reads them yet.
    pub flags: Vec<String>,
    /// Whether what comes of it may be kept for the next job with the same files.
    pub cacheable: Cacheable,
}

/// Whether the result of a compile stage may be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cacheable {
    /// No.
    #[default]
    Never,
    /// The same files always give the same result.
    Always,
    /// They do unless the compiler warns of it: this flag, behind the others, has it do so, and such a warning says the flag in
    /// brackets (`-Wdate-time`: `[-Wdate-time]`).
    UnlessWarned(String),
}

impl Cacheable {
    /// Whether what the compiler wrote to stderr says that the next result would be another.
    #[must_use]
    pub fn is_warned_of(&self, stderr: &str) -> bool {
        match self {
            Self::UnlessWarned(flag) => stderr.contains(&format!("[{flag}]")),
            Self::Never | Self::Always => false,
        }
    }
}

/// A command that is started before its job comes. When it is ready it writes a byte to descriptor 63, a stream. It reads
/// there, to the end, the main file's name and the job's arguments, each ended by a NUL, closes the descriptor, and does
/// what the run command would. It serves only jobs for which it would be the same command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prestart {
    /// What is started.
    pub command: Command,
    /// The main file of most jobs: for such ones it is started before anybody has asked. Where there is none it is started
    /// for those that were asked for.
    pub main: Option<String>,
}

impl Stages {
    /// The stages of a package that has scripts: `compile FILE...`, `run MAINFILE ARGUMENT...`, both in the same
    /// environment, and files named as the client named them.
    #[must_use]
    pub fn of_scripts(
        compile: Option<Vec<String>>,
        run: Vec<String>,
        env: Vec<(String, String)>,
    ) -> Self {
        let words = |argv: Vec<String>, then: &[Word]| {
            let argv = argv.into_iter().map(Word::literal);
            argv.chain(then.iter().cloned()).collect()
        };
        let compile = compile.map(|argv| Compile {
            command: Command::new(words(argv, &[Word::Files]), env.clone()),
            flags: Vec::new(),
            cacheable: Cacheable::Never,
        });
        let main = Word::Text(vec![Piece::Main]);
        Self {
            files: FileNames::default(),
            compile,
            run: Command::new(words(run, &[main, Word::Args]), env),
            prestart: None,
        }
    }

    /// Paths of the programs that its commands start, as seen inside the jail.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &str> {
        let compile = self.compile.as_ref().map(|compile| &compile.command);
        let ahead = self.prestart.as_ref().map(|prestart| &prestart.command);
        let all = compile.into_iter().chain([&self.run]).chain(ahead);
        all.flat_map(Command::programs)
    }
}
