//! Commands as written: a list of arguments with `{places}` in them.

use super::RuntimeFault;
use crate::stages::{MemoryNumber, Piece, Word};
use std::collections::BTreeMap;

/// The most arguments of a command, and places in all of them.
const WORDS_MAX: usize = 256;
const PLACES_MAX: usize = 32;

/// Which stage a command is of: what a job can bring along to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Compile,
    Run,
    /// What is started ahead of the job, a guess at what that will be like.
    Prestart,
}

/// What a command can refer to.
pub(super) struct Places<'a> {
    pub(super) stage: Stage,
    /// Numbers by their names.
    pub(super) numbers: &'a BTreeMap<String, MemoryNumber>,
    /// Whether the package says which files are sources.
    pub(super) has_sources: bool,
    /// What `{flags}` stands for; none in a run stage.
    pub(super) flags: &'a [String],
    /// The flag that stands behind them where the result may be kept.
    pub(super) warning: Option<&'a str>,
}

/// Names that are places already and can't be those of numbers.
pub(super) const RESERVED: [&str; 7] = [
    "args", "files", "flags", "main", "memory", "sources", "stem",
];

impl Places<'_> {
    /// The command `argv` that stands at `key`.
    pub(super) fn words(&self, key: &str, argv: &[String]) -> Result<Vec<Word>, RuntimeFault> {
        let is_program = |path: &String| {
            (path.starts_with('/') || path.starts_with("./"))
                && !path.ends_with('/')
                && !path.contains(['{', '}'])
        };
        if !argv.first().is_some_and(is_program) || argv.len() > WORDS_MAX {
            return Err(super::keys::wrong(
                key.to_owned(),
                "a list of 1 to 256 texts, of which the first is the path of a program: absolute, or ./ and a name in the \
                 submission folder",
            ));
        }
        let mut words = Vec::new();
        let mut places = Vec::new();
        for text in argv {
            self.word(key, text, &mut words, &mut places)?;
        }
        let lists = ["{args}", "{files}", "{flags}", "{sources}"];
        let twice = |list: &&&str| places.iter().filter(|place| place == *list).count() > 1;
        if let Some(list) = lists.iter().find(twice) {
            return Err(fault(key, list, "which can be there once"));
        }
        if places.len() > PLACES_MAX {
            return Err(fault(key, "too many {places}", "of which 32 can be there"));
        }
        Ok(words)
    }

    /// Reads one argument. `{{` and `}}` are braces.
    fn word(
        &self,
        key: &str,
        text: &str,
        words: &mut Vec<Word>,
        places: &mut Vec<String>,
    ) -> Result<(), RuntimeFault> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{").or(rest.strip_prefix("}}")) {
                plain.push_str(&rest[..1]);
                rest = after;
                continue;
            }
            let end = rest.find('}').filter(|_| rest.starts_with('{'));
            let Some(end) = end else {
                return Err(fault(key, text, "a brace alone: write {{ or }} for one"));
            };
            let (place, after) = rest.split_at(end + 1);
            places.push(place.to_owned());
            if place == text && self.list(key, place, words)? {
                return Ok(());
            }
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(self.piece(key, place)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        words.push(Word::Text(pieces));
        Ok(())
    }

    /// Reads a place that can stand for several arguments. `false`: it stands for a part of one.
    fn list(&self, key: &str, place: &str, words: &mut Vec<Word>) -> Result<bool, RuntimeFault> {
        match (place, self.stage) {
            ("{args}", Stage::Run | Stage::Prestart) => words.push(Word::Args),
            ("{files}", Stage::Compile) => words.push(Word::Files),
            ("{sources}", Stage::Compile) if self.has_sources => words.push(Word::Sources),
            ("{sources}", Stage::Compile) => {
                return Err(fault(key, place, "and files.sources does not say which"));
            }
            ("{flags}", Stage::Compile) => {
                words.extend(self.flags.iter().cloned().map(Word::literal));
                words.extend(self.warning.map(|flag| Word::Warning(flag.to_owned())));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn piece(&self, key: &str, place: &str) -> Result<Piece, RuntimeFault> {
        let name = place.trim_matches(['{', '}']);
        match name {
            "main" => return Ok(Piece::Main),
            "memory" => return Ok(Piece::Memory),
            "stem" if self.has_sources => return Ok(Piece::Stem),
            "stem" => {
                let problem = "and files.sources does not say which endings it is without";
                return Err(fault(key, place, problem));
            }
            _ => {}
        }
        match self.numbers.get(name) {
            Some(number) => Ok(Piece::Number(number.clone())),
            None if RESERVED.contains(&name) => Err(fault(
                key,
                place,
                "which is an argument by itself: {args} of run; {files}, {sources} and {flags} of compile",
            )),
            None => Err(fault(
                key,
                place,
                "which is no place: there are {main}, {stem}, {memory}, {args}, {files}, {sources}, {flags} and the names in memory",
            )),
        }
    }
}

fn fault(key: &str, found: &str, problem: &'static str) -> RuntimeFault {
    RuntimeFault::Place {
        key: key.to_owned(),
        found: found.chars().filter(|c| !c.is_control()).take(80).collect(),
        problem,
    }
}
