//! Names of a job's files: what compilers and interpreters know a file by. Clients send `file0.code`, or no name.

use super::JobFile;
use std::collections::BTreeSet;

/// Which files are sources, and which get another name before they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileNames {
    /// Endings of source files.
    pub(crate) sources: Vec<String>,
    /// Which files get the first of those endings; `None` leaves all names.
    pub(crate) renamed: Option<Renamed>,
}

/// Which files get another name, unless they have one that says what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Renamed {
    /// The main file.
    Main,
    /// All that were sent as text, but for files with these endings.
    Text {
        /// Kept.
        kept: Vec<String>,
        /// Kept where it is not the main file.
        kept_beside_main: Vec<String>,
    },
}

impl FileNames {
    /// The name of each file: its own, or that with an ending. None takes that of another file or folder.
    #[must_use]
    pub fn given(&self, files: &[JobFile<'_>], main: usize) -> Vec<String> {
        let mut names: Vec<String> = files.iter().map(|file| file.name.to_owned()).collect();
        let Some((renamed, ending)) = self.renamed.as_ref().zip(self.sources.first()) else {
            return names;
        };
        let mut taken: BTreeSet<String> = names.iter().cloned().collect();
        let folders = files.iter().flat_map(|file| folders(file.name));
        taken.extend(folders.map(str::to_owned));
        for (index, file) in files.iter().enumerate() {
            if self.is_source(file.name) || !renamed.takes(file, index == main) {
                continue;
            }
            let mut name = format!("{}{ending}", file.name);
            while taken.contains(&name) {
                name.push_str(ending);
            }
            taken.insert(name.clone());
            names[index] = name;
        }
        names
    }

    /// The source files as a compiler is given them: those in the submission folder itself by name, then those that were
    /// sent as text into folders, in the order of the request. Hidden ones (`.x.c`) stay so, as with `*.c` in a shell.
    pub(crate) fn sources<'a>(
        &self,
        files: &'a [JobFile<'a>],
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        let sources = files.iter().filter(|file| self.is_source(file.name));
        let (in_folders, mut beside): (Vec<&JobFile<'_>>, Vec<_>) =
            sources.partition(|file| file.name.contains('/'));
        beside.retain(|file| !file.name.starts_with('.'));
        beside.sort_unstable_by_key(|file| file.name);
        let in_folders = in_folders.into_iter().filter(|file| file.is_text);
        beside.into_iter().chain(in_folders).map(|file| file.name)
    }

    pub(crate) fn has_several_sources(&self, files: &[JobFile<'_>]) -> bool {
        let sources = files.iter().filter(|file| self.is_source(file.name));
        sources.take(2).count() == 2
    }

    /// A file's name without the longest ending of sources that it has.
    pub(crate) fn stem<'a>(&self, name: &'a str) -> &'a str {
        let stems = self
            .sources
            .iter()
            .filter_map(|end| name.strip_suffix(end.as_str()));
        stems.min_by_key(|stem| stem.len()).unwrap_or(name)
    }

    fn is_source(&self, name: &str) -> bool {
        ends_with_one_of(name, &self.sources)
    }
}

impl Renamed {
    fn takes(&self, file: &JobFile<'_>, is_main: bool) -> bool {
        match self {
            Self::Main => is_main,
            Self::Text {
                kept,
                kept_beside_main,
            } => {
                let is_kept = ends_with_one_of(file.name, kept)
                    || (!is_main && ends_with_one_of(file.name, kept_beside_main));
                file.is_text && !is_kept
            }
        }
    }
}

fn ends_with_one_of(name: &str, endings: &[String]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending.as_str()))
}

/// The folders that a file lies in, by their names from the submission folder.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sources: &[&str], renamed: Renamed) -> FileNames {
        FileNames {
            sources: sources.iter().map(|&ending| ending.to_owned()).collect(),
            renamed: Some(renamed),
        }
    }

    fn cpp() -> FileNames {
        let kept = vec![".h".to_owned(), ".hpp".to_owned()];
        let kept_beside_main = vec![".txt".to_owned()];
        names(
            &[".cpp", ".c"],
            Renamed::Text {
                kept,
                kept_beside_main,
            },
        )
    }

    /// Text files by their names, others with a `!` in front.
    fn files<'a>(names: &[&'a str]) -> Vec<JobFile<'a>> {
        let file = |name: &&'a str| JobFile {
            name: name.trim_start_matches('!'),
            is_text: !name.starts_with('!'),
        };
        names.iter().map(file).collect()
    }

    #[test]
    fn files_get_an_ending_unless_their_names_tell() {
        for (sent, given) in [
            (&["file0.code"][..], &["file0.code.cpp"][..]),
            (
                &["main.cpp", "a.h", "b.c", "d.txt"],
                &["main.cpp", "a.h", "b.c", "d.txt"],
            ),
            (&["d.txt", "e.txt"], &["d.txt.cpp", "e.txt"]),
            (&["x", "d/y", "!z"], &["x.cpp", "d/y.cpp", "z"]),
            (&["a.hpp"], &["a.hpp"]),
            // Names that are taken, by files and by folders.
            (&["x", "x.cpp"], &["x.cpp.cpp", "x.cpp"]),
            (&["x", "x.cpp/y.h"], &["x.cpp.cpp", "x.cpp/y.h"]),
        ] {
            assert_eq!(cpp().given(&files(sent), 0), given, "{sent:?}");
        }
    }

    #[test]
    fn only_the_main_file_where_that_is_said() {
        let java = names(&[".java"], Renamed::Main);
        let given = |sent, main| java.given(&files(sent), main);
        assert_eq!(given(&["Main", "input"], 0), ["Main.java", "input"]);
        assert_eq!(given(&["input", "Main.java"], 1), ["input", "Main.java"]);
        assert_eq!(
            FileNames::default().given(&files(&["Main"]), 0),
            ["Main"],
            "nobody said anything"
        );
    }

    #[test]
    fn sources_come_as_a_shell_would_list_them() {
        let sent = files(&["d/z.c", "b.c", "!a.cpp", ".h.c", "!d/y.c", "x.h"]);
        let sources: Vec<_> = cpp().sources(&sent).collect();
        assert_eq!(sources, ["a.cpp", "b.c", "d/z.c"]);
        assert!(cpp().has_several_sources(&sent));
        assert!(!cpp().has_several_sources(&files(&["a.c", "b.h"])));
    }
}
