//! The submitted files: names, contents, and which of them are program text.

use super::encoding::Encoding;
use super::{FileName, NameFault, Refusal};
use packages::{FileNames, JobFile};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Each takes an inode in the jail and a place on the compiler's command line.
const MAX_FILES: usize = 1000;

/// Each takes an inode in the jail.
const MAX_FOLDERS: usize = 1000;

/// The language without a program: it is handed all its files as they are.
const ANY_FILE: &str = "file";

/// A submitted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Where it goes in the submission folder.
    pub(crate) name: FileName,
    /// Its bytes.
    pub(crate) content: Vec<u8>,
    /// Whether it is program text, which compilers are given, or data beside it.
    pub(crate) is_source: bool,
}

impl SourceFile {
    /// As commands refer to it.
    pub(crate) fn in_folder(&self) -> JobFile<'_> {
        JobFile {
            name: self.name.as_str(),
            is_text: self.is_source,
        }
    }
}

/// A file as sent, known to have a content.
pub(super) struct Entry {
    name: Value,
    content: String,
    encoding: Encoding,
}

/// The entries of `files`: every one has a content.
pub(super) fn entries(files: Value) -> Result<Vec<Entry>, Refusal> {
    let Value::Array(files) = files else {
        return Err(Refusal::Files);
    };
    if files.len() > MAX_FILES {
        return Err(Refusal::TooManyFiles { limit: MAX_FILES });
    }
    let entries = files.into_iter().enumerate();
    entries
        .map(|(index, file)| entry(file).ok_or(Refusal::Content { index }))
        .collect()
}

fn entry(mut file: Value) -> Option<Entry> {
    let fields = file.as_object_mut()?;
    let mut take = |field| fields.get_mut(field).map_or(Value::Null, Value::take);
    let Value::String(content) = take("content") else {
        return None;
    };
    Some(Entry {
        name: take("name"),
        content,
        encoding: Encoding::named(&take("encoding")),
    })
}

/// One file must be a program.
pub(super) fn require_source(entries: &[Entry], language: &str) -> Result<(), Refusal> {
    let exempt = language == ANY_FILE && !entries.is_empty();
    if exempt || entries.iter().any(|entry| entry.encoding == Encoding::Utf8) {
        return Ok(());
    }
    Err(Refusal::NoSource)
}

/// Checks names and decodes contents. Of two files of one name the second's bytes take the first's place, as if written
/// one after the other. Also gives the place of the main file, the first source.
pub(super) fn check(
    entries: Vec<Entry>,
    language: &str,
) -> Result<(Vec<SourceFile>, usize), Refusal> {
    let mut files: Vec<SourceFile> = Vec::with_capacity(entries.len());
    let mut places = HashMap::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let name = name(entry.name, index).map_err(|fault| Refusal::FileName { index, fault })?;
        let is_source =
            language == ANY_FILE || matches!(entry.encoding, Encoding::Utf8 | Encoding::Unknown);
        let content = entry.encoding.decode(entry.content);
        let place = *places.entry(name.clone()).or_insert(files.len());
        match files.get_mut(place) {
            Some(file) => {
                file.content = content;
                file.is_source |= is_source;
            }
            None => files.push(SourceFile {
                name,
                content,
                is_source,
            }),
        }
    }
    check_folders(&files)?;
    let main = files
        .iter()
        .position(|file| file.is_source)
        .ok_or(Refusal::NoSource)?;
    Ok((files, main))
}

/// Gives each file the name under which its language knows it.
pub(super) fn rename(files: &mut [SourceFile], main: usize, names: &FileNames) {
    let sent: Vec<_> = files.iter().map(SourceFile::in_folder).collect();
    let given = names.given(&sent, main);
    for (file, given) in files.iter_mut().zip(given) {
        file.name = FileName::given(given);
    }
}

/// What is false in JavaScript counts as not given.
fn name(value: Value, index: usize) -> Result<FileName, NameFault> {
    match value {
        Value::Null | Value::Bool(false) => Ok(FileName::positional(index)),
        Value::Number(number) if number.as_f64() == Some(0.0) => Ok(FileName::positional(index)),
        Value::String(name) if name.is_empty() => Ok(FileName::positional(index)),
        Value::String(name) => FileName::new(name),
        _ => Err(NameFault::NotAString),
    }
}

/// No file may be another's folder: one of the two could not be written.
fn check_folders(files: &[SourceFile]) -> Result<(), Refusal> {
    let folders: HashSet<&str> = files.iter().flat_map(|file| file.name.folders()).collect();
    if folders.len() > MAX_FOLDERS {
        return Err(Refusal::TooManyFolders { limit: MAX_FOLDERS });
    }
    match files
        .iter()
        .position(|file| folders.contains(file.name.as_str()))
    {
        Some(index) => Err(Refusal::FileIsFolder { index }),
        None => Ok(()),
    }
}
