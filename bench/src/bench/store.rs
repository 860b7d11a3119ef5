//! What the store has for the programs that are measured: their version, and the very command that a node would start.

use crate::error::BenchError;
use crate::outside::{Outside, Program};
use crate::workload::{BuiltIn, Workload};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is taken of a `runtime.toml`. docs/packages.md has all of it.
#[derive(Debug, Deserialize)]
struct RuntimeFile {
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    language: BTreeMap<String, Language>,
}

#[derive(Debug, Deserialize)]
struct Language {
    compile: Option<Stage>,
    run: Stage,
}

#[derive(Debug, Deserialize)]
struct Stage {
    argv: Vec<String>,
}

/// One language of one package.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    /// The package's version.
    pub(super) version: String,
    /// Interpreter or compiler.
    tool: String,
    path: String,
    is_compiled: bool,
}

/// The runtimes of a store by language.
#[derive(Debug)]
pub(super) struct Store(BTreeMap<String, Runtime>);

impl Store {
    /// Reads every package's `runtime.toml`.
    pub(super) fn read(store: &Path) -> Result<Self, BenchError> {
        let packages = store.join("packages");
        let fail = |path: &Path| {
            let path = path.display().to_string();
            move |source| BenchError::ReadFile { path, source }
        };
        let mut found = BTreeMap::new();
        for package in folders(&packages).map_err(fail(&packages))? {
            for version in folders(&package).map_err(fail(&package))? {
                let file = version.join("runtime.toml");
                if file.exists() {
                    let text = std::fs::read_to_string(&file).map_err(fail(&file))?;
                    add(&mut found, &version, &text).map_err(|error| {
                        BenchError::Workload(format!("{}: {error}", file.display()))
                    })?;
                }
            }
        }
        Ok(Self(found))
    }

    /// Of this language; else the sentence that stands in the row.
    pub(super) fn runtime(&self, program: BuiltIn) -> Result<&Runtime, String> {
        let language = program.language();
        self.0
            .get(language)
            .ok_or_else(|| format!("no such runtime: the store has no package with {language}"))
    }

    /// Looks that bare compilers are without what packages have for the node's sake: else they would be too fast.
    pub(super) fn require_plain_compilers(&self, outside: &mut Outside) -> Result<(), BenchError> {
        let program = BuiltIn::Cpp;
        let Ok(runtime) = self.runtime(program) else {
            return Ok(());
        };
        let mut looked = runtime.bare(&Workload::built_in(program, "*", false));
        looked.steps[0].push("-H".to_owned());
        let ran = outside.run(&looked)?;
        if ran.stderr.lines().any(|line| line.starts_with('!')) {
            return Err(BenchError::Bare("g++ uses a header compiled ahead".into()));
        }
        looked.steps = vec![vec![runtime.tool.clone(), "-Wl,--version".to_owned()]];
        looked.expected = String::new();
        match outside.run(&looked) {
            Err(BenchError::Bare(said)) if said.contains("GNU ld") => Ok(()),
            Err(BenchError::Bare(said)) => Err(BenchError::Bare(format!(
                "g++ links by another linker: {said}"
            ))),
            Err(error) => Err(error),
            Ok(_) => Err(BenchError::Bare("the linker does not tell its name".into())),
        }
    }
}

impl Runtime {
    /// How its source is run outside any jail: no flags but those that the command has by itself.
    pub(super) fn bare(&self, workload: &Workload) -> Program {
        let mut steps = vec![vec![self.tool.clone(), workload.file.clone()]];
        if self.is_compiled {
            steps.push(vec!["./a.out".to_owned()]);
        }
        Program {
            file: workload.file.clone(),
            source: workload.source(0),
            steps,
            path: self.path.clone(),
            expected: crate::workload::ANSWER.to_owned(),
        }
    }
}

/// Folders in a folder, by name, without those that are hidden.
fn folders(of: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(of)? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && !is_hidden {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn add(
    to: &mut BTreeMap<String, Runtime>,
    folder: &Path,
    text: &str,
) -> Result<(), toml::de::Error> {
    let file: RuntimeFile = toml::from_str(text)?;
    let version = folder.file_name().unwrap_or_default().to_string_lossy();
    for (name, language) in file.language {
        let is_compiled = language.compile.is_some();
        let stage = language.compile.unwrap_or(language.run);
        let runtime = Runtime {
            version: version.clone().into_owned(),
            tool: stage.argv.into_iter().next().unwrap_or_default(),
            path: file.environment.get("PATH").cloned().unwrap_or_default(),
            is_compiled,
        };
        to.insert(name, runtime);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(files: &[(&str, &str)]) -> Result<Store, BenchError> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("packages")).unwrap();
        for (package, text) in files {
            let folder = root.path().join("packages").join(package);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("runtime.toml"), text).unwrap();
        }
        Store::read(root.path())
    }

    #[test]
    fn a_command_is_the_nodes_without_its_flags() {
        let python = "[environment]\nPATH = \"/p\"\n[language.python.run]\nargv = [\"/p/python3\", \"-X\", \"{main}\"]";
        let gcc = "[language.\"c++\".compile]\nargv = [\"/g/g++\", \"{flags}\"]\n[language.\"c++\".run]\nargv = [\"./a.out\"]";
        let store = store(&[("python/3.11.2", python), ("gcc/12.2.0", gcc)]).unwrap();
        let runtime = store.runtime(BuiltIn::Python).unwrap();
        assert_eq!(runtime.version, "3.11.2");
        let bare = runtime.bare(&Workload::built_in(BuiltIn::Python, "*", false));
        assert_eq!(bare.steps, [["/p/python3", "main.py"]]);
        assert_eq!((bare.path.as_str(), bare.expected.as_str()), ("/p", "42\n"));
        let everything = BuiltIn::CppEverything;
        let bare = store
            .runtime(everything)
            .unwrap()
            .bare(&Workload::built_in(everything, "*", false));
        assert_eq!(bare.steps, [vec!["/g/g++", "main.cpp"], vec!["./a.out"]]);
    }

    #[test]
    fn a_missing_runtime_and_a_missing_store_say_so() {
        let missing = store(&[]).unwrap().runtime(BuiltIn::Java).unwrap_err();
        assert!(missing.starts_with("no such runtime"), "{missing}");
        assert!(Store::read(Path::new("/no/such/store")).is_err());
        assert!(store(&[("x/1", "language = 5")]).is_err());
    }
}
